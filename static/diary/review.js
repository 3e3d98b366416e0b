// Tells of changes of the review that are not saved, also when the page is about to be left.
"use strict";
(() => {
  const form = document.getElementById("review-form");
  if (!form) return;
  const note = form.querySelector("[data-unsaved]");
  const text = "You have unsaved changes";
  const seen = [...form.elements].filter((field) => field.name.startsWith("seen_"));
  let isSending = false;

  const isChanged = () => seen.some((field) => form.elements[field.name.slice("seen_".length)].value !== field.value);

  function update() {
    if (isChanged() !== (note.textContent.trim() !== "")) note.textContent = isChanged() ? text : "";
  }

  form.addEventListener("input", update);
  form.addEventListener("submit", () => {
    isSending = true;
  });
  addEventListener("pageshow", () => {
    isSending = false;
    update();
  });
  addEventListener("beforeunload", (event) => {
    if (isChanged() && !isSending) event.preventDefault();
  });
  update();
})();
