// Copying: data-copy names the field with the text, data-copy-link copies the address of the link itself.
"use strict";
(() => {
  async function copy(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const area = document.createElement("textarea"); // pages over plain HTTP have no navigator.clipboard
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
      dqm.notice("Copied.");
    } catch {
      dqm.notice("This browser blocks copying. Select the text and copy it.");
    }
  });
})();
