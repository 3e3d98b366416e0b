// Remembers the last comparison of this browser, and offers to repeat it on a page without one.
"use strict";
(() => {
  const KEY = "dqmhub-comparison";
  const isPart = (name) => /^(ref|compare|norm|ktest|label\d+)$/.test(name);

  /** The fields of an address that compare. */
  const parts = (address) => [...new URL(address).searchParams].filter(([name, value]) => isPart(name) && value);

  /** The last comparison, after that of this page was stored; none in a browser that stores nothing. */
  function remembered(here) {
    try {
      if (here.some(([name]) => name === "ref")) localStorage.setItem(KEY, JSON.stringify(here));
      return JSON.parse(localStorage.getItem(KEY) || "[]");
    } catch {
      return [];
    }
  }

  function offer() {
    const here = parts(location.href);
    const last = remembered(here);
    const link = document.querySelector("[data-repeat-comparison]");
    if (!link) return;
    link.hidden = !last.length || JSON.stringify(last) === JSON.stringify(here);
    if (link.hidden) return;
    const address = new URL(location.href);
    for (const [name] of here) address.searchParams.delete(name);
    for (const [name, value] of last) address.searchParams.append(name, value);
    link.href = address.href;
  }

  // The page keeps the text of the field in which somebody types, but a typed reference becomes one of the list.
  document.addEventListener("htmx:configRequest", (event) => {
    if (!event.target.matches(".compare form")) return;
    for (const field of event.target.querySelectorAll("[data-new-reference]")) field.value = "";
  });
  document.addEventListener("htmx:afterSettle", offer);
  offer();
})();
