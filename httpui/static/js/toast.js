// What was said in passing goes away after a while; the page itself shows it.
(function () {
  "use strict";

  var timer;
  document.addEventListener("DOMContentLoaded", function () {
    var toast = document.getElementById("cp-toast");
    if (!toast) return;
    new MutationObserver(function () {
      clearTimeout(timer);
      if (toast.textContent) timer = setTimeout(function () { toast.textContent = ""; }, 10000);
    }).observe(toast, { childList: true, characterData: true, subtree: true });
  });
})();
