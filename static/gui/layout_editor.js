// The grid of a layout by keys and by drag: arrows go to another cell, with Alt they move the cell, Delete removes it; a cell that is
// dragged onto another is exchanged with it. Each change presses a button of the form, so the server does it as without scripts.
// The draft of a layout or workspace stays in its form until it is stored, whatever the server answers.
"use strict";
(() => {
  const DIRECTIONS = { ArrowLeft: ["left", 0, -1], ArrowRight: ["right", 0, 1], ArrowUp: ["up", -1, 0], ArrowDown: ["down", 1, 0] };
  const waiting = []; // moves of the open cell by keys that came before the answer to the previous one
  let dragged = null; // the cell that is being dragged
  let isUnsaved = false;
  let isMoving = false; // the answer to a change is not there yet
  let rowsAtStart = null; // the grid before the first answer
  let lastOpen = ""; // id of the cell that was open before the latest request

  const placeOf = (cell) => cell.value.replace("open:", "");
  const cellOf = (event) => event.target.closest?.("#layout-grid .cell");

  const rowsNow = () => document.querySelector('#layout-form [name="rows"]')?.value;
  const openCell = () => document.querySelector('#layout-grid .cell[aria-pressed="true"]');

  function press(action) {
    if (isMoving) return;
    const button = document.getElementById("layout-move");
    button.value = action;
    isMoving = true;
    dqm.click(button);
  }

  const move = (cell, key) => press(`move-${DIRECTIONS[key][0]}:${placeOf(cell)}`);

  function go(cell, down, right) {
    const [row, column] = placeOf(cell).split(".").map(Number);
    const cells = document.querySelectorAll(`#layout-grid .cell[value^="open:${row + down}."]`);
    cells[Math.min(column + right, cells.length - 1)]?.focus();
  }

  function showPreview() {
    const preview = document.getElementById("layout-preview"); // it is below the button
    preview?.scrollIntoView();
    preview?.focus();
  }

  document.addEventListener("keydown", (event) => {
    const cell = cellOf(event);
    if (!cell || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.key === "Delete" && !event.altKey) press(`remove:${placeOf(cell)}`);
    else if (!Object.hasOwn(DIRECTIONS, event.key)) return;
    else if (event.altKey && isMoving) waiting.push(event.key);
    else if (event.altKey) move(cell, event.key);
    else go(cell, ...DIRECTIONS[event.key].slice(1));
    event.preventDefault();
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.xhr?.status >= 400) document.getElementById("layout-problem")?.focus(); // the button is far below it
    if (event.detail.requestConfig?.triggeringEvent?.submitter?.value === "preview") showPreview();
    isUnsaved ||= rowsNow() !== rowsAtStart;
    const cell = openCell();
    if (isMoving) cell?.focus();
    if (document.activeElement === document.body) (document.getElementById(lastOpen) ?? document.getElementById("add-row"))?.focus();
    if (!isMoving) return;
    isMoving = false;
    const key = waiting.shift();
    if (cell && key) move(cell, key);
  });
  document.addEventListener("htmx:beforeRequest", () => {
    rowsAtStart ??= rowsNow();
    lastOpen = openCell()?.id ?? "";
  });
  for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    document.addEventListener(failure, () => {
      isMoving = false;
      waiting.length = 0;
    });
  }

  document.addEventListener("dragstart", (event) => {
    dragged = cellOf(event);
    event.dataTransfer?.setData("text/plain", dragged ? placeOf(dragged) : "");
  });
  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      const cell = cellOf(event);
      if (!dragged || !cell) return;
      event.preventDefault();
      cell.classList.toggle("drop-target", name === "dragover" && cell !== dragged);
      if (name === "drop" && cell !== dragged) press(`exchange:${placeOf(dragged)}:${placeOf(cell)}`);
    });
  }
  /** What a page in place of the form says, as parts of a sentence. */
  function saidBy(xhr) {
    const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
    const isSignIn = new URL(xhr.responseURL).pathname.endsWith("/account/sign-in");
    const signIn = isSignIn ? xhr.responseURL : page.querySelector('.appbar-end a[href*="/account/sign-in"]')?.getAttribute("href");
    if (signIn) {
      const link = document.createElement("a");
      Object.assign(link, { className: "button quiet", href: signIn, target: "_blank", textContent: "Sign in in another tab" });
      return ["you are signed out. ", link, ", then press the button again."];
    }
    return [page.querySelector("#main .problem p")?.textContent ?? `the server answered with status ${xhr.status}`, "."];
  }

  function sayNotStored(...reason) {
    const box = document.getElementById("layout-not-stored");
    if (!box) return;
    box.replaceChildren("Nothing was stored: ", ...reason, " Your draft is still here.");
    box.hidden = false;
    box.focus();
  }

  // A page in place of the form, such as the one to sign in, would leave nothing of the draft.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { requestConfig, xhr } = event.detail;
    if (requestConfig.elt.id !== "layout-form" || xhr.status === 204 || xhr.responseText.includes('id="layout-form"')) return;
    event.detail.shouldSwap = false;
    isMoving = false;
    sayNotStored(...saidBy(xhr));
  });
  for (const failure of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(failure, (event) => {
      if (event.target.id === "layout-form") sayNotStored("the server did not answer.");
    });
  }

  document.addEventListener("input", (event) => {
    isUnsaved ||= Boolean(event.target.closest("#layout-form"));
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (event.target.id === "layout-form" && event.detail.xhr.status === 204) isUnsaved = false; // it comes with the address of what was stored
  });
  addEventListener("beforeunload", (event) => {
    if (isUnsaved) event.preventDefault();
  });

  document.addEventListener("dragend", () => {
    dragged = null;
  });
})();
