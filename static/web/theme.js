// Theme of this browser: set before anything is painted; the button of the bar cycles auto, light, dark.
"use strict";
globalThis.dqm ??= {};

dqm.theme = (() => {
  const THEMES = ["auto", "light", "dark"];
  const root = document.documentElement;

  const current = () => root.dataset.theme || "auto";

  function apply(theme) {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
  }

  function stored() {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // without storage the theme of the system applies
    }
  }

  /** Keep the theme for other pages; false if this browser stores nothing. */
  function store(theme) {
    try {
      if (theme === "auto") localStorage.removeItem("theme");
      else localStorage.setItem("theme", theme);
      return true;
    } catch {
      return false;
    }
  }

  function connect(button) {
    const label = () => {
      button.querySelector("span").textContent = `Theme: ${current()}`;
    };
    button.hidden = false;
    label();
    button.addEventListener("click", () => {
      apply(THEMES[(THEMES.indexOf(current()) + 1) % THEMES.length]);
      label();
      if (!store(current())) dqm.notice("Theme applies to this page only (storage is blocked).");
    });
  }

  apply(stored());
  document.addEventListener("DOMContentLoaded", () => connect(document.getElementById("theme")));
  return { current };
})();
