// A wall: one small request updates all panels, tabs change by themselves, and while the server is away the page says so and goes on.
"use strict";

(() => {
  const STEP_MS = 1000;
  const LONGEST_MS = 10000; // of a request
  const LONGEST_PICTURE_MS = 5000; // for which a panel waits for its pictures before it is shown
  const FIRST_RELOAD_MS = 30000; // a page that is outdated again at once must not reload for ever
  const { duration, timestamp, setText } = dqm.times;
  const loaded = performance.now();
  const refreshMs = Number(document.body.dataset.refresh) * 1000;

  let version = document.body.dataset.version;
  let ahead = 0; // clock of the server before that of this screen, ms
  let lastAnswer = Date.now(); // by the clock of this screen
  let nextPoll = loaded + refreshMs;
  let tabEnd = 0;
  let isBusy = false;

  const shown = () => document.getElementById("wall");
  const serverNow = () => Date.now() + ahead;

  function followTab() {
    tabEnd = performance.now() + Number(shown().dataset.seconds) * 1000;
  }

  /** The tab that is to be shown: the next one when the time of the present one is over. */
  function dueTab() {
    const { tab, tabs } = shown().dataset;
    const isOver = Number(tabs) > 1 && performance.now() >= tabEnd;
    return isOver ? (Number(tab) % Number(tabs)) + 1 : Number(tab);
  }

  function tellContact(problem) {
    const since = problem && `${problem} Last contact ${timestamp(lastAnswer + ahead, "Europe/Zurich").slice(11)}.`;
    setText(document.getElementById("contact"), since);
    document.body.classList.toggle("away", Boolean(problem));
  }

  /** Wait until the pictures of an element are there, or for a while. */
  function withPictures(element) {
    const pictures = [...element.querySelectorAll("img")].map((picture) => picture.decode());
    const late = new Promise((resolve) => setTimeout(resolve, LONGEST_PICTURE_MS));
    return pictures.length > 0 ? Promise.race([Promise.allSettled(pictures), late]) : null;
  }

  /** Show a tab of the server: panels that did not change stay, with their pictures. */
  async function show(text) {
    const box = document.createElement("div");
    box.innerHTML = text;
    const fresh = box.querySelector("#wall");
    if (fresh.dataset.page !== document.body.dataset.page) {
      if (performance.now() - loaded > FIRST_RELOAD_MS) location.reload();
      return;
    }
    for (const panel of fresh.querySelectorAll(".panel")) {
      const old = document.getElementById(panel.id);
      if (old && old.dataset.version === panel.dataset.version) panel.replaceWith(old);
    }
    await withPictures(fresh);
    const isOther = fresh.dataset.tab !== shown().dataset.tab;
    shown().replaceWith(fresh);
    if (isOther) {
      history.replaceState(null, "", `?tab=${fresh.dataset.tab}`);
      followTab();
    }
    showTimes();
    fit();
  }

  async function poll(tab) {
    isBusy = true;
    try {
      const address = `${location.pathname}?tab=${tab}&since=${version}`;
      const headers = { "HX-Request": "true", "DQM-Automatic": "true" };
      const answer = await fetch(address, { headers, cache: "no-store", signal: AbortSignal.timeout(LONGEST_MS) });
      const text = await answer.text();
      if (!answer.ok) {
        tellContact(answer.status === 401 ? "Sign in, or let this network see walls." : `DQM Hub answers with error ${answer.status}.`);
        return;
      }
      const date = Date.parse(answer.headers.get("Date"));
      if (date) ahead = date - Date.now();
      lastAnswer = Date.now();
      tellContact("");
      if (answer.status === 200) {
        await show(text);
        version = answer.headers.get("Wall-Version");
      }
      for (const picture of document.querySelectorAll("img[data-failed]")) {
        delete picture.dataset.failed;
        picture.src = picture.getAttribute("src");
      }
    } catch {
      tellContact("No contact with DQM Hub.");
    } finally {
      performance.clearResourceTimings(); // else the browser keeps one of each of the first 250 requests
      isBusy = false;
    }
  }

  /** Leave out what has no room in a list, and say how much. */
  function fit() {
    for (const list of document.querySelectorAll(".fit")) {
      const note = list.parentElement.querySelector(".more");
      const entries = [...list.children];
      for (const entry of entries) entry.hidden = false;
      if (note) note.hidden = true;
      const bottom = () => list.getBoundingClientRect().bottom + 1;
      const isOut = (entry) => entry.getBoundingClientRect().bottom > bottom();
      if (getComputedStyle(document.body).overflow !== "hidden" || !entries.some(isOut)) continue;
      if (note) {
        note.hidden = false; // it takes some room itself
        setText(note, "0 more");
      }
      const out = entries.filter(isOut);
      for (const entry of out) entry.hidden = true;
      if (note) setText(note, `${out.length} more`);
    }
  }

  function showTimes() {
    setText(document.getElementById("clock"), timestamp(serverNow(), "Europe/Zurich").slice(11));
    for (const time of document.querySelectorAll("#wall time.age")) {
      const age = Math.max(0, Math.floor((serverNow() - Date.parse(time.dateTime)) / 1000));
      setText(time, duration(age));
      const limit = time.closest("[data-old]");
      if (limit) limit.classList.toggle("old", age > Number(limit.dataset.old));
    }
  }

  function step() {
    const tab = dueTab();
    const isDue = performance.now() >= nextPoll || (tab !== Number(shown().dataset.tab) && !document.body.classList.contains("away"));
    if (isDue && !isBusy) {
      nextPoll = performance.now() + refreshMs;
      poll(tab);
    }
    showTimes();
    fit(); // a longer age can need another line
  }

  document.addEventListener(
    "error",
    (event) => {
      if (event.target instanceof HTMLImageElement) event.target.dataset.failed = "";
    },
    true,
  );
  addEventListener("resize", fit);
  followTab();
  step();
  setInterval(step, STEP_MS);
})();
