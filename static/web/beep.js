// Short tones. Browsers allow sound only after a click or a key in the page.
"use strict";
globalThis.dqm ??= {};

/** Play tones, each 0.2 s long, also in a page that has lost its output. audio: an AudioContext; frequencies: in Hz. */
dqm.beep = (audio, frequencies) => {
  const TONE_S = 0.2;
  const EVERY_S = 0.22;
  const VOLUME = 0.15;

  if (audio.state === "suspended") audio.resume();
  for (const [number, frequency] of frequencies.entries()) {
    const start = audio.currentTime + number * EVERY_S;
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(VOLUME, start);
    volume.gain.exponentialRampToValueAtTime(0.001, start + TONE_S);
    tone.connect(volume).connect(audio.destination);
    tone.start(start);
    tone.stop(start + TONE_S);
  }
};
