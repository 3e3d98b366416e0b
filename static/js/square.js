// DQM^2: times of this browser's zone, the end of a log that grows, and a sound for crashes.
"use strict";
(() => {
  // What a poll brings knows nothing of what somebody typed or switched.
  Idiomorph.defaults.callbacks.beforeNodeMorphed = (old) => old.dataset?.keep === undefined;

  // Times

  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const two = (value) => String(value).padStart(2, "0");

  function localTimes() {
    const found = document.querySelectorAll("time[data-local]");
    for (const element of found) {
      const at = new Date(element.dateTime);
      const text = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
      if (element.textContent !== text) element.textContent = text;
    }
    for (const element of document.querySelectorAll("[data-zone]")) element.textContent = zone;
  }

  // The end of a log

  function follow() {
    if (document.getElementById("follow")?.checked) document.querySelector(".log li:last-child")?.scrollIntoView({ block: "end" });
  }

  // A sound for crashes, which browsers allow after a click only

  let sound = null;
  let crashes = null;

  function beep() {
    const start = sound.currentTime;
    for (const [at, pitch] of [[0, 880], [0.22, 660], [0.44, 880]]) {
      const tone = sound.createOscillator();
      const volume = sound.createGain();
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.15, start + at);
      volume.gain.exponentialRampToValueAtTime(0.001, start + at + 0.2);
      tone.connect(volume).connect(sound.destination);
      tone.start(start + at);
      tone.stop(start + at + 0.2);
    }
  }

  function alarm() {
    const box = document.getElementById("square");
    const button = document.getElementById("alarm");
    const text = sound ? "Sound for crashes: on" : "Sound for crashes: off";
    if (button && button.textContent !== text) {
      button.hidden = false;
      button.setAttribute("aria-pressed", String(Boolean(sound)));
      button.textContent = text;
    }
    if (!box) return;
    const now = `${box.dataset.run} ${box.dataset.crashes}`;
    const [run, count] = (crashes ?? now).split(" ");
    const more = Number(box.dataset.crashes) > (run === box.dataset.run ? Number(count) : 0);
    if (crashes !== null && more && sound) beep();
    crashes = now;
  }

  document.addEventListener("click", (event) => {
    if (!event.target.closest("#alarm")) return;
    if (sound) {
      sound.close();
      sound = null;
    } else {
      sound = new AudioContext();
      beep();
    }
    alarm();
  });

  function show() {
    localTimes();
    follow();
    alarm();
  }
  document.addEventListener("htmx:afterSettle", show);
  document.addEventListener("change", (event) => { if (event.target.id === "follow") follow(); });
  show();
})();
