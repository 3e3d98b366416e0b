// The part of a chart between its axes: places in CSS pixels for values.
"use strict";
dqm.trends.frame = (() => {
  /** Columns take the lowest part of a chart, so that they are not in the way of points. */
  const COLUMN_SHARE = 1 / 3;

  /** x and y: [min, max] of the values between the edges. */
  function create(left, top, width, height, x, y) {
    return {
      ...{ left, top, width, height, right: left + width, bottom: top + height },
      ranges: { x, y },
      x: (value) => left + ((value - x[0]) / (x[1] - x[0])) * width,
      y: (value) => top + height - ((value - y[0]) / (y[1] - y[0])) * height,
      column: (value, max) => (COLUMN_SHARE * height * value) / max,
    };
  }

  /** The frame of a uPlot, and of its canvas. */
  function ofPlot({ bbox, scales }) {
    const ratio = uPlot.pxRatio;
    const place = [bbox.left, bbox.top, bbox.width, bbox.height].map((pixels) => pixels / ratio);
    return create(...place, [scales.x.min, scales.x.max], [scales.y.min, scales.y.max]);
  }

  /** Range of the axis of columns whose highest value is `max`. */
  const columnRange = (max) => [0, max / COLUMN_SHARE];

  /** Ticks of the axis of columns, which go no higher than they. */
  const columnTicks = (max, height) => dqm.trends.ticks.numbers([0, max], COLUMN_SHARE * height, 24);

  return { create, ofPlot, columnRange, columnTicks };
})();
