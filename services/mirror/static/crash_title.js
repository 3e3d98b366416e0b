// Title and icon of a run page, on the hub and on mirrors, carry the number of clients that are down.
"use strict";
(() => {
  const update = () => dqm.tabCount("clients", Number(document.querySelector("[data-down]")?.dataset.down ?? 0));

  for (const event of ["htmx:afterSettle", "mirror:updated"]) document.addEventListener(event, update);
  update();
})();
