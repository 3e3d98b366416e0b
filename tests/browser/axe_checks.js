// Helpers for axe, loaded with it into each page: what it finds in the page, in elements that are new in a width, and in looks of texts.
"use strict";
(() => {
  const before = new Set(); // elements that were shown when `rememberShown` was called
  let texts = new Map(); // look -> an element with a text that looks so
  let selected = []; // elements that were not shown before

  const shown = () => [...document.querySelectorAll("body, body *")].filter((element) => element.checkVisibility());

  /** The characters of an element itself. */
  function textOf(element) {
    if (element.matches("input, select, textarea")) return `${element.value}${element.placeholder ?? ""}`;
    return [...element.childNodes].map((node) => (node.nodeType === Node.TEXT_NODE ? node.data.trim() : "")).join("");
  }

  /** What decides of the contrast of a text: what its element and all around it are, and how they are painted. */
  function lookOf(element) {
    const { fontSize, fontWeight, textShadow } = getComputedStyle(element);
    const look = [textOf(element).length > 1, element.matches(":disabled, :disabled *"), fontSize, fontWeight, textShadow];
    for (let at = element; at; at = at.parentElement) {
      const { color, backgroundColor, backgroundImage, opacity, position } = getComputedStyle(at);
      look.push(at.tagName, at.getAttribute("class"), color, backgroundColor, backgroundImage, opacity, position);
    }
    return look.join();
  }

  const faultsIn = (violations) =>
    violations.flatMap(({ id, impact, nodes }) =>
      nodes.map(({ target, html }) => ({ impact, text: `${id} (${impact}): ${target} ${html.slice(0, 160)}` })),
    );

  /** What axe finds. options: of `axe.run`; onlySelected: in the elements of `selectNew` alone. */
  window.axeFaults = async ({ run, onlySelected }) => {
    const { violations } = await window.axe.run(onlySelected ? { include: selected } : document, { resultTypes: ["violations"], ...run });
    return faultsIn(violations);
  };

  /** The looks of all texts that are shown. */
  window.looks = () => {
    texts = new Map();
    for (const element of shown()) if (textOf(element)) texts.set(lookOf(element), element);
    return [...texts.keys()];
  };

  /** What axe finds in the contrast of one text of each of these looks, and the looks of which it knows that they are good. */
  window.contrast = async (looks) => {
    const options = { runOnly: ["color-contrast"], resultTypes: ["violations", "passes"], elementRef: true };
    const { violations, passes } = await window.axe.run({ include: looks.map((look) => texts.get(look)) }, options);
    const good = new Set(passes.flatMap(({ nodes }) => nodes.map(({ element }) => element)));
    return { faults: faultsIn(violations), good: looks.filter((look) => good.has(texts.get(look))) };
  };

  /** Remember which elements are shown. */
  window.rememberShown = () => {
    for (const element of shown()) before.add(element);
  };

  /** Select the elements that were not shown when `rememberShown` was called; returns their number. */
  window.selectNew = () => {
    selected = shown().filter((element) => !before.has(element));
    return selected.length;
  };

  /** Whether nothing is about to be added to the page: no request of htmx, no import of a file, no charts. */
  window.isComplete = () => {
    const summaries = document.querySelector("#square")?.dataset.run ? [...document.querySelectorAll("#charts [data-summary]")] : [];
    return (
      document.readyState === "complete" &&
      !document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling, #progress") &&
      summaries.every((summary) => summary.textContent)
    );
  };
})();
