// What htmx leaves to us. Without this file the pages still work.
(function () {
  "use strict";

  // Everything of ours is below this address; what else the page asks for is the
  // host's own affair.
  var base = new URL(document.currentScript.src).pathname.replace(/static\/[^/]*$/, "");
  function ours(path) { return new URL(path, location.href).pathname.indexOf(base) === 0; }

  // An answer without our header is not ours: after a login has expired it is the
  // host's login page, which must not end up in the middle of this one. Loading
  // the page anew leads there. A widget only stays as it is: it may ask by itself,
  // and would again.
  function foreign(e, elt) {
    e.preventDefault();
    if (elt.closest("#cp-root")) location.reload();
  }
  document.addEventListener("htmx:beforeSwap", function (e) { // htmx 2
    var d = e.detail;
    if (!d.xhr || !d.pathInfo || !ours(d.pathInfo.requestPath)) return;
    if (!d.xhr.getResponseHeader("X-Coupon-UI")) {
      d.shouldSwap = false;
      foreign(e, d.requestConfig.elt);
    } else if (d.xhr.status >= 400) {
      // An error of ours is shown where the answer says, whatever its status.
      d.shouldSwap = true;
      d.isError = false;
    }
  });
  document.addEventListener("htmx:historyCacheMissLoad", function (e) { // htmx 2, Back
    var d = e.detail;
    if (d.historyElt.id === "cp-root" && !d.xhr.getResponseHeader("X-Coupon-UI")) {
      d.response = "";
      location.reload();
    }
  });
  document.addEventListener("htmx:before:swap", function (e) { // htmx 4
    var ctx = e.detail && e.detail.ctx;
    if (!ctx || !ctx.response || !ours(ctx.request.action)) return;
    // With Back it is the body that asks, for our root.
    var back = ctx.target && ctx.target.id === "cp-root";
    if (!ctx.response.headers.get("X-Coupon-UI")) foreign(e, back ? ctx.target : ctx.sourceElement);
  });
})();
