// Marks a field as wrong while the list below it, which htmx replaces, shows a message about it.
"use strict";
document.addEventListener("htmx:afterSettle", () => {
  for (const field of document.querySelectorAll("[data-problem]")) {
    const isThere = document.getElementById(field.dataset.problem) !== null;
    for (const [name, value] of [
      ["aria-invalid", "true"],
      ["aria-describedby", field.dataset.problem],
    ]) {
      if (isThere) field.setAttribute(name, value);
      else field.removeAttribute(name);
    }
  }
});
