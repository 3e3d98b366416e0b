// A field whose problem is told in the list below it, which htmx replaces: it is marked while the problem is there.
"use strict";
document.addEventListener("htmx:afterSettle", () => {
  for (const field of document.querySelectorAll("[data-problem]")) {
    if (document.getElementById(field.dataset.problem)) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
});
