// Pages of a mirror: ages that grow, times in another zone, and what is new, put in place so that focus and scroll stay.
"use strict";
(() => {
  const OLD_S = 60;
  const data = document.getElementById("data");
  const shown = document.getElementById("shown");
  let ahead = Number(data.dataset.now) * 1000 - Date.now(); // of the mirror's clock before ours, ms

  // Ages

  function words(seconds) {
    if (seconds < 120) return `${seconds} s`;
    if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
    if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
    return `${Math.floor(seconds / 86400)} days`;
  }

  function put(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  function since(at) {
    return Math.max(0, Math.floor((Date.now() + ahead) / 1000 - Number(at)));
  }

  function tick() {
    for (const element of document.querySelectorAll("[data-since]")) put(element, words(since(element.dataset.since)));
    const old = since(data.dataset.from) > OLD_S;
    data.classList.toggle("old", old);
    data.querySelector(".reason").hidden = !old;
  }

  // Times

  const zones = document.querySelector("#zones select");

  function times() {
    const zone = zones.value || undefined;
    const form = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
    for (const element of document.querySelectorAll("time[data-at]")) put(element, form.format(Number(element.dataset.at) * 1000));
    for (const element of document.querySelectorAll("[data-zone]")) put(element, zones.value ? zones.selectedOptions[0].text : Intl.DateTimeFormat().resolvedOptions().timeZone);
  }

  function chooseZone() {
    let chosen = null;
    try {
      chosen = localStorage.getItem("zone");
    } catch {
      // Without storage each page begins with Swiss time.
    }
    if (chosen !== null) zones.value = chosen;
    if (zones.selectedIndex < 0) zones.selectedIndex = 0;
    zones.parentElement.hidden = false;
    zones.addEventListener("change", () => {
      try {
        localStorage.setItem("zone", zones.value);
      } catch {
        // It holds for this page.
      }
      times();
    });
    if (zones.selectedIndex > 0) times();
  }

  // What is new: each element that stays what it is keeps its place in the document, and so focus, scroll and what is open

  function match(old, fresh) {
    for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    matchChildren(old, fresh);
  }

  function matchChildren(old, fresh) {
    const wanted = [...fresh.childNodes];
    wanted.forEach((node, place) => {
      const there = old.childNodes[place];
      if (!there) old.append(node);
      else if (there.nodeType !== node.nodeType || there.nodeName !== node.nodeName || there.id !== node.id) there.replaceWith(node);
      else if (node.nodeType === Node.ELEMENT_NODE) match(there, node);
      else if (there.nodeValue !== node.nodeValue) there.nodeValue = node.nodeValue;
    });
    while (old.childNodes.length > wanted.length) old.lastChild.remove();
  }

  function show(text) {
    const fresh = document.createElement("template");
    fresh.innerHTML = `\n${text}\n    `;
    matchChildren(shown, fresh.content);
    if (zones.selectedIndex > 0) times();
  }

  function dated(answer) {
    const at = answer.headers.get("Data-At");
    if (at === null) return;
    const date = Date.parse(answer.headers.get("Date"));
    const now = date + Number(answer.headers.get("Age") ?? 0) * 1000 - Date.now();
    if (Math.abs(now - ahead) > 2000) ahead = now; // the header has whole seconds
    if (at === data.dataset.from) return;
    data.dataset.from = at;
    const time = data.querySelector("time");
    if (!time) return location.reload(); // the first data came
    data.querySelector("[data-since]").dataset.since = at;
    time.dataset.at = at;
    time.dateTime = `${new Date(at * 1000).toISOString().slice(0, 19)}Z`;
    times();
  }

  let timer = null;
  let asking = false;

  async function poll() {
    if (asking || document.hidden) return;
    asking = true;
    clearTimeout(timer);
    let wait = Number(shown.dataset.every);
    const away = document.getElementById("away");
    try {
      const address = shown.dataset.poll;
      const answer = await fetch(`${address}${address.includes("?") ? "&" : "?"}since=${shown.dataset.tag}`);
      away.hidden = answer.status < 500;
      wait = Math.max(wait, Number(answer.headers.get("Retry-After") ?? 0));
      if (answer.status === 200) {
        show(await answer.text());
        shown.dataset.tag = answer.headers.get("Data-Tag");
      }
      dated(answer);
    } catch {
      away.hidden = false;
    }
    asking = false;
    tick();
    timer = setTimeout(poll, wait * 1000);
  }

  chooseZone();
  tick();
  setInterval(tick, 1000);
  if (shown.dataset.poll) {
    document.addEventListener("visibilitychange", poll);
    timer = setTimeout(poll, Number(shown.dataset.every) * 1000);
  }
})();
