// Lets the age of the data grow between two answers of the server; a new answer counts anew, also when it gives the same age.
"use strict";
(() => {
  const since = new WeakMap();

  function words(seconds) {
    if (seconds < 120) return `${seconds} s`;
    if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
    if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
    return `${Math.floor(seconds / 86400)} days`;
  }

  function show() {
    for (const element of document.querySelectorAll("[data-age]")) {
      const known = since.get(element);
      if (!known || known.age !== element.dataset.age) since.set(element, { age: element.dataset.age, at: performance.now() });
      const { age, at } = since.get(element);
      const text = words(Math.floor(Number(age) + (performance.now() - at) / 1000));
      if (element.textContent !== text) element.textContent = text;
    }
    for (const element of document.querySelectorAll("[data-since]")) {
      element.textContent = words(Math.max(0, Math.floor(Date.now() / 1000 - Number(element.dataset.since))));
    }
  }

  document.addEventListener("htmx:afterSwap", (event) => {
    for (const element of event.target.querySelectorAll("[data-age]")) since.delete(element);
    show();
  });
  setInterval(show, 1000);
  show();
})();
