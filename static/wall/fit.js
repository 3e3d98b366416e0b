// The lists of a wall: the more entries, the shorter each of them, so that all are shown; only what then has no room is left out.
"use strict";

dqm.fitWall = (() => {
  const PROBLEMS = ["error", "invalid", "warning", "unsure"]; // worst first
  const { setText } = dqm.times;

  function setLevel(list, level) {
    for (let each = 1; each <= 3; each++) list.classList.toggle(`dense-${each}`, each === level);
  }

  const isOut = (list, entry) => entry.getBoundingClientRect().bottom > list.getBoundingClientRect().bottom + 1;
  const isCut = (entry) => [...entry.querySelectorAll("b, .state")].some((part) => part.scrollWidth > part.clientWidth + 1);

  /** Make these entries as long as they have room for with their names and states; false if they have none. */
  function choose(list, entries) {
    const levels = Number(list.dataset.levels);
    for (let level = 0; level <= levels; level++) {
      setLevel(list, level);
      if (!entries.some((entry) => isOut(list, entry)) && (level === levels || !entries.some(isCut))) return true;
    }
    return false;
  }

  /** The problem of an entry as a number, 0 for the worst; old data are one, and the healthy ones have the highest number. */
  function rank(entry) {
    const found = PROBLEMS.findIndex((kind) => entry.classList.contains(`cell-${kind}`));
    return found >= 0 ? found : PROBLEMS.length + Number(!entry.classList.contains("old"));
  }

  /** Leave out entries until the others have room: the healthy ones first, and of equal ones the last. Returns the others. */
  function leaveOut(list, entries) {
    const order = entries.toSorted((one, other) => rank(one) - rank(other));
    while (order.length > 0) {
      const count = order.filter((entry) => isOut(list, entry)).length;
      if (count === 0) break;
      for (const entry of order.splice(-count)) entry.hidden = true;
    }
    return order;
  }

  function tellRest(note, rest) {
    const worst = PROBLEMS[Math.min(...rest.map(rank))];
    const count = rest.filter((entry) => PROBLEMS[rank(entry)] === worst).length;
    note.className = worst ? `more is-${worst}` : "more";
    const share = count === rest.length ? "all" : `${count} of them`;
    setText(note, worst ? `${rest.length} more, ${share} ${worst}` : `${rest.length} more`);
  }

  function fit(list) {
    const note = list.parentElement.querySelector(".more");
    const entries = [...list.children];
    for (const entry of entries) entry.hidden = false;
    note.hidden = true;
    setLevel(list, 0);
    if (getComputedStyle(document.body).overflow !== "hidden" || choose(list, entries)) return;
    note.hidden = false; // it takes some room itself
    setText(note, "00 more, 00 of them warning");
    const shown = leaveOut(list, entries);
    const rest = entries.filter((entry) => entry.hidden);
    tellRest(note, rest);
    choose(list, shown); // now that they are fewer, they can be longer
  }

  return () => {
    for (const list of document.querySelectorAll(".fit")) fit(list);
  };
})();
