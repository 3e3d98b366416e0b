// Plays the lumisections of a run: the next one when the plot of this one is there.
"use strict";
(() => {
  const SHOWN_MS = 600;

  let playing = false;
  let timer = 0;

  function show() {
    const button = document.querySelector("[data-play]");
    if (!button) return;
    button.hidden = false;
    button.textContent = playing ? "Pause" : "Play";
    button.setAttribute("aria-pressed", playing);
  }

  function stop() {
    playing = false;
    clearTimeout(timer);
    show();
  }

  function next() {
    const link = document.querySelector("[data-lumi-after]");
    if (link && !document.hidden) link.click();
    else stop();
  }

  function soon() {
    clearTimeout(timer);
    if (playing) timer = setTimeout(next, SHOWN_MS);
  }

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-play]")) return;
    playing = !playing;
    show();
    if (playing) next();
    else clearTimeout(timer);
  });
  // One that cannot be drawn is passed over like one that was seen.
  for (const outcome of ["load", "error"]) {
    document.addEventListener(outcome, (event) => {
      if (event.target instanceof HTMLImageElement && event.target.classList.contains("plot-large")) soon();
    }, true);
  }
  document.addEventListener("htmx:afterSettle", () => {
    show();
    if (playing && !document.querySelector(".plot-large")) soon();  // a number has no image to wait for
  });
  document.addEventListener("htmx:sendError", stop);
  show();
})();
