// Remembers the last comparison of this browser, and offers to repeat it on a page without one.
"use strict";
(() => {
  const KEY = "dqmhub-comparison";
  // Fields stay percent-encoded: names of monitor elements need not be UTF-8.
  const isPart = (field) => /^(ref|compare|norm|ktest|label\d+)(\*|%2A)?=./i.test(field);
  const fields = () => location.search.slice(1).split("&").filter(Boolean);
  const decoded = (parts) => new URLSearchParams(parts.join("&")).toString();

  let stored = "";

  /** The last comparison, after a new one of this page was stored; none in a browser that stores nothing. */
  function remembered(here) {
    try {
      const own = JSON.stringify(here);
      if (own !== stored && here.some((field) => field.startsWith("ref"))) {
        localStorage.setItem(KEY, own); // once: a page that refreshes itself must not replace a later one of another tab
        stored = own;
      }
      return JSON.parse(localStorage.getItem(KEY) || "[]").filter((field) => typeof field === "string");
    } catch {
      return [];
    }
  }

  function offer() {
    const here = fields().filter(isPart);
    const last = remembered(here);
    const link = document.querySelector("[data-repeat-comparison]");
    if (!link) return;
    link.hidden = !last.length || decoded(last) === decoded(here);
    const others = fields().filter((field) => !isPart(field));
    link.href = `${location.pathname}?${[...others, ...last].join("&")}`;
  }

  // The page keeps the text of the field in which somebody types, but a typed reference becomes one of the list. Until then it
  // stays in the field, since a further change of the form takes the place of this request.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { elt, formData } = event.detail.requestConfig;
    if (!elt.matches(".compare form") || !event.detail.shouldSwap) return;
    for (const field of document.querySelectorAll("[data-new-reference]")) {
      if (formData.getAll("ref").includes(field.value)) field.value = "";
    }
  });
  // A wrong reference comes back in the attribute, since the page leaves the text of a field with the focus alone.
  document.addEventListener("htmx:afterSettle", (event) => {
    for (const field of event.target.querySelectorAll("[data-new-reference]")) field.value ||= field.dataset.newReference;
  });
  document.addEventListener("htmx:afterSettle", offer);
  addEventListener("storage", offer); // another tab has stored a comparison
  offer();
})();
