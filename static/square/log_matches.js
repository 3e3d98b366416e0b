// Lines of a log, on the hub and on mirrors: a crashed job's log opens at its first error, n and N go through matches, and a click on a line links to it.
"use strict";
(() => {
  const MATCHES = ".log li[id]";

  /** The lines that match the search or have the level; without either the first line of each error. */
  function matches() {
    const lines = [...document.querySelectorAll(MATCHES)];
    if (document.getElementById("q")?.defaultValue || document.querySelector(".logsearch [name=level]")) return lines;
    return lines.filter((line) => line.matches(".error") && !line.previousElementSibling?.matches(".error"));
  }

  /** Select a line, as its link does, but without a step in the history. */
  function select(id) {
    const address = new URL(location.href); // pages of a mirror have a <base>, so that a bare "#L1" would lead elsewhere
    address.hash = id;
    location.replace(address);
  }

  const selected = () => document.querySelector(`${MATCHES}:target`);

  /** Go to the next (1) or previous (-1) match; after the last one comes the first. */
  function step(direction) {
    const found = matches();
    const at = selected();
    const follows = (line) => at.compareDocumentPosition(line) & (direction > 0 ? 4 : 2); // 4: following, 2: preceding
    const inOrder = direction > 0 ? found : [...found].reverse();
    const target = (at && inOrder.find(follows)) || inOrder[0];
    if (target) select(target.id);
    update();
  }

  function update() {
    const box = document.querySelector(".matches");
    if (!box) return;
    const found = matches();
    const at = found.indexOf(selected()) + 1;
    box.hidden = !found.length;
    box.querySelector("[role=status]").textContent = at ? `${at} of ${found.length}` : "";
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-match]");
    if (button) step(Number(button.dataset.match));
    const line = event.target.closest(MATCHES);
    if (line && !event.target.closest("a") && getSelection().isCollapsed) line.querySelector(".line").click();
  });
  addEventListener("hashchange", update);
  for (const event of ["htmx:afterSettle", "mirror:updated"]) document.addEventListener(event, update);

  const first = document.querySelector("[data-open-at]");
  if (first && !location.hash) select(first.dataset.openAt);
  update();
})();
