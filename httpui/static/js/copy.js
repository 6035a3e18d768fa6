// Buttons with data-copy put it on the clipboard and say so where changes are said.
// They are only shown where that is possible: see coupon.css.
(function () {
  "use strict";

  if (!navigator.clipboard) return;
  document.documentElement.classList.add("cp-can-copy");
  document.addEventListener("click", function (e) {
    var button = e.target.closest && e.target.closest("[data-copy]");
    if (!button) return;
    navigator.clipboard.writeText(button.getAttribute("data-copy")).then(function () {
      var toast = document.getElementById("cp-toast");
      if (toast) toast.textContent = button.getAttribute("data-copied");
    }, function () {}); // forbidden by the browser: the code can still be selected
  });
})();
