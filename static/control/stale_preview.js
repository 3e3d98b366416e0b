// A command is confirmed for the arguments of its preview. After a change of the arguments it cannot be confirmed until
// the preview is updated: else the fields would name one object, and the command be sent for another one.
"use strict";
(() => {
  const fields = document.querySelector('form[aria-label="Arguments"]');
  const button = document.querySelector('form[aria-label="Confirmation"] button');
  const message = document.getElementById("stale-preview");
  if (!fields || !button) return;

  /** Whether a field has another value than the server sent. */
  function isChanged(field) {
    if (field.tagName === "SELECT") return [...field.options].some((option) => option.selected !== option.defaultSelected);
    return field.value.trim() !== field.defaultValue.trim();
  }

  function update() {
    const isStale = [...fields.querySelectorAll("select, input:not([type=hidden])")].some(isChanged);
    button.disabled = isStale; // Enter in the reason submits nothing then, either
    message.hidden = !isStale;
  }

  fields.addEventListener("input", update);
  window.addEventListener("pageshow", update); // browsers restore fields when one goes back
})();
