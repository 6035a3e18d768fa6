// What htmx leaves to us. Without this file the pages still work.
(function () {
  "use strict";

  // An answer without our header is not ours: after a login has expired it is
  // the host's login page, which must not end up in the middle of this one. An
  // error of ours is shown where the answer says, whatever its status.
  document.addEventListener("htmx:beforeSwap", function (e) { // htmx 2
    var xhr = e.detail.xhr;
    if (!xhr) return;
    if (!xhr.getResponseHeader("X-Coupon-UI")) {
      e.detail.shouldSwap = false;
      e.preventDefault();
      location.reload();
    } else if (xhr.status >= 400) {
      e.detail.shouldSwap = true;
      e.detail.isError = false;
    }
  });
  document.addEventListener("htmx:before:swap", function (e) { // htmx 4
    var response = e.detail && e.detail.ctx && e.detail.ctx.response;
    if (response && response.headers && !response.headers.get("X-Coupon-UI")) {
      e.preventDefault();
      location.reload();
    }
  });
})();
