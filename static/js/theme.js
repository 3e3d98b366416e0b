// The theme that was chosen in this browser, set before anything is painted; without a choice the system's holds.
"use strict";
(() => {
  let choice = null;
  try {
    choice = localStorage.getItem("theme");
  } catch {
    // Without storage the system's theme holds.
  }
  if (choice === "light" || choice === "dark") document.documentElement.dataset.theme = choice;
})();
