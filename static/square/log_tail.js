// Keeps the end of a growing log in view while "Follow" is on.
"use strict";
(() => {
  function follow() {
    if (!document.getElementById("follow")?.checked) return;
    document.querySelector(".log li:last-child")?.scrollIntoView({ block: "end" });
  }

  document.addEventListener("htmx:afterSettle", follow);
  document.addEventListener("change", (event) => {
    if (event.target.id === "follow") follow();
  });
  follow();
})();
