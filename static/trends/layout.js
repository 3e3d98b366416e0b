// Where the runs of a page are on the x axis: each has a beginning, an end and a middle.
"use strict";
dqm.trends.layout = (() => {
  const { ticks } = dqm.trends;

  /** Runs one after the other, of the given lengths; runs of unknown length have no place. */
  function stacked(lengths, shortest) {
    const rows = [];
    const edges = [0];
    for (const [run, length] of lengths.entries()) {
      if (!Number.isFinite(length)) continue;
      rows.push(run);
      edges.push(edges.at(-1) + (length > 0 ? length : shortest));
    }
    return { rows, starts: edges.slice(0, -1), ends: edges.slice(1) };
  }

  /** One unit for each fill, in which its runs share nine tenths. */
  function byFill(fills) {
    const rows = [...fills.keys()].filter((run) => fills[run] > 0).sort((a, b) => fills[a] - fills[b] || a - b);
    const counts = new Map();
    for (const run of rows) counts.set(fills[run], (counts.get(fills[run]) ?? 0) + 1);
    const numbers = [...counts.keys()];
    const place = new Map(numbers.map((fill, index) => [fill, { index, done: 0 }]));
    const starts = [];
    const ends = [];
    for (const run of rows) {
      const fill = place.get(fills[run]);
      const width = 0.9 / counts.get(fills[run]);
      starts.push(fill.index - 0.45 + width * fill.done);
      fill.done += 1;
      ends.push(fill.index - 0.45 + width * fill.done);
    }
    return { rows, starts, ends, numbers };
  }

  const MODES = {
    run: (runs) => ({
      rows: [...runs.run.keys()],
      starts: Array.from(runs.run, (_, index) => index - 0.5),
      ends: Array.from(runs.run, (_, index) => index + 0.5),
      label: "Run",
    }),
    lumisection: (runs) => ({ ...MODES.run(runs), label: "Lumisection" }),
    fill: (runs) => ({ ...byFill(runs.fill), label: "Fill", lacking: "fill" }),
    time: (runs) => {
      const end = (run) => (runs.end[run] > runs.start[run] ? runs.end[run] : runs.start[run]);
      const middle = (run) => runs.start[run] + end(run);
      const rows = [...runs.start.keys()].filter((run) => Number.isFinite(runs.start[run])).sort((a, b) => middle(a) - middle(b));
      return {
        rows,
        starts: rows.map((run) => runs.start[run]),
        ends: rows.map(end),
        bars: true,
        label: "Time, UTC",
        lacking: "start time",
      };
    },
    lumi: (runs) => {
      const lacking = "recorded luminosity";
      return { ...stacked(runs.recorded_lumi, 0), bars: true, label: "Recorded luminosity of the shown runs, pb⁻¹", lacking };
    },
    duration: (runs) => ({ ...stacked(runs.duration, 1), bars: true, label: "Run, width = duration", lacking: "duration" }),
    delivered: (runs) => {
      const lacking = "delivered luminosity";
      return { ...stacked(runs.delivered_lumi, 1), bars: true, label: "Run, width = delivered luminosity", lacking };
    },
  };

  /** A function of range and pixels that gives the ticks of the axis. */
  function tickMaker(mode, middles, rows, numbers, runs) {
    if (mode === "time") return ticks.times;
    if (mode === "lumi") return ticks.numbers;
    if (mode === "fill") return (range, pixels) => ticks.labels([...numbers.keys()], numbers, range, pixels);
    const texts = rows.map((run) => runs.run[run]);
    return (range, pixels) => ticks.labels(middles, texts, range, pixels);
  }

  /** Parts of the axis that belong to one fill, in their order: {fill, start, end}. */
  function fillSpans(rows, starts, ends, fills) {
    const spans = [];
    for (const [row, run] of rows.entries()) {
      const last = spans.at(-1);
      if (last?.fill === fills[run]) last.end = Math.max(last.end, ends[row]);
      else spans.push({ fill: fills[run], start: starts[row], end: ends[row] });
    }
    return spans.filter((span) => span.fill > 0);
  }

  /** The whole range of an axis, with a little room where points may lie on its ends. */
  function wholeRange(starts, ends) {
    if (!starts.length) return [0, 1];
    const min = starts.reduce((smallest, start) => Math.min(smallest, start), Number.POSITIVE_INFINITY); // not that of the first middle
    const max = ends.reduce((largest, end) => Math.max(largest, end), Number.NEGATIVE_INFINITY);
    const room = max > min ? 0.01 * (max - min) : 0.5;
    return [min - room, max + room];
  }

  /**
   * The x axis of a mode. Arrays have one entry for each row, which is a run with a place, in the order of the axis:
   * rows (index of the run), starts, ends, middles. bars: whether the length of a run means something.
   * missing: number of runs without a place.
   */
  return (name, runs) => {
    const mode = Object.hasOwn(MODES, name) ? name : "run";
    const { rows, starts, ends, numbers, bars = false, label, lacking } = MODES[mode](runs);
    const middles = Float64Array.from(starts, (start, row) => (start + ends[row]) / 2);
    const missing = runs.run.length - rows.length;
    const plural = missing === 1 ? "1 run has" : `${missing} runs have`;
    return {
      ...{ mode, rows, starts, ends, middles, bars, label, missing },
      note: missing ? `${plural} no known ${lacking} and no place on this axis.` : "",
      range: wholeRange(starts, ends),
      fills: fillSpans(rows, starts, ends, runs.fill),
      ticks: tickMaker(mode, middles, rows, numbers, runs),
    };
  };
})();
