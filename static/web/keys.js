// Keys: an element with data-key is clicked by that key, or focused if it is a field; j and k walk the links of a list.
// The space bar is called Space there; on a button it keeps its usual effect.
"use strict";
(() => {
  const dialog = document.getElementById("keys");
  const button = document.getElementById("keys-button");
  button.classList.remove("reserved");
  button.addEventListener("click", () => dialog.showModal());

  const OPEN_MENU = "details.menu[open], details.account[open]";
  // A ticked box keeps the focus, and takes no other key than the space bar.
  const isField = (element) => element.matches("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]");

  /** Click or focus the element of a key; false if the page has none. */
  function press(key) {
    const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!target) return false;
    if (isField(target)) {
      target.focus();
      target.select();
    } else {
      if (target.matches(".menu > summary")) target.focus(); // so the next Tab leads into the menu
      dqm.click(target);
    }
    return true;
  }

  /** Focus the next (1) or previous (-1) link of the list; false if there is no list. */
  function walk(step) {
    const stops = [...document.querySelectorAll("main .stop")];
    if (!stops.length) return false;
    const current = stops.indexOf(document.activeElement);
    const first = step > 0 ? 0 : stops.length - 1;
    const next = stops[current < 0 ? first : Math.min(Math.max(current + step, 0), stops.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
    return true;
  }

  const actions = {
    "?": () => {
      dialog.showModal();
      return true;
    },
    h: () => {
      dqm.click(document.querySelector(".brand"));
      return true;
    },
    j: () => press("j") || walk(1),
    k: () => press("k") || walk(-1),
  };

  /** Close menus and leave a field; where there is nothing to leave, Escape is a key like others. */
  function leave(target) {
    const menus = document.querySelectorAll(OPEN_MENU);
    for (const menu of menus) menu.open = false;
    if (isField(target)) target.blur();
    else if (!menus.length) press("Escape");
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || dialog.open) return;
    if (event.key === "Escape") return leave(event.target);
    if (isField(event.target)) return;
    if (event.key === " " && event.target.matches("button, summary, input")) return;
    const key = event.key === " " ? "Space" : event.key;
    const done = Object.hasOwn(actions, key) ? actions[key]() : press(key);
    if (done) event.preventDefault();
  });

  // A menu closes on a click outside it.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll(OPEN_MENU)) if (!menu.contains(event.target)) menu.open = false;
  });
})();
