// Title and icon of a run page, on the hub and on mirrors, carry the number of clients that are down, so that a tab in the background shows them.
"use strict";
(() => {
  const title = document.title;
  const link = document.querySelector('link[rel="icon"]');
  const plain = link.href;
  const NS = "http://www.w3.org/2000/svg";
  let last = "";

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

  async function update() {
    const down = document.querySelector("[data-down]")?.dataset.down ?? "0";
    if (down === last) return;
    last = down;
    document.title = down === "0" ? title : `(${down}) ${title}`;
    if (down === "0") {
      link.href = plain;
      return;
    }
    const answer = await fetch(plain);
    const drawing = new DOMParser().parseFromString(await answer.text(), "image/svg+xml");
    if (answer.ok && down === last) link.href = icon(drawing, Number(down));
  }

  for (const event of ["htmx:afterSettle", "mirror:updated"]) document.addEventListener(event, update);
  update();
})();
