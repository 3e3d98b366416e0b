// What a page keeps when idiomorph merges a new answer into it: open menus, typed text, elements marked data-keep, and
// what it has loaded in place of a placeholder, until the new content is there.
"use strict";
// htmx fires "load" once for each element, so a placeholder that is merged into its own loaded content would stay empty.
function reload(loaded, placeholder) {
  for (const { name, value } of placeholder.attributes) {
    if (name !== "hx-get" && name !== "hx-trigger") loaded.setAttribute(name, value);
  }
  const [address, swap] = [placeholder.getAttribute("hx-get"), placeholder.getAttribute("hx-swap")];
  queueMicrotask(() => loaded.isConnected && htmx.ajax("GET", address, { source: loaded, target: loaded, swap }));
  return false;
}
// What is typed stays; idiomorph would leave the whole content of any element with the focus as it was, also of a summary or a link.
Object.defineProperty(Idiomorph.defaults, "ignoreActiveValue", {
  enumerable: true,
  get: () => Boolean(document.activeElement?.matches("input, textarea, select")),
});
Object.assign(Idiomorph.defaults.callbacks, {
  beforeAttributeUpdated: (name, element) => !(name === "open" && element instanceof HTMLDetailsElement),
  beforeNodeMorphed: (old, fresh) => {
    if (old.dataset?.keep !== undefined) return false;
    return fresh.nodeType !== Node.ELEMENT_NODE || !fresh.matches('[hx-trigger="load"]') || reload(old, fresh);
  },
});
