// A sound for new crashes. Browsers allow sound only after a click, so it starts off.
"use strict";
(() => {
  const TONES = [880, 660, 880]; // Hz

  let audio = null; // the AudioContext while sound is on
  let last = null; // {run, crashes} of the last answer

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
    if (last && audio && now.crashes > before) dqm.beep(audio, TONES);
    last = now;
  }

  document.addEventListener("click", (event) => {
    if (!event.target.closest("#alarm")) return;
    if (audio) {
      audio.close();
      audio = null;
    } else {
      audio = new AudioContext();
      dqm.beep(audio, TONES);
    }
    check();
  });
  document.addEventListener("htmx:afterSettle", check);
  check();
})();
