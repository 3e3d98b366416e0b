// Links whose click a script handles stay links: with Ctrl, Cmd, Shift or Alt a click is for the browser, which opens a tab or a
// window, or downloads. htmx and other listeners never see it. The middle button sends no click.
"use strict";
document.addEventListener(
  "click",
  (event) => {
    const isModified = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (isModified && event.target.closest("a[href]")) event.stopPropagation();
  },
  true,
);
