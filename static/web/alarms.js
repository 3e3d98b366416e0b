// Alarms that nobody acknowledged: their number in the bar, the title and the icon of each page, and a sound for new ones.
// Each answer to a request of htmx has their number and the time of the newest one in a header; a page without other requests polls for them.
"use strict";
(() => {
  const POLL_MS = 20_000;
  const TONES = [660, 880, 660, 880]; // Hz
  const link = document.getElementById("alarm-count");
  const button = document.getElementById("alarm-sound");
  if (!link || !button) return; // the page is for everybody, with or without an account

  let answered = performance.now(); // time of the last answer with the number, ms
  let newest = 0; // time of the newest alarm, ms
  let audio = null; // the AudioContext while the sound is on
  let allowed = false; // the browser has allowed this page to play
  let release = () => {}; // gives back the lock of the last alarm that this page has played
  const memory = {}; // in place of a storage that the browser blocks

  function stored(name) {
    try {
      return localStorage.getItem(name);
    } catch {
      return memory[name] ?? null;
    }
  }

  function store(name, value) {
    try {
      localStorage.setItem(name, value);
    } catch {
      memory[name] = value;
    }
  }

  /** Play the sound if the newest alarm is newer than the last one that any page has played; a page that may not play leaves it to another page, or plays it later. */
  function sound() {
    if (stored("alarm-played") === null) store("alarm-played", String(newest)); // the first page of this browser
    if (allowed && audio?.state === "suspended") audio.resume(); // it was running until its output was lost
    if (audio?.state !== "running") return;
    const time = newest;
    once(time, () => {
      if (audio?.state !== "running" || time <= Number(stored("alarm-played"))) return false;
      store("alarm-played", String(time));
      dqm.beep(audio, TONES);
      return true;
    });
  }

  /** Run `play` in one page for the newest alarm of this time. The page that has played keeps the lock, since others read late what it stores; there are no locks without https. */
  function once(time, play) {
    if (!navigator.locks) {
      play();
      return;
    }
    navigator.locks.request(`alarm-sound-${time}`, { ifAvailable: true }, (lock) => {
      if (!lock || !play()) return;
      release();
      return new Promise((done) => {
        release = done;
      });
    });
  }

  /** Show `<number>.<time of the newest, ms>`. */
  function show(text) {
    const [count, time] = text.split(".").map(Number);
    newest = time;
    answered = performance.now();
    link.dataset.alarms = text;
    link.hidden = count === 0;
    link.querySelector("b").textContent = count;
    link.querySelector(".unseen").textContent = count === 1 ? " alarm to look at" : " alarms to look at";
    dqm.tabCount("alarms", count);
    sound();
  }

  /** Also in a hidden tab, whose title and sound are there to be noticed. */
  async function poll() {
    if (performance.now() - answered < POLL_MS) return;
    try {
      const answer = await fetch(link.dataset.countUrl, { headers: { "HX-Request": "true", "DQM-Automatic": "1" } });
      if (answer.headers.has("DQM-Alarms")) show(answer.headers.get("DQM-Alarms"));
    } catch {
      // The server does not answer: the next time, or another request of this page, which says so.
    }
  }

  function showButton() {
    const state = !audio ? "off" : audio.state === "running" ? "on" : "waiting";
    button.classList.remove("reserved");
    button.setAttribute("aria-pressed", String(audio !== null));
    button.title = `Alarm sound: ${state === "waiting" ? "waiting for a click" : state}`;
    button.querySelector(".unseen").textContent = button.title;
    button.dataset.sound = state;
  }

  function switchOn() {
    audio = new AudioContext();
    audio.addEventListener("statechange", () => {
      allowed ||= audio?.state === "running";
      showButton();
      sound();
    });
  }

  function switchOff() {
    audio.close();
    audio = null;
  }

  button.addEventListener("click", () => {
    if (audio?.state === "running") switchOff();
    else {
      if (!audio) switchOn();
      store("alarm-played", String(newest)); // by what follows
      dqm.beep(audio, TONES);
      once(newest, () => true);
    }
    store("alarm-sound", audio ? "on" : "off");
    showButton();
  });
  // A browser may forbid sound until the first click or key in a page.
  for (const event of ["pointerdown", "keydown"]) {
    document.addEventListener(event, (cause) => {
      if (audio?.state === "suspended" && !button.contains(cause.target)) audio.resume();
    });
  }
  document.addEventListener("htmx:afterRequest", (event) => {
    const text = event.detail.xhr.getResponseHeader("DQM-Alarms");
    if (text) show(text);
  });
  setInterval(poll, POLL_MS / 4);
  if (stored("alarm-sound") === "on") switchOn();
  showButton();
  show(link.dataset.alarms);
})();
