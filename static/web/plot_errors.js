// Plots that fail to load: the reason in their place, and a button to try again.
"use strict";
(() => {
  async function reason(address) {
    try {
      const response = await fetch(address, { headers: { Accept: "application/json" } });
      if (response.ok) return "Incomplete image.";
      if ((response.headers.get("Content-Type") || "").startsWith("application/json")) return (await response.json()).message;
      return `Server error ${response.status}.`;
    } catch {
      return "Server not responding.";
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
    text.textContent = await reason(image.src);
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
