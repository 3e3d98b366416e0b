// Alarms that nobody acknowledged: their number in the bar, the title and the icon of each page, and a sound for new ones.
// Each answer to a request of htmx has the number and the version of the alarms in a header; a page without other requests asks for them.
"use strict";
(() => {
  const ASK_MS = 20_000;
  const TONES = [660, 880, 660, 880]; // Hz
  const link = document.getElementById("alarm-count");
  const button = document.getElementById("alarm-sound");
  if (!link || !button) return; // the page is for everybody, with or without an account

  let answered = performance.now(); // time of the last answer with the number, ms
  let audio = null; // the AudioContext while the sound is on
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

  /** Play the sound if there are more recent alarms than when a page of this browser played it last. */
  function sound(version) {
    if (Number(stored("alarm-heard") ?? version) < version && audio?.state === "running") dqm.beep(audio, TONES);
    store("alarm-heard", String(version));
  }

  /** Show `<number>.<version>`. */
  function show(text) {
    const [count, version] = text.split(".").map(Number);
    answered = performance.now();
    if (text === link.dataset.alarms && !link.classList.contains("reserved")) return;
    link.dataset.alarms = text;
    link.classList.remove("reserved");
    link.hidden = count === 0;
    link.textContent = count === 1 ? "1 alarm" : `${count} alarms`;
    dqm.tabCount("alarms", count);
    sound(version);
  }

  /** Also in a hidden tab, whose title and sound are there to be noticed. */
  async function ask() {
    if (performance.now() - answered < ASK_MS) return;
    try {
      const answer = await fetch(link.dataset.ask, { headers: { "HX-Request": "true", "DQM-Automatic": "1" } });
      if (answer.headers.has("DQM-Alarms")) show(answer.headers.get("DQM-Alarms"));
    } catch {
      // The server does not answer: the next time, or another request of this page, which says so.
    }
  }

  function showButton() {
    const state = !audio ? "off" : audio.state === "running" ? "on" : "waiting for a click";
    button.classList.remove("reserved");
    button.setAttribute("aria-pressed", String(audio !== null));
    button.title = `Alarm sound: ${state}`;
    button.querySelector(".unseen").textContent = button.title;
    button.dataset.sound = state === "on" ? "on" : "off";
  }

  function switchOn() {
    audio = new AudioContext();
    audio.addEventListener("statechange", showButton);
  }

  function switchOff() {
    audio.close();
    audio = null;
  }

  button.addEventListener("click", () => {
    if (audio?.state === "running") switchOff();
    else {
      if (!audio) switchOn();
      dqm.beep(audio, TONES);
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
  setInterval(ask, ASK_MS / 4);
  if (stored("alarm-sound") === "on") switchOn();
  showButton();
  show(link.dataset.alarms);
})();
