// The points of a chart with all that is before its grid: errors, drifts, regression, and signs for points out of range.
"use strict";
dqm.trends.marks = (() => {
  const EDGE = 6; // from the edge to the middle of the sign of a point outside
  const RADII = [
    [80, 4],
    [250, 3.2],
    [1500, 2.4],
    [6000, 1.9],
  ];
  const SMALLEST = 1.5;

  /** Radius of points by how many there are on 600 pixels. */
  function radiusOf(count, width) {
    const dense = (600 * count) / width;
    return RADII.find(([most]) => dense <= most)?.[1] ?? SMALLEST;
  }

  function errors(pen, frame, model, line, [from, to], colour) {
    const ends = [];
    for (let row = from; row < to; row += 1) {
      const value = line.values[row];
      if (!Number.isFinite(value)) continue;
      const x = frame.x(model.middles[row]);
      const error = line.errors[row];
      if (error > 0) ends.push(x, frame.y(value - error), x, frame.y(value + error));
      const across = model.acrossErrors?.[row];
      if (across > 0) ends.push(frame.x(model.middles[row] - across), frame.y(value), frame.x(model.middles[row] + across), frame.y(value));
    }
    pen.group("errors");
    pen.lines(ends, { colour, width: 1, alpha: 0.55 });
  }

  /** Functions that draw the points of a line: {full, hollow} by row, each of x and y. */
  function pointsOf(pen, line, radius, colours) {
    const cache = new Map();
    const stampOf = (colour, isHollow) => {
      const name = `${colour} ${isHollow}`;
      if (!cache.has(name)) cache.set(name, pen.stampOf(line.form, radius, colour, isHollow ? colours.surface : null));
      return cache.get(name);
    };
    const own = [stampOf(colours.series[line.colour], false), stampOf(colours.series[line.colour], true)];
    if (!line.shares) return (row, x, y) => pen.stamp(own[line.hollow[row]], x, y);
    const steps = colours.scale.length;
    return (row, x, y) => {
      const step = Math.min(Math.floor(line.shares[row] * steps), steps - 1);
      pen.stamp(stampOf(colours.scale[step], line.hollow[row]), x, y);
    };
  }

  /** A run that is long enough for it is a bar from its beginning to its end. */
  function bar(pen, left, right, y, radius, colour, ground) {
    const height = Math.max(Math.round(1.5 * radius), 3);
    pen.rect(left, y - height / 2, right - left, height, colour);
    if (ground && right - left > 4) pen.rect(left + 1, y - height / 2 + 1, right - left - 2, height - 2, ground);
  }

  /** Signs at the upper or lower edge for points outside; those within one pixel have one sign. */
  function outside(pen, frame, form, places, colour) {
    const stamp = pen.stampOf(form, 4.5, colour);
    const y = form === "above" ? frame.top + EDGE : frame.bottom - EDGE;
    let last = Number.NEGATIVE_INFINITY;
    for (const x of places) {
      if (x < last + 1) continue;
      pen.stamp(stamp, x, y);
      last = x;
    }
  }

  /** Draws a line; returns how many of its points are in the range and above and below it. */
  function points(pen, frame, model, line, colours, radius) {
    const range = dqm.trends.background.visible(model, frame.ranges.x);
    const draw = pointsOf(pen, line, radius, colours);
    const colour = colours.series[line.colour];
    const [low, high] = frame.ranges.y;
    const [min, max] = frame.ranges.x;
    const [first, last] = model.bars ? [model.starts, model.ends] : [model.middles, model.middles];
    const places = { above: [], below: [] };
    let count = 0;
    pen.group("points");
    for (let row = range[0]; row < range[1]; row += 1) {
      const value = line.values[row];
      if (!Number.isFinite(value) || last[row] < min || first[row] > max) continue;
      const x = frame.x(model.middles[row]);
      if (value > high) places.above.push(x);
      else if (value < low) places.below.push(x);
      else {
        const [left, right] = [frame.x(model.starts[row]), frame.x(model.ends[row])];
        const y = frame.y(value);
        if (model.bars && right - left > 2 * radius) bar(pen, left, right, y, radius, colour, line.hollow[row] ? colours.surface : null);
        else draw(row, x, y);
        count += 1;
      }
    }
    pen.group("outside");
    for (const [form, xs] of Object.entries(places)) if (xs.length) outside(pen, frame, form, xs, line.shares ? colours.ink : colour);
    return { points: count, above: places.above.length, below: places.below.length };
  }

  function regression(pen, frame, model, colours) {
    if (!model.regression) return;
    const { slope, intercept } = model.regression;
    const [min, max] = frame.ranges.x;
    pen.group("regression");
    const ends = [frame.left, frame.y(slope * min + intercept), frame.right, frame.y(slope * max + intercept)];
    pen.lines(ends, { colour: colours.ink, width: 1.5 });
  }

  /** Draws all marks. view: {errors, run (index of the chosen run, or -1 without one)}; returns the numbers of points. */
  function draw(pen, frame, model, colours, view) {
    const total = { points: 0, above: 0, below: 0 };
    const range = dqm.trends.background.visible(model, frame.ranges.x);
    const radius = radiusOf(range[1] - range[0], frame.width);
    pen.within(frame, () => {
      chosen(pen, frame, model, view.run, colours);
      for (const line of model.lines) {
        if (!line.isShown) continue;
        if (view.errors) errors(pen, frame, model, line, range, line.shares ? colours.muted : colours.series[line.colour]);
        const counts = points(pen, frame, model, line, colours, radius);
        for (const name of Object.keys(total)) total[name] += counts[name];
      }
      regression(pen, frame, model, colours);
      dqm.trends.drifts.draw(pen, frame, model, colours);
    });
    return total;
  }

  /** A line at the chosen run, and rings around its points. */
  function chosen(pen, frame, model, run, colours) {
    const row = model.rowOf.get(run);
    if (row === undefined) return;
    const x = frame.x(model.middles[row]);
    pen.group("chosen");
    pen.lines([x, frame.top, x, frame.bottom], { colour: colours.focus, width: 2, alpha: 0.6 });
    const ring = pen.stampOf("circle", 8, colours.focus, colours.surface);
    for (const line of model.lines) if (line.isShown && Number.isFinite(line.values[row])) pen.stamp(ring, x, frame.y(line.values[row]));
  }

  return { draw };
})();
