// Plots that fail to load: the reason in their place, and a button to try again. A busy server says when to try by itself.
"use strict";
(() => {
  const MOST_TRIES = 30;

  /** Why a plot failed, and after how many seconds the server expects another try (0: not by itself). */
  async function reason(address) {
    try {
      const response = await fetch(address, { headers: { Accept: "application/json" } });
      if (response.ok) return { message: "Incomplete image.", wait: 0 };
      const isJson = (response.headers.get("Content-Type") || "").startsWith("application/json");
      const message = isJson ? (await response.json()).message : `Server error ${response.status}.`;
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
    box.className = "tile-problem";
    box.setAttribute("role", "alert");
    const text = document.createElement("p");
    text.textContent = "Plot failed to load. Checking why …";
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

  async function showProblem(image) {
    if (image.hidden) return;
    const { box, text } = problemBox(image);
    image.hidden = true;
    (image.closest("a") || image).after(box);
    const address = image.src;
    const { message, wait } = await reason(address);
    text.textContent = message;
    const tries = Number(image.dataset.tries || 0);
    if (!wait || tries >= MOST_TRIES) return;
    image.dataset.tries = tries + 1;
    const delay_ms = 1000 * wait * (tries + 1); // longer each time: many plots may wait
    setTimeout(() => {
      if (!box.isConnected || image.src !== address) return;
      box.remove();
      retry(image);
    }, delay_ms);
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
