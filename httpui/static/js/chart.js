// A cursor on the chart, for the pointer and the arrow keys. Without this file the
// chart says the same by its titles and its table.
(function () {
  "use strict";

  var chart, texts, at = -1, timer;

  // take begins with a chart: titles would show beside the tip.
  function take(el) {
    if (chart === el) return;
    leave();
    chart = el;
    if (!el.cpTexts) {
      el.cpTexts = Array.from(el.querySelectorAll(".cp-slot > title"), function (title) {
        var text = title.textContent;
        title.remove();
        return text;
      });
    }
    texts = el.cpTexts;
  }

  function leave() {
    if (!chart) return;
    show(-1);
    chart = null;
  }

  function show(i, say) {
    var slots = chart.querySelectorAll(".cp-slot"), tip = chart.querySelector(".cp-tip");
    if (slots[at]) slots[at].classList.remove("cp-slot-on");
    at = i;
    tip.hidden = i < 0;
    clearTimeout(timer);
    if (i < 0) return;
    slots[i].classList.add("cp-slot-on");
    tip.textContent = texts[i];
    var all = chart.getBoundingClientRect(), one = slots[i].getBoundingClientRect();
    var left = one.left + one.width / 2 - all.left - tip.offsetWidth / 2;
    tip.style.left = Math.max(0, Math.min(left, all.width - tip.offsetWidth)) + "px";
    if (!say) return;
    var live = chart.querySelector(".cp-tip-said"), text = texts[i];
    timer = setTimeout(function () { live.textContent = text; }, 250);
  }

  function of(e) { return e.target.closest && e.target.closest(".cp-chart"); }

  document.addEventListener("pointermove", function (e) {
    var el = of(e);
    if (!el) return leave();
    take(el);
    var box = el.querySelector(".cp-chart-plot").getBoundingClientRect();
    var i = Math.floor((e.clientX - box.left) / box.width * texts.length);
    if (i !== at) show(Math.max(0, Math.min(i, texts.length - 1)));
  });
  document.addEventListener("focusout", function (e) { if (of(e)) leave(); });
  document.addEventListener("keydown", function (e) {
    if (e.altKey || e.ctrlKey || e.metaKey || e.shiftKey) return;
    if (e.key === "Escape") {
      var open = document.querySelector(".cp-more-ranges[open]");
      if (open) {
        open.open = false;
        open.firstElementChild.focus();
      }
      return leave();
    }
    if (!e.target.matches || !e.target.matches(".cp-chart")) return;
    take(e.target);
    var last = texts.length - 1;
    var to = { ArrowLeft: Math.max(0, (at < 0 ? last + 1 : at) - 1), ArrowRight: Math.min(last, at + 1), Home: 0, End: last }[e.key];
    if (to === undefined || last < 0) return;
    e.preventDefault();
    show(to, true);
  });
  // A click elsewhere closes the other ranges.
  document.addEventListener("click", function (e) {
    var open = document.querySelector(".cp-more-ranges[open]");
    if (open && !open.contains(e.target)) open.open = false;
  });
})();
