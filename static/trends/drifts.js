// Where trends change: a dashed line at each step, a line over each slow change, with the change in sigma where it has room.
"use strict";
dqm.trends.drifts = (() => {
  const ROWS = 3;
  const FIRST_ROW = 33; // below the numbers of fills
  const ROW_HEIGHT = 14;
  const TEXT = { size: 11, weight: 600 };

  /** A function that writes texts in the first of some rows where they do not run into another; false if there is none. */
  function writer(pen, frame) {
    const ends = new Array(ROWS).fill(Number.NEGATIVE_INFINITY);
    return (x, text, colour) => {
      const width = pen.width(text, TEXT.size, TEXT.weight);
      const start = Math.min(x + 4, frame.right - width - 4);
      const row = ends.findIndex((end) => start > end);
      if (row < 0) return false;
      ends[row] = start + width + 4;
      pen.text(start, frame.top + FIRST_ROW + ROW_HEIGHT * row, text, { colour, ...TEXT });
      return true;
    };
  }

  const changeText = (sigmas) => `${sigmas > 0 ? "▲ +" : "▼ \u2212"}${Math.abs(sigmas).toFixed(1)} σ`;

  /** Steps and slow changes of a line in view, from left to right: {start, end, sigmas} with places in pixels. */
  function changesOf({ series }, frame, model) {
    // a run without a place on the axis gives way to the next one that has one
    const place = (edges, run, step) => {
      let near = run;
      while (near >= 0 && near < series.values.length && !model.rowOf.has(near)) near += step;
      return model.rowOf.has(near) ? frame.x(edges[model.rowOf.get(near)]) : Number.NaN;
    };
    const steps = (series.drift ?? []).map(({ index, sigmas }) => ({ start: place(model.starts, index, 1), sigmas }));
    const slopes = (series.slopes ?? []).map(({ first, last, sigmas }) => ({
      start: place(model.starts, first, 1),
      end: place(model.ends, last, -1),
      sigmas,
    }));
    const isInView = ({ start, end = start }) => end >= frame.left && start <= frame.right;
    return [...steps, ...slopes].filter(isInView).sort((a, b) => a.start - b.start);
  }

  function draw(pen, frame, model, colours) {
    if (model.isCorrelation) return;
    const write = writer(pen, frame);
    const lines = model.lines.filter(({ isShown }) => isShown);
    const changes = lines.flatMap((line) =>
      changesOf(line, frame, model).map((change) => ({ ...change, colour: colours.series[line.colour] })),
    );
    for (const { start, end, sigmas, colour } of changes.sort((a, b) => a.start - b.start)) {
      const left = Math.max(start, frame.left);
      pen.group("drift");
      if (end === undefined) pen.lines([start, frame.top, start, frame.bottom], { colour, width: 1.3, dash: [3, 3] });
      else pen.lines([left, frame.top + 26, Math.min(end, frame.right), frame.top + 26], { colour, width: 2 });
      write(left, (end === undefined ? "" : "slow ") + changeText(sigmas), colour);
    }
  }

  return { draw };
})();
