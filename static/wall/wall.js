// A wall: one small request updates all panels, tabs change by themselves, and while the server is unreachable the page says so and continues.
// The page is never loaded again by a navigation: if that met no server, nobody would be there to repeat it.
"use strict";

(() => {
  const STEP_MS = 1000;
  const LONGEST_MS = 10000; // of a request
  const LONGEST_PICTURE_MS = 5000; // for which panels wait for their pictures before they are shown
  const LONGEST_LOAD_MS = 30000; // for which the first request waits for the pictures of the page
  const { duration, timestamp, setText } = dqm.times;
  const loaded = performance.now();

  let refreshMs = Number(document.body.dataset.refresh) * 1000;
  let version = document.body.dataset.version;
  let ahead = dqm.stopWall ? 0 : Number(document.body.dataset.now) * 1000 - Date.now(); // clock of the server before that of this screen, ms
  let lastAnswer = Date.now(); // by the clock of this screen
  let nextPoll = dqm.stopWall ? loaded : loaded + refreshMs; // a script that replaces another one has to ask for its page
  let tabEnd = 0;
  let isBusy = false;

  const shown = () => document.getElementById("wall");
  const serverNow = () => Date.now() + ahead;
  const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  function followTab() {
    tabEnd = performance.now() + Number(shown().dataset.seconds) * 1000;
  }

  /** The tab that is to be shown: the next one when the time of the present one is over. */
  function dueTab() {
    const { tab, tabs } = shown().dataset;
    const isOver = Number(tabs) > 1 && performance.now() >= tabEnd;
    return isOver ? (Number(tab) % Number(tabs)) + 1 : Number(tab);
  }

  function showContact(problem) {
    const since = problem && `${problem} Last contact ${timestamp(lastAnswer + ahead, "Europe/Zurich").slice(11)}.`;
    setText(document.getElementById("contact"), since);
    document.body.classList.toggle("no-contact", Boolean(problem));
  }

  const request = (tab, query, headers) =>
    fetch(`${location.pathname}?tab=${tab}${query}`, {
      headers: { "DQM-Automatic": "true", ...headers },
      cache: "no-store",
      signal: AbortSignal.timeout(LONGEST_MS),
    });

  /** The panels of a fresh tab that are shown already, each with the one that is shown. */
  function unchangedPanels(fresh) {
    const pairs = [...fresh.querySelectorAll(".panel")].map((panel) => [panel, document.getElementById(panel.id)]);
    return pairs.filter(([panel, old]) => old && old.dataset.version === panel.dataset.version);
  }

  /** Wait until the pictures of a fresh tab are there, or for a while; what is shown stays meanwhile. */
  async function loadPictures(fresh, unchanged) {
    const panels = new Set(unchanged.map(([panel]) => panel));
    const pictures = [...fresh.querySelectorAll("img")].filter((picture) => !panels.has(picture.closest(".panel")));
    const decoded = Promise.allSettled(pictures.map((picture) => picture.decode()));
    if (pictures.length > 0) await Promise.race([decoded, later(LONGEST_PICTURE_MS)]);
  }

  /** Show a fresh tab in one step. exchange: puts the fresh elements in the place of the old ones; prepare: runs just before. */
  async function showTab(fresh, exchange, prepare) {
    const unchanged = unchangedPanels(fresh);
    await loadPictures(fresh, unchanged);
    await prepare?.();
    const before = shown().dataset.tab;
    for (const [panel, old] of unchanged) {
      old.className = panel.className; // its place in the grid
      panel.replaceWith(old);
    }
    exchange();
    if (fresh.dataset.tab !== before) {
      history.replaceState(null, "", `?tab=${fresh.dataset.tab}`);
      followTab();
    }
    showTimes();
    dqm.fitWall();
  }

  /** Add a script or style sheet to the page. Fails if it cannot be loaded. */
  async function addAsset(element) {
    const added = document.createElement(element.localName);
    for (const { name, value } of element.attributes) added.setAttribute(name, value);
    const done = new Promise((resolve, reject) => {
      added.addEventListener("load", resolve);
      added.addEventListener("error", reject);
    });
    const late = later(LONGEST_MS).then(() => Promise.reject(new Error("Timeout")));
    document.head.append(added);
    try {
      await Promise.race([done, late]);
    } catch (error) {
      added.remove();
      throw error;
    }
  }

  const SHEETS = 'link[rel="stylesheet"]';
  const isMissing = (element) => ![...document.head.querySelectorAll(element.localName)].some((each) => each.isEqualNode(element));

  function removeOthers(selector, wanted) {
    for (const old of document.head.querySelectorAll(selector)) if (!wanted.some((each) => each.isEqualNode(old))) old.remove();
  }

  /** Show the page of a changed wall or of another version of DQM Hub in the place of this one. Fails without a change. */
  async function takePage(tab) {
    const answer = await request(tab, "", {});
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok || !page.body.dataset.page || !page.getElementById("wall")) throw new Error("Not the page of a wall");
    const scripts = [...page.head.querySelectorAll("script")];
    if (scripts.some(isMissing)) {
      for (const script of scripts.filter(isMissing)) await addAsset(script);
      removeOthers("script", scripts);
      return; // the new script has stopped this one, and goes on with the page
    }
    const sheets = [...page.head.querySelectorAll(SHEETS)];
    const body = document.importNode(page.body, true);
    const addSheets = async () => {
      for (const sheet of sheets.filter(isMissing)) await addAsset(sheet);
    };
    const exchange = () => {
      removeOthers(SHEETS, sheets);
      document.title = page.title;
      Object.assign(document.body.dataset, body.dataset);
      document.body.replaceChildren(...body.childNodes);
      showContact("");
    };
    await showTab(body.querySelector("#wall"), exchange, addSheets);
    version = body.dataset.version;
    refreshMs = Number(body.dataset.refresh) * 1000;
  }

  async function show(tab, text, fragmentVersion) {
    const box = document.createElement("div");
    box.innerHTML = text;
    const fresh = box.querySelector("#wall");
    if (fresh.dataset.page !== document.body.dataset.page) {
      await takePage(tab);
    } else {
      await showTab(fresh, () => shown().replaceWith(fresh));
      version = fragmentVersion;
    }
  }

  /** Load what failed: pictures, and the style sheet of the page. */
  async function repair() {
    for (const picture of document.querySelectorAll("#wall img")) {
      if (picture.complete && picture.naturalWidth === 0) picture.src = picture.getAttribute("src");
    }
    for (const sheet of document.head.querySelectorAll(SHEETS)) {
      if (sheet.sheet) continue;
      await addAsset(sheet);
      sheet.remove();
    }
  }

  async function poll(tab) {
    isBusy = true;
    try {
      const answer = await request(tab, `&since=${version}`, { "HX-Request": "true" });
      const text = await answer.text();
      if (!answer.ok) {
        showContact(answer.status === 401 ? "Sign in, or let this network see walls." : `DQM Hub answers with error ${answer.status}.`);
        return;
      }
      if (answer.status === 200 && !answer.headers.has("Wall-Version")) {
        showContact("Something else answers in place of DQM Hub.");
        return;
      }
      const date = Date.parse(answer.headers.get("Date"));
      if (date) ahead = date - Date.now();
      if (answer.status === 200) await show(tab, text, answer.headers.get("Wall-Version"));
      lastAnswer = Date.now();
      showContact("");
      await repair();
    } catch {
      showContact("No contact with DQM Hub.");
    } finally {
      performance.clearResourceTimings(); // else the browser keeps one of each of the first 250 requests
      isBusy = false;
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
    const isDue = performance.now() >= nextPoll || (tab !== Number(shown().dataset.tab) && !document.body.classList.contains("no-contact"));
    const isLoaded = document.readyState === "complete" || performance.now() > loaded + LONGEST_LOAD_MS;
    if (isDue && isLoaded && !isBusy) {
      nextPoll = performance.now() + refreshMs;
      poll(tab);
    }
    showTimes();
    dqm.fitWall(); // a longer age can need more room
  }

  /** End what the page does without this script: it loads the next tab. */
  function endRefresh() {
    stop();
    document.querySelector('meta[http-equiv="refresh"]')?.remove(); // for programs that read the page: it has ended
  }

  dqm.stopWall?.();
  if (document.readyState === "complete") endRefresh();
  else addEventListener("load", endRefresh, { once: true });
  addEventListener("resize", dqm.fitWall);
  const timer = setInterval(step, STEP_MS);
  dqm.stopWall = () => {
    clearInterval(timer);
    removeEventListener("resize", dqm.fitWall);
  };
  showContact("");
  followTab();
  step();
})();
