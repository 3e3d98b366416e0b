// Plays the lumisections of a run: opens the next one once the plot of this one has loaded.
"use strict";
(() => {
  const SHOW_MS = 600;

  let playing = false;
  let timer = 0;

  function showButton() {
    const button = document.querySelector("[data-play]");
    if (!button) return;
    button.hidden = false;
    button.textContent = playing ? "Pause" : "Play";
    button.setAttribute("aria-pressed", playing);
  }

  function stop() {
    playing = false;
    clearTimeout(timer);
    showButton();
  }

  function openNext() {
    const link = document.querySelector("[data-next-lumi]");
    if (link && !document.hidden) link.click();
    else stop();
  }

  function scheduleNext() {
    clearTimeout(timer);
    if (playing) timer = setTimeout(openNext, SHOW_MS);
  }

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-play]")) return;
    playing = !playing;
    showButton();
    if (playing) openNext();
    else clearTimeout(timer);
  });
  // A plot that fails to load counts like one that was shown.
  for (const outcome of ["load", "error"]) {
    document.addEventListener(
      outcome,
      (event) => {
        if (event.target instanceof HTMLImageElement && event.target.classList.contains("plot-large")) scheduleNext();
      },
      true,
    );
  }
  document.addEventListener("htmx:afterSettle", () => {
    showButton();
    if (playing && !document.querySelector(".plot-large")) scheduleNext(); // a number has no image to wait for
  });
  document.addEventListener("htmx:sendError", stop);
  showButton();
})();
