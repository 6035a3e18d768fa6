// A form for a first coupon does not know where its owner is: the browser does.
(function () {
  "use strict";

  document.addEventListener("DOMContentLoaded", function () {
    var input = document.querySelector('[data-cp-zone="guess"] input');
    var zone = input && Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zone && input.value === input.defaultValue) input.value = zone;
  });
})();
