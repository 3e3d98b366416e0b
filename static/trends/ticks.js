// Where an axis has ticks: round numbers, dates, or runs and fills that have room.
"use strict";
dqm.trends.ticks = (() => {
  const MOST_TICKS = 1000;
  const DAY = 86400;
  const MONTH = 30 * DAY;
  /** Steps of an axis of time in seconds; longer ones are months. */
  const SECONDS = [1, 5, 15, 30, 60, 300, 900, 1800, 3600, 7200, 10800, 21600, 43200, DAY, 2 * DAY, 4 * DAY, 7 * DAY, 14 * DAY];
  const MONTHS = [1, 2, 3, 6, 12, 24, 60, 120];

  /** The smallest step of 1, 2 or 5 times a power of ten that makes at most `count` steps of a range. */
  function niceStep(range, count) {
    const rough = range / Math.max(count, 1);
    const base = 10 ** Math.floor(Math.log10(rough));
    return base * [1, 2, 5, 10].find((factor) => base * factor >= rough * (1 - 1e-9));
  }

  /** The multiples of a step within a range. */
  function multiples(min, max, step) {
    const first = Math.ceil(min / step - 1e-9);
    const count = Math.min(Math.floor((max - first * step) / step + 1e-9) + 1, MOST_TICKS);
    const places = Array.from({ length: Math.max(count, 0) }, (_, index) => (first + index) * step);
    return [...new Set(places)]; // far from 0, numbers are no closer than that
  }

  /** Ticks at round numbers: {at, text}. */
  function numbers([min, max], pixels, space = 70) {
    if (!(max > min)) return [];
    const step = niceStep(max - min, pixels / space);
    const places = multiples(min, max, step);
    const texts = dqm.trends.format.ticks(places, step);
    return places.map((at, index) => ({ at, text: texts[index] }));
  }

  const iso = (seconds, from, to) => new Date(1000 * seconds).toISOString().slice(from, to).replace("T", " ");

  function monthTicks(min, max, step) {
    const first = new Date(1000 * min);
    const ticks = [];
    for (let month = Math.floor(first.getUTCMonth() / step) * step; ; month += step) {
      const at = Date.UTC(first.getUTCFullYear(), month) / 1000;
      if (at > max) return ticks;
      if (at >= min) ticks.push({ at, text: iso(at, 0, step < 12 ? 7 : 4) });
    }
  }

  /** Ticks at round times UTC: dates, and times of day with the date at the first and at midnight. */
  function times([min, max], pixels) {
    const rough = (max - min) / Math.max(pixels / 84, 1);
    const step = SECONDS.find((seconds) => seconds >= rough);
    if (!step) return monthTicks(min, max, MONTHS.find((months) => months * MONTH >= rough) ?? MONTHS.at(-1));
    const ticks = [];
    for (let at = Math.ceil(min / step) * step; at <= max; at += step) {
      if (step >= DAY) ticks.push({ at, text: iso(at, 0, 10) });
      else {
        const clock = iso(at, 11, step < 60 ? 19 : 16);
        ticks.push({ at, text: ticks.length && at % DAY ? clock : `${clock}\n${iso(at, 0, 10)}` });
      }
    }
    return ticks;
  }

  /** Ticks at some of the given places with a label each, as many as have room. */
  function labels(places, texts, [min, max], pixels, space = 58) {
    const ticks = [];
    const distance = ((max - min) / pixels) * space;
    let next = min;
    for (let index = lowerBound(places, min); index < places.length && places[index] <= max; index += 1) {
      if (places[index] < next) continue;
      ticks.push({ at: places[index], text: String(texts[index]) });
      next = places[index] + distance;
    }
    return ticks;
  }

  /** The first index of an ascending array whose value is at least `value`. */
  function lowerBound(sorted, value) {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return { numbers, times, labels, lowerBound };
})();
