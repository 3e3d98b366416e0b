// Plays a slide show: opens the next plot when this one has been visible for the interval. It waits for plots and in hidden tabs.
"use strict";
(() => {
  let paused = matchMedia("(prefers-reduced-motion: reduce)").matches; // nothing moves before somebody presses Play
  let timer = 0;
  let preloaded = ""; // address of a plot

  let isStepping = false; // a request of a link of the bar is on its way
  let isHeld = false; // the last key was not pressed again, but is held
  let steps = []; // keys that were pressed meanwhile

  const slides = () => document.getElementById("slides");

  const isLoading = () => [...document.querySelectorAll(".slide img")].some((image) => !image.complete);

  function schedule() {
    clearTimeout(timer);
    if (!slides() || isLoading()) return;
    preload();
    if (!paused) timer = setTimeout(openNext, 1000 * Number(slides().dataset.interval));
  }

  /** Load the plot of the next slide while this one is shown. */
  function preload() {
    const address = document.querySelector("[data-next-slide]")?.dataset.preload;
    if (address && address !== preloaded) new Image().src = address;
    preloaded = address;
  }

  function openNext() {
    if (document.hidden) schedule();
    else document.querySelector("[data-next-slide]")?.click();
  }

  function showButtons() {
    const pause = document.querySelector("[data-pause]");
    if (!pause) return;
    pause.hidden = false;
    pause.textContent = paused ? "Play" : "Pause";
    document.querySelector("[data-full-screen]").hidden = !document.fullscreenEnabled;
  }

  document.addEventListener(
    "keydown",
    (event) => {
      isHeld = event.repeat;
    },
    true,
  );
  // Each press moves by one slide, from the one that the request before leads to; a key that is held moves as fast as slides come.
  document.addEventListener(
    "click",
    (event) => {
      const link = event.target.closest(".slidebar a[hx-get]");
      if (!link) return;
      if (isStepping) {
        event.preventDefault();
        event.stopPropagation();
        if (!isHeld) steps.push(link.dataset.key);
      }
    },
    true,
  );
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.closest(".slidebar")) isStepping = true;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.target.closest(".slidebar") && !event.detail.successful) endSteps();
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "main") return;
    isStepping = false;
    const link = document.querySelector(`.slidebar [data-key="${CSS.escape(steps.shift() ?? "")}"]`);
    if (link) dqm.click(link);
    else endSteps();
  });

  function endSteps() {
    isStepping = false;
    steps = [];
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-pause]")) {
      paused = !paused;
      showButtons();
      schedule();
    }
    const button = event.target.closest("[data-full-screen]");
    if (!button) return;
    if (document.fullscreenElement) document.exitFullscreen();
    else document.getElementById(button.dataset.fullScreen).requestFullscreen();
  });
  // A plot that fails to load counts like one that was shown.
  for (const outcome of ["load", "error"]) {
    document.addEventListener(
      outcome,
      (event) => {
        if (event.target instanceof HTMLImageElement && event.target.closest(".slide")) schedule();
      },
      true,
    );
  }
  // Also for a plot that was there before this script, for another interval, and for the next try after an error.
  for (const outcome of ["htmx:afterSettle", "htmx:sendError", "htmx:responseError"]) {
    document.addEventListener(outcome, () => {
      showButtons();
      schedule();
    });
  }
  showButtons();
  schedule();
})();
