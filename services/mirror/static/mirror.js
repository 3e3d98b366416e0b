// Pages of a mirror: growing ages, times in another zone, and polling, which updates the page and keeps focus and scroll.
"use strict";
(() => {
  const { duration, localZone, timestamp, setText } = dqm.times;
  const OLD_S = 60;
  const data = document.getElementById("data");
  const fragment = document.getElementById("fragment");
  let clockOffset = Number(data.dataset.now) * 1000 - Date.now(); // the mirror's clock minus ours, ms

  // Ages

  function secondsSince(at) {
    return Math.max(0, Math.floor((Date.now() + clockOffset) / 1000 - Number(at)));
  }

  function updateAges() {
    for (const element of document.querySelectorAll("[data-since]")) setText(element, duration(secondsSince(element.dataset.since)));
    const old = secondsSince(data.dataset.from) > OLD_S;
    data.classList.toggle("old", old);
    data.querySelector(".reason").hidden = !old;
  }

  // Times

  const zones = document.querySelector("#zones select");

  function updateTimes() {
    const zone = zones.value || undefined;
    const name = zones.value ? zones.selectedOptions[0].text : localZone();
    for (const element of document.querySelectorAll("time[data-at]")) setText(element, timestamp(Number(element.dataset.at) * 1000, zone));
    for (const element of document.querySelectorAll("[data-zone]")) setText(element, name);
  }

  function initZones() {
    let zone = null;
    try {
      zone = localStorage.getItem("zone");
    } catch {
      // Storage is blocked: each page starts with Swiss time.
    }
    if (zone !== null) zones.value = zone;
    if (zones.selectedIndex < 0) zones.selectedIndex = 0;
    zones.parentElement.hidden = false;
    zones.addEventListener("change", () => {
      try {
        localStorage.setItem("zone", zones.value);
      } catch {
        // The choice applies to this page only.
      }
      updateTimes();
    });
    if (zones.selectedIndex > 0) updateTimes();
  }

  // Updates: an element that stays the same is not replaced, so that it keeps focus, scroll position and whether it is open

  function update(old, fresh) {
    for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    updateChildren(old, fresh);
  }

  function updateChildren(old, fresh) {
    const nodes = [...fresh.childNodes];
    nodes.forEach((node, index) => {
      const current = old.childNodes[index];
      if (!current) old.append(node);
      else if (current.nodeType !== node.nodeType || current.nodeName !== node.nodeName || current.id !== node.id)
        current.replaceWith(node);
      else if (node.nodeType === Node.ELEMENT_NODE) update(current, node);
      else if (current.nodeValue !== node.nodeValue) current.nodeValue = node.nodeValue;
    });
    while (old.childNodes.length > nodes.length) old.lastChild.remove();
  }

  function showFragment(html) {
    const fresh = document.createElement("template");
    fresh.innerHTML = `\n${html}\n    `;
    updateChildren(fragment, fresh.content);
    document.dispatchEvent(new Event("mirror:updated"));
    if (zones.selectedIndex > 0) updateTimes();
  }

  function updateDataTime(response) {
    const at = response.headers.get("Data-At");
    if (at === null) return;
    const date = Date.parse(response.headers.get("Date"));
    const offset = date + Number(response.headers.get("Age") ?? 0) * 1000 - Date.now();
    if (Math.abs(offset - clockOffset) > 2000) clockOffset = offset; // the header has whole seconds
    if (at === data.dataset.from) return;
    data.dataset.from = at;
    const time = data.querySelector("time");
    if (!time) return location.reload(); // the first data arrived
    data.querySelector("[data-since]").dataset.since = at;
    time.dataset.at = at;
    time.dateTime = `${new Date(at * 1000).toISOString().slice(0, 19)}Z`;
    updateTimes();
  }

  // Keys: a letter clicks the element with this data-key, as on the hub

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, select, textarea")) return;
    document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
  });

  // Polling

  let timer = null;
  let isPolling = false;

  async function poll() {
    if (isPolling || document.hidden) return;
    isPolling = true;
    clearTimeout(timer);
    let wait = Number(fragment.dataset.every);
    const unreachable = document.getElementById("unreachable");
    try {
      const address = fragment.dataset.poll;
      const response = await fetch(`${address}${address.includes("?") ? "&" : "?"}since=${fragment.dataset.tag}`);
      unreachable.hidden = response.status < 500;
      wait = Math.max(wait, Number(response.headers.get("Retry-After") ?? 0));
      if (response.status === 200) {
        showFragment(await response.text());
        fragment.dataset.tag = response.headers.get("Data-Tag");
      }
      updateDataTime(response);
    } catch {
      unreachable.hidden = false;
    }
    isPolling = false;
    updateAges();
    timer = setTimeout(poll, wait * 1000);
  }

  initZones();
  updateAges();
  setInterval(updateAges, 1000);
  if (fragment.dataset.poll) {
    document.addEventListener("visibilitychange", poll);
    timer = setTimeout(poll, Number(fragment.dataset.every) * 1000);
  }
})();
