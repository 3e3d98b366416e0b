// What every page does: the theme button, polls that pause in hidden tabs, plots that say why they are missing, copying.
"use strict";
(() => {
  const THEMES = ["auto", "light", "dark"];
  const NOTICE_MS = 6000;

  let noticeTimer = 0;
  function notice(text) {
    const box = document.getElementById("notice");
    box.textContent = text;
    box.hidden = false;
    clearTimeout(noticeTimer);
    noticeTimer = setTimeout(() => { box.hidden = true; }, NOTICE_MS);
  }

  // Theme

  const themeButton = document.getElementById("theme");
  function showTheme() {
    themeButton.querySelector("span").textContent = "Theme: " + (document.documentElement.dataset.theme || "auto");
  }
  themeButton.hidden = false;
  showTheme();
  themeButton.addEventListener("click", () => {
    const root = document.documentElement;
    const next = THEMES[(THEMES.indexOf(root.dataset.theme || "auto") + 1) % THEMES.length];
    if (next === "auto") delete root.dataset.theme;
    else root.dataset.theme = next;
    try {
      if (next === "auto") localStorage.removeItem("theme");
      else localStorage.setItem("theme", next);
    } catch {
      notice("This browser keeps no settings: the theme holds for this page.");
    }
    showTheme();
  });

  // Requests of htmx

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.target.closest("[data-poll]")) event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) for (const element of document.querySelectorAll("[data-poll]")) htmx.trigger(element, "shown");
  });
  // What was left empty stays out of the address.
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") return;
    const empty = [...event.detail.formData].filter(([, value]) => value === "").map(([name]) => name);
    for (const name of empty) event.detail.formData.delete(name);
  });
  // A page that is brought up to date under the hands of its reader keeps its menus open, and what is being typed.
  Idiomorph.defaults.ignoreActiveValue = true;
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element) => !(name === "open" && element instanceof HTMLDetailsElement);
  // A form that answers to every change has nothing left to do when Enter sends it.
  document.addEventListener("submit", (event) => { if (event.target.matches("[data-live]")) event.preventDefault(); });
  for (const failure of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(failure, () => notice("The server does not answer. What you see is what was known last."));
  }
  // An error in the place of a page that brings itself up to date would be its end.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!event.detail.isError || !event.target.matches("[data-poll]")) return;
    event.detail.shouldSwap = false;
    notice(`The server answers with status ${event.detail.xhr.status}. What you see is what was known last.`);
  });

  // Plots that do not come: the reason in their place, and a button to try again

  async function reason(address) {
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (answer.ok) return "The plot did not arrive whole.";
      if ((answer.headers.get("Content-Type") || "").startsWith("application/json")) return (await answer.json()).message;
      return `The server answered ${answer.status}.`;
    } catch {
      return "The server does not answer.";
    }
  }

  function problemBox(image) {
    const box = document.createElement("div");
    box.className = "tile-problem";
    box.setAttribute("role", "alert");
    const text = document.createElement("p");
    text.textContent = "This plot did not come. Asking why …";
    const retry = document.createElement("button");
    retry.type = "button";
    retry.textContent = "Try again";
    retry.addEventListener("click", (event) => {
      event.preventDefault();  // the tile around it is a link
      event.stopPropagation();
      box.remove();
      image.hidden = false;
      image.loading = "eager";
      const address = image.src;
      image.removeAttribute("src");
      image.src = address;
    });
    box.append(text, retry);
    return { box, text };
  }

  async function failed(image) {
    if (image.hidden) return;
    const { box, text } = problemBox(image);
    image.hidden = true;
    (image.closest("a") || image).after(box);
    text.textContent = await reason(image.src);
  }

  const isPlot = (element) => element instanceof HTMLImageElement && element.classList.contains("plot");
  document.addEventListener("error", (event) => { if (isPlot(event.target)) failed(event.target); }, true);
  // One that failed before this script ran, or was put back by a swap, is asked for once more.
  document.addEventListener("htmx:load", () => {
    for (const image of document.images) if (isPlot(image) && image.complete && !image.naturalWidth && !image.hidden) image.src = image.src;
  });

  // Copying

  async function copy(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const area = document.createElement("textarea");  // over plain HTTP there is no clipboard but this
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new Error("not copied");
  }

  document.addEventListener("click", async (event) => {
    const source = event.target.closest("[data-copy], [data-copy-link]");
    if (!source) return;
    event.preventDefault();
    const text = source.dataset.copy ? document.querySelector(source.dataset.copy).value : source.href;
    try {
      await copy(text);
      notice("Copied.");
    } catch {
      notice("This browser does not let pages copy. Select the text and copy it.");
    }
  });
})();
