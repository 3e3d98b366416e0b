// The options of uPlot for a chart: axes, scales and the pointer. Points are drawn by marks.js, not by uPlot, which leaves
// out points that are dense, and whose paths (Path2D) lose points above some 180,000.
"use strict";
dqm.trends.plotOptions = (() => {
  const { frame, ticks } = dqm.trends;
  /** A step that always has room, for the part of uPlot that looks for one: the ticks come from ticks.js. */
  const anyStep = (_plot, _axis, min, max) => [Math.max(5, 10 * (max - min))];
  const LABEL_SIZE = 18;
  const ROOM = 14; // of ticks and gaps beside the texts of an axis

  /** A label that is no longer than its axis. */
  function fitted(text, length) {
    const most = Math.max(Math.floor(length / 6.3), 8);
    return text.length > most ? `${text.slice(0, most - 1)}…` : text;
  }

  function axis(chart, place, makeTicks) {
    let texts = new Map();
    const look = (name) => () => chart.colours[name];
    return {
      stroke: look("muted"),
      font: `12px ${chart.colours.font}`,
      labelFont: `12px ${chart.colours.font}`,
      labelSize: LABEL_SIZE,
      incrs: anyStep,
      gap: 4,
      ticks: { stroke: look("line"), width: 1, size: 5 },
      grid: { show: place.hasGrid ?? true, stroke: look("line"), width: 0.6 },
      border: { show: true, stroke: look("strong-line"), width: 1 },
      // the length of the axis in pixels, from the step that uPlot has found for it
      splits: (_plot, _axis, min, max, step, space) => {
        texts = new Map(makeTicks([min, max], (space / step) * (max - min)).map(({ at, text }) => [at, text]));
        return [...texts.keys()];
      },
      values: (_, places) => places.map((at) => texts.get(at) ?? ""),
      ...place,
    };
  }

  /** Width of a vertical axis: that of its longest text. */
  const textWidth = (chart) => (_, values) => Math.max(...(values ?? []).map((text) => chart.pen.width(text, 12)), 20) + ROOM;

  function axes(chart) {
    const { model, height, width } = chart;
    const across = { scale: "x", side: 2, size: model.mode === "time" ? 40 : 26, label: fitted(model.label, width - 80) };
    const up = { scale: "y", side: 3, size: textWidth(chart), label: fitted(model.yLabel, height - 50) };
    return [
      axis(chart, across, (range, pixels) => model.ticks(range, pixels)),
      axis(chart, up, (range, pixels) => ticks.numbers(range, pixels, 34)),
      ...model.columns.map(({ name, label, max }) =>
        axis(chart, { scale: name, side: 1, size: textWidth(chart), label, hasGrid: false }, (_, pixels) => frame.columnTicks(max, pixels)),
      ),
    ];
  }

  function scales(chart) {
    const columns = chart.model.columns.map(({ name, max }) => [name, { range: frame.columnRange(max) }]);
    return {
      x: { time: false, range: () => chart.view.x },
      y: { range: () => chart.view.y },
      ...Object.fromEntries(columns),
    };
  }

  function cursor(chart) {
    const ring = (_, number) => chart.colours.series[chart.model.lines[number - 1].colour];
    return {
      points: { size: 12, width: 2, stroke: ring, fill: "transparent" },
      drag: { x: true, y: true, uni: 24, dist: 6, setScale: false },
      move: (plot, left, top) => chart.pointer(plot, left, top),
      dataIdx: (_plot, _number, index) => chart.pointed?.row ?? index,
      bind: { dblclick: () => () => chart.toggleWhole() },
    };
  }

  /** Options for `new uPlot`. */
  return (chart) => ({
    width: chart.width,
    height: chart.height,
    padding: [10, chart.model.columns.length ? 4 : 16, 0, 0],
    legend: { show: false },
    scales: scales(chart),
    axes: axes(chart),
    cursor: cursor(chart),
    series: [{}, ...chart.model.lines.map(() => ({ scale: "y", auto: false, paths: () => null, points: { show: false } }))],
    hooks: {
      drawClear: [() => chart.drawBackground()],
      draw: [() => chart.drawMarks()],
      setSelect: [(plot) => chart.zoomToSelection(plot)],
      setCursor: [() => chart.follow()],
    },
  });
})();
