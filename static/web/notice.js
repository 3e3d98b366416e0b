// A short message at the bottom of the page.
"use strict";
globalThis.dqm ??= {};

dqm.notice = (() => {
  const SHOW_MS = 6000;
  let timer = 0;

  return (text) => {
    const box = document.getElementById("notice");
    box.textContent = text;
    box.hidden = false;
    clearTimeout(timer);
    timer = setTimeout(() => {
      box.hidden = true;
    }, SHOW_MS);
  };
})();
