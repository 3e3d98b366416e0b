// Times and ages as text. Shared with the mirror: no htmx, no element of a certain page.
"use strict";
globalThis.dqm ??= {};

dqm.times = (() => {
  const formats = new Map();

  /** A duration in seconds as text of one unit: "47 s", "3 min", "5 h", "2 days". */
  function duration(seconds) {
    if (seconds < 120) return `${seconds} s`;
    if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
    if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
    return `${Math.floor(seconds / 86400)} days`;
  }

  /** The name of the time zone of this browser, such as "Europe/Zurich". */
  const localZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

  /** A time in ms since 1970 as "2026-11-28 18:05:06" in a time zone; without one in that of this browser. */
  function timestamp(ms, zone) {
    // Swedish writes dates as ISO 8601 does.
    if (!formats.has(zone))
      formats.set(zone, new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" }));
    return formats.get(zone).format(ms);
  }

  /** Replace the text of an element if it changes: an equal text would still end a selection. */
  function setText(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  return { duration, localZone, timestamp, setText };
})();
