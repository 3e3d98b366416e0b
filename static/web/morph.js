// What a page keeps when idiomorph merges a new answer into it: open menus, typed text, elements marked data-keep.
"use strict";
Object.assign(Idiomorph.defaults, { ignoreActiveValue: true });
Object.assign(Idiomorph.defaults.callbacks, {
  beforeAttributeUpdated: (name, element) => !(name === "open" && element instanceof HTMLDetailsElement),
  beforeNodeMorphed: (old) => old.dataset?.keep === undefined,
});
