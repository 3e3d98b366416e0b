// Helpers for axe, loaded with it into each page: which elements look other than before, and the faults of some elements.
"use strict";
(() => {
  const looks = new Map();

  /** What decides of an element's contrast, apart from the theme. */
  function lookOf(element) {
    const { color, backgroundColor, backgroundImage, opacity, fontSize, fontWeight } = getComputedStyle(element);
    return [color, backgroundColor, backgroundImage, opacity, fontSize, fontWeight].join();
  }

  const shown = () => [...document.querySelectorAll("body, body *")].filter((element) => element.checkVisibility());

  /** Remember how each element looks that is shown. */
  window.rememberLooks = () => {
    for (const element of shown()) looks.set(element, lookOf(element));
  };

  /** Let `axeFaults` look at those elements only that are new since `rememberLooks`, or look different; returns their number. */
  window.selectChanged = () => {
    window.changed = shown().filter((element) => looks.get(element) !== lookOf(element));
    return window.changed.length;
  };

  /** What axe finds. options: of `axe.run`. */
  window.axeFaults = async (options) => {
    const context = options.onlyChanged ? { include: window.changed } : document;
    const { violations } = await window.axe.run(context, { resultTypes: ["violations"], ...options.run });
    return violations.flatMap(({ id, impact, nodes }) =>
      nodes.map(({ target, html }) => ({ impact, text: `${id} (${impact}): ${target} ${html.slice(0, 160)}` })),
    );
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
