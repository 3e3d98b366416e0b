// How many things need attention, in the title and icon of the page, so that a tab in the background shows them. Shared with the mirror.
"use strict";
globalThis.dqm ??= {};

/** Show a number of things of one kind, such as "alarms"; the numbers of all kinds are added. */
dqm.tabCount = (() => {
  const NS = "http://www.w3.org/2000/svg";
  const link = document.querySelector('link[rel="icon"]');
  const plainIcon = link.href;
  const counts = new Map();
  let plainTitle = document.title;
  let shownTitle = plainTitle;
  let shown = 0;

  /** The icon with a number in a red circle. */
  function icon(drawing, count) {
    const circle = drawing.createElementNS(NS, "circle");
    for (const [name, value] of Object.entries({ cx: 21, cy: 11, r: 11, fill: "#b3161b" })) circle.setAttribute(name, value);
    const text = drawing.createElementNS(NS, "text");
    const style = { x: 21, y: 17, fill: "#fff", "font-family": "sans-serif", "font-size": 17, "text-anchor": "middle" };
    for (const [name, value] of Object.entries(style)) text.setAttribute(name, value);
    text.textContent = count > 99 ? "99" : String(count);
    drawing.documentElement.append(circle, text);
    return `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(drawing))}`;
  }

  function showTitle() {
    if (document.title !== shownTitle) plainTitle = document.title; // that of another page, which was swapped in
    shownTitle = shown ? `(${shown}) ${plainTitle}` : plainTitle;
    if (document.title !== shownTitle) document.title = shownTitle;
  }

  async function showIcon() {
    const count = shown;
    if (!count) {
      link.href = plainIcon;
      return;
    }
    const answer = await fetch(plainIcon);
    const drawing = new DOMParser().parseFromString(await answer.text(), "image/svg+xml");
    if (answer.ok && count === shown) link.href = icon(drawing, count);
  }

  for (const event of ["htmx:afterSettle", "mirror:updated"]) document.addEventListener(event, showTitle);
  return (kind, count) => {
    const before = shown;
    counts.set(kind, count);
    shown = [...counts.values()].reduce((sum, each) => sum + each, 0);
    showTitle();
    if (shown !== before) showIcon();
  };
})();
