// Keys: an element with data-key is clicked by that key, or focused if it is a field; j and k walk the links of a list.
"use strict";
(() => {
  const dialog = document.getElementById("keys");
  const button = document.getElementById("keys-button");
  button.hidden = false;
  button.addEventListener("click", () => dialog.showModal());

  const typing = (element) => element.matches("input, select, textarea, [contenteditable]");

  function press(key) {
    const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!target) return false;
    if (typing(target)) {
      target.focus();
      target.select();
    } else {
      target.click();
    }
    return true;
  }

  function walk(step) {
    const stops = [...document.querySelectorAll("main .stop")];
    if (!stops.length) return false;
    const at = stops.indexOf(document.activeElement);
    const next = stops[at < 0 ? (step > 0 ? 0 : stops.length - 1) : Math.min(Math.max(at + step, 0), stops.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
    return true;
  }

  const actions = {
    "?": () => { dialog.showModal(); return true; },
    h: () => { document.querySelector(".brand").click(); return true; },
    j: () => press("j") || walk(1),
    k: () => press("k") || walk(-1),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || dialog.open) return;
    if (event.key === "Escape") {
      for (const menu of document.querySelectorAll("details[open]")) menu.open = false;
      if (typing(event.target)) event.target.blur();
      return;
    }
    if (typing(event.target)) return;
    const done = Object.hasOwn(actions, event.key) ? actions[event.key]() : press(event.key);
    if (done) event.preventDefault();
  });

  // A menu closes when something beside it is clicked.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
})();
