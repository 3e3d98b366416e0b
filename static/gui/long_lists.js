// A list of which more was loaded keeps its length when a new answer is merged into the page.
"use strict";
(() => {
  document.addEventListener("htmx:configRequest", (event) => {
    const { elt, target, formData, verb } = event.detail;
    const list = target.querySelector?.("[data-page-size]");
    if (verb !== "get" || !list || elt.matches("[role=search]")) return; // a search has another list
    const shown = list.querySelectorAll("[data-item]").length;
    if (shown > Number(list.dataset.pageSize)) formData.set("upto", shown);
  });
})();
