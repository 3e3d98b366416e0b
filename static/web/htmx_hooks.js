// Requests of htmx: polls pause in hidden tabs, empty fields stay out of addresses, errors leave a polling page as it is.
"use strict";
(() => {
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.target.closest("[data-poll]")) event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    for (const element of document.querySelectorAll("[data-poll]")) htmx.trigger(element, "shown");
  });

  const clicksForUsers = new WeakSet();

  /** Click an element because its user pressed a key or clicked elsewhere. */
  dqm.click = (element) => {
    element.addEventListener("click", (event) => clicksForUsers.add(event), { capture: true, once: true });
    element.click();
  };
  // A page that updates itself does not prolong the session of its user.
  document.addEventListener("htmx:configRequest", (event) => {
    const cause = event.detail.triggeringEvent;
    if (!cause?.isTrusted && !clicksForUsers.has(cause)) event.detail.headers["DQM-Automatic"] = "1";
  });

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") return;
    const data = event.detail.formData;
    for (const field of event.detail.elt.querySelectorAll("[data-state]")) data.delete(field.name); // hx-get has the state
    const filled = [...data].filter(([, value]) => value !== "");
    for (const name of [...data.keys()]) data.delete(name);
    for (const [name, value] of filled) data.append(name, value);
  });

  // A form with data-live has sent every change already when Enter submits it.
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-live]")) event.preventDefault();
  });

  for (const failure of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(failure, () => dqm.notice("Server not responding. Showing the last data received."));
  }
  // An error that is no page of the hub, such as a refusal of a long address, would leave nothing of the page.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { isError, xhr } = event.detail;
    if (!isError || event.target.id !== "main" || xhr.responseText.includes('id="main"')) return;
    event.detail.shouldSwap = false;
    const isLong = xhr.status === 414;
    dqm.notice(
      isLong ? "Too long for an address: shorten labels or leave something out." : `Server error ${xhr.status}. Nothing was changed.`,
    );
  });
  // An error swapped into a polling element would end its polling.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!event.detail.isError || !event.target.matches("[data-poll]")) return;
    event.detail.shouldSwap = false;
    dqm.notice(`Server error ${event.detail.xhr.status}. Showing the last data received.`);
  });
})();
