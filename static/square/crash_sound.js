// A sound for new crashes. Browsers allow sound only after a click, so it starts off.
"use strict";
(() => {
  const TONES = [
    // start in s, frequency in Hz
    [0, 880],
    [0.22, 660],
    [0.44, 880],
  ];
  const TONE_S = 0.2;
  const VOLUME = 0.15;

  let audio = null; // the AudioContext while sound is on
  let last = null; // {run, crashes} of the last answer

  function beep() {
    for (const [offset, frequency] of TONES) {
      const start = audio.currentTime + offset;
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.frequency.value = frequency;
      volume.gain.setValueAtTime(VOLUME, start);
      volume.gain.exponentialRampToValueAtTime(0.001, start + TONE_S);
      tone.connect(volume).connect(audio.destination);
      tone.start(start);
      tone.stop(start + TONE_S);
    }
  }

  function showButton() {
    const button = document.getElementById("alarm");
    const label = `Crash sound: ${audio ? "on" : "off"}`;
    const isReserved = button?.classList.contains("reserved");
    if (!button || (!isReserved && button.textContent === label)) return;
    button.classList.remove("reserved");
    button.setAttribute("aria-pressed", String(audio !== null));
    button.textContent = label;
  }

  function check() {
    showButton();
    const square = document.getElementById("square");
    if (!square) return;
    const now = { run: square.dataset.run, crashes: Number(square.dataset.crashes) };
    const before = last?.run === now.run ? last.crashes : 0;
    if (last && audio && now.crashes > before) beep();
    last = now;
  }

  document.addEventListener("click", (event) => {
    if (!event.target.closest("#alarm")) return;
    if (audio) {
      audio.close();
      audio = null;
    } else {
      audio = new AudioContext();
      beep();
    }
    check();
  });
  document.addEventListener("htmx:afterSettle", check);
  check();
})();
