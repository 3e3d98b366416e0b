// Marks plots: the space bar ticks the box of the tile or row whose link has the focus.
"use strict";
(() => {
  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || event.ctrlKey || event.metaKey || event.altKey || !event.target.matches(".tile > .stop, .failing .stop"))
      return;
    event.preventDefault(); // scrolls
    event.target.parentElement.querySelector(".mark input:enabled")?.click();
  });

  // A tile that was loaded later has a hidden field in the form, too, if it was marked before.
  document.addEventListener(
    "change",
    (event) => {
      if (!event.target.matches("input[type=checkbox][name^=mark]")) return;
      for (const field of document.querySelectorAll("#marks input[type=hidden][name^=mark]")) {
        if (field.value === event.target.value) field.remove();
      }
    },
    true,
  );
})();
