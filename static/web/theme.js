// Theme of this browser and brightness of plots in the dark: set before anything is painted; buttons cycle their values.
"use strict";
globalThis.dqm ??= {};

dqm.theme = (() => {
  const root = document.documentElement;

  /** A choice that this browser keeps under a name: the first value is the default, the others are in data-<name> of <html>. */
  function choice(name, values, label) {
    const current = () => root.dataset[name] || values[0];

    function apply(value) {
      if (values.indexOf(value) > 0) root.dataset[name] = value;
      else delete root.dataset[name];
    }

    function stored() {
      try {
        return localStorage.getItem(name);
      } catch {
        return null; // without storage the default applies
      }
    }

    /** Keep the value for other pages; false if this browser stores nothing. */
    function store() {
      try {
        if (current() === values[0]) localStorage.removeItem(name);
        else localStorage.setItem(name, current());
        return true;
      } catch {
        return false;
      }
    }

    function connect() {
      const button = document.getElementById(name);
      const update = () => {
        button.querySelector("span").textContent = `${label}: ${current()}`;
      };
      button.classList.remove("reserved");
      update();
      button.addEventListener("click", () => {
        apply(values[(values.indexOf(current()) + 1) % values.length]);
        update();
        if (!store()) dqm.notice(`${label} applies to this page only (storage is blocked).`);
      });
    }

    apply(stored());
    document.addEventListener("DOMContentLoaded", connect);
    return current;
  }

  const current = choice("theme", ["auto", "light", "dark"], "Theme");
  choice("plots", ["dimmed", "bright"], "Plots in the dark");
  return { current };
})();
