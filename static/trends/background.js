// What is behind the points of a chart: bands of fills, columns of durations and luminosities, reference bands.
"use strict";
dqm.trends.background = (() => {
  const NARROWEST_BAND = 3; // pixels of a fill on average, below which the bands of fills are left out
  const LABEL_SIZE = 10;
  const LABEL_PLACE = 19; // below the signs of points out of range
  const LABEL_ROOM = 36; // pixels of a fill on average, below which fills have no numbers

  function visible(model, [min, max]) {
    const { lowerBound } = dqm.trends.ticks;
    return [Math.max(lowerBound(model.middles, min) - 1, 0), Math.min(lowerBound(model.middles, max) + 1, model.rows.length)];
  }

  function fills(pen, frame, model, colours) {
    const [min, max] = frame.ranges.x;
    const spans = [...model.fills.entries()].filter(([, { start, end }]) => end >= min && start <= max);
    if (!spans.length || frame.width / spans.length < NARROWEST_BAND) return;
    const hasLabels = model.mode !== "fill" && frame.width / spans.length > LABEL_ROOM;
    pen.group("fills");
    for (const [index, { fill, start, end }] of spans) {
      const left = Math.max(frame.x(start), frame.left);
      const right = Math.min(frame.x(end), frame.right);
      if (index % 2) pen.rect(left, frame.top, right - left, frame.height, colours.fill);
      const text = String(fill);
      if (hasLabels && pen.width(text, LABEL_SIZE) + 8 < right - left)
        pen.text((left + right) / 2, frame.top + LABEL_PLACE, text, { colour: colours.muted, size: LABEL_SIZE, align: "center" });
    }
  }

  /** Columns of all rows; of those within one pixel the highest. */
  function columns(pen, frame, model, colours) {
    const [from, to] = visible(model, frame.ranges.x);
    for (const [index, { name, values, max }] of model.columns.entries()) {
      pen.group(name);
      let [edge, height] = [frame.left, 0];
      for (let row = from; row < to; row += 1) {
        if (!(values[row] > 0)) continue;
        const start = frame.x(model.starts[row]);
        const width = (frame.x(model.ends[row]) - start) / model.columns.length;
        const left = Math.max(start + index * width, frame.left);
        const right = Math.min(Math.max(left + width - (width > 4 ? 1 : 0), left + 1), frame.right);
        const own = frame.column(values[row], max);
        if (right <= edge && own <= height) continue;
        [edge, height] = [right, own];
        if (right > left) pen.rect(left, frame.bottom - own, right - left, own, colours[name], index && width < 2 ? 0.6 : 1);
      }
    }
  }

  /** The band of reference runs of each line that is shown: its mean, and the range of n sigma. */
  function references(pen, frame, model, colours) {
    if (model.isCorrelation) return;
    for (const { series, colour, isShown } of model.lines) {
      if (!series.band || !isShown) continue;
      const { mean, low, high } = series.band;
      pen.group("band");
      const [top, bottom] = [Math.max(frame.y(high), frame.top), Math.min(frame.y(low), frame.bottom)];
      if (bottom > top) pen.rect(frame.left, top, frame.width, bottom - top, colours.series[colour], 0.14);
      const line = (value) => [frame.left, frame.y(value), frame.right, frame.y(value)];
      pen.lines(line(mean), { colour: colours.series[colour], width: 1.2, dash: [6, 4] });
      pen.lines([...line(low), ...line(high)], { colour: colours.series[colour], width: 0.8, alpha: 0.6 });
    }
  }

  function draw(pen, frame, model, colours) {
    pen.within(frame, () => {
      fills(pen, frame, model, colours);
      columns(pen, frame, model, colours);
      references(pen, frame, model, colours);
    });
  }

  return { draw, visible };
})();
