// The point beside charts: its run is marked in them, and it can be closed.
"use strict";
(() => {
  // The server names the run in an event, since previous and next lead to others than the one that was clicked.
  document.addEventListener("trend-point", ({ detail }) => dqm.trends.page?.choose(detail.run));

  document.addEventListener("click", ({ target }) => {
    const id = target.closest("[data-clears]")?.dataset.clears;
    if (!id) return;
    document.getElementById(id).replaceChildren();
    dqm.trends.page?.choose(0);
  });
})();
