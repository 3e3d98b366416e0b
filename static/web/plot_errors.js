// Plots that fail to load: the reason in their place, and a button to try again. A busy server says when to try by itself.
"use strict";
(() => {
  const MOST_TRIES = 40;
  const LONGEST_WAIT_S = 10;

  /**
   * How a plot is now: drawn, or why not, whether that is its own nature (it has no window) and no failure, and after how many
   * seconds the server expects another try (0: not by itself).
   */
  async function outcome(address) {
    try {
      const response = await fetch(address, { headers: { Accept: "application/json" } });
      if (response.ok) return { isDrawn: true, message: "Incomplete image.", wait: 0 };
      const isJson = (response.headers.get("Content-Type") || "").startsWith("application/json");
      const message = isJson ? (await response.json()).message : `Server error ${response.status}.`;
      if (response.headers.has("DQM-No-Window")) return { message, isNote: true };
      return { message, wait: response.status === 503 ? Number(response.headers.get("Retry-After")) : 0 };
    } catch {
      return { message: "Server not responding.", wait: 0 };
    }
  }

  function retry(image) {
    const address = image.src;
    image.hidden = false;
    image.loading = "eager";
    image.removeAttribute("src");
    image.src = address;
  }

  function problemBox(image) {
    const box = document.createElement("div");
    box.className = "tile-problem waiting";
    box.setAttribute("role", "status");
    const text = document.createElement("p");
    text.textContent = "Plot not loaded. Checking why …";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Try again";
    button.addEventListener("click", (event) => {
      event.preventDefault(); // the tile around it is a link
      event.stopPropagation();
      box.remove();
      retry(image);
    });
    box.append(text, button);
    return { box, text };
  }

  /** Say why a plot is not there, as something to wait for or as a failure. */
  function describe({ box, text }, message, isWaiting) {
    box.classList.toggle("waiting", isWaiting);
    box.setAttribute("role", isWaiting ? "status" : "alert");
    text.textContent = isWaiting ? `${message}. The plot appears by itself.` : message;
  }

  /** Show a note in place of a plot that has no window, as the page does for those that it knows. */
  function showNote({ box }, message) {
    const note = document.createElement("p");
    note.className = "no-window";
    note.setAttribute("role", "status");
    note.textContent = `${message}.`;
    box.replaceWith(note);
  }

  /** Longer each time, and never at the same time for all: many plots, and many people, may wait for one file. */
  const pause = (wait, tries) => 1000 * Math.min(wait * (tries + 1), LONGEST_WAIT_S) * (0.75 + 0.5 * Math.random());

  async function showProblem(image) {
    if (image.hidden) return;
    const problem = problemBox(image);
    image.hidden = true;
    (image.closest("a") || image).after(problem.box);
    const address = image.src;
    const isShown = () => problem.box.isConnected && image.src === address;
    for (let tries = 0; isShown(); tries++) {
      const { isDrawn, isNote, message, wait } = await outcome(address);
      if (!isShown()) return;
      if (isNote) return showNote(problem, message);
      const failures = Number(image.dataset.failures || 0);
      if (isDrawn && failures < MOST_TRIES) {
        image.dataset.failures = failures + 1; // an image that arrives and still cannot be shown is not requested for ever
        problem.box.remove();
        retry(image);
        return;
      }
      const isWaiting = wait > 0 && tries < MOST_TRIES;
      describe(problem, message, isWaiting);
      if (!isWaiting) return;
      await new Promise((resolve) => setTimeout(resolve, pause(wait, tries)));
    }
  }

  const isPlot = (element) => element instanceof HTMLImageElement && element.classList.contains("plot");
  const isBroken = (image) => isPlot(image) && image.complete && !image.naturalWidth && !image.hidden;

  document.addEventListener(
    "error",
    (event) => {
      if (isPlot(event.target)) showProblem(event.target);
    },
    true,
  );
  // A plot that failed before this script ran, or was put back by a swap, is requested once more.
  document.addEventListener("htmx:load", () => {
    for (const image of document.images) if (isBroken(image)) image.setAttribute("src", image.src);
  });
})();
