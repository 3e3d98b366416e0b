// What a chart shows, whatever its kind: rows along the x axis, and lines of values that have an entry for each row.
"use strict";
dqm.trends.model = (() => {
  const FORMS = ["circle", "square", "triangle", "diamond", "plus", "lower", "cross", "hexagon"];
  const DEFAULT_SIGMAS = 5;
  const SAME = 1e-12; // part of a value by which others may differ and be the same but for rounding
  const LARGEST_END = 8e307; // of a range; points beyond have signs at its edge
  const INSIGNIFICANT = { 0: "run not significant", 2: "significance of the run unknown" };

  const labelOf = (series) => series.title || series.name;

  /** Why the point of a run is hollow; empty for a point like others. */
  function markOf(answer, series, run) {
    return [series.marks?.[run], INSIGNIFICANT[answer.runs.significant?.[run]]].filter(Boolean).join(", ");
  }

  function lineOf(answer, chart, position, rows) {
    const series = answer.series[chart.series[position]];
    return {
      series,
      label: chart.labels?.[position] || labelOf(series),
      values: Float64Array.from(rows, (run) => series.values[run]),
      errors: Float64Array.from(rows, (run) => series.errors[run]),
      hollow: Uint8Array.from(rows, (run) => (markOf(answer, series, run) ? 1 : 0)),
      form: FORMS[position % FORMS.length],
      colour: position % FORMS.length,
      isShown: true,
    };
  }

  /** Mean and RMS (standard deviation of the population) of all values that are not 0, as HDQM has them. */
  function spread(lines) {
    const values = lines.flatMap((line) => Array.from(line.values).filter((value) => value && Number.isFinite(value)));
    const largest = values.reduce((found, value) => Math.max(found, Math.abs(value)), 0) || 1; // squares have room beside it
    const mean = (part) => values.reduce((total, value) => total + part(value / largest), 0) / (values.length || 1);
    const middle = mean((value) => value);
    return { mean: largest * middle, rms: largest * Math.sqrt(mean((value) => (value - middle) ** 2)) };
  }

  /** A range whose width is a number, too. */
  const limited = (range) => range.map((end) => Math.min(Math.max(end, -LARGEST_END), LARGEST_END));

  /** A range around values that are all equal, but for the rounding of their last digits, has a width, too. */
  function widened([min, max], share) {
    const room = max - min > SAME * Math.max(Math.abs(min), Math.abs(max)) ? share * (max - min) : Math.abs(max) / 10 || 1;
    return [min - room, max + room];
  }

  /** From the lowest to the highest value, errors included. */
  function wholeRange(lines) {
    let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const { values, errors } of lines) {
      for (const [row, value] of values.entries()) {
        if (!Number.isFinite(value)) continue;
        const error = errors[row] > 0 ? errors[row] : 0;
        min = Math.min(min, value - error);
        max = Math.max(max, value + error);
      }
    }
    return min <= max ? widened(limited([min, max]), 0.05) : [0, 1];
  }

  function usualRange(lines) {
    const { mean, rms } = spread(lines);
    return rms > SAME * Math.abs(mean) ? limited([mean - DEFAULT_SIGMAS * rms, mean + DEFAULT_SIGMAS * rms]) : wholeRange(lines);
  }

  function column(name, values, unit) {
    const max = values.reduce((largest, value) => (value > largest ? value : largest), 0);
    return { name, values, max, label: unit };
  }

  function columns(runs, rows, settings) {
    const result = [];
    const hours = Float64Array.from(rows, (run) => runs.duration[run] / 3600);
    if (settings.duration) result.push(column("duration", hours, "Duration, h"));
    const lumis = Float64Array.from(rows, (run) => runs.delivered_lumi[run]);
    if (settings.lumis) result.push(column("lumi", lumis, "Delivered, pb⁻¹"));
    return result.filter(({ max }) => max > 0);
  }

  const edges = (range, settings) => [settings.ymin ?? range[0], settings.ymax ?? range[1]];

  function trend(answer, chart, layout, settings) {
    const lines = chart.series.map((_, position) => lineOf(answer, chart, position, layout.rows));
    return {
      ...layout,
      isCorrelation: false,
      lines,
      columns: columns(answer.runs, layout.rows, settings),
      fills: settings.fills ? layout.fills : [],
      yLabel: chart.y_title || lines[0]?.series.y_title || "",
      usual: edges(usualRange(lines), settings),
      whole: wholeRange(lines),
    };
  }

  /** Values of two series, one over the other, for the runs that have both; the colour of a point tells the run. */
  function correlation(answer, chart, settings) {
    const [first, second] = chart.series.map((number) => answer.series[number]);
    const isKnown = (run) => Number.isFinite(first.values[run]) && Number.isFinite(second.values[run]);
    const rows = [...answer.runs.run.keys()].filter(isKnown).sort((a, b) => first.values[a] - first.values[b]);
    const [across, up] = [0, 1].map((position) => lineOf(answer, chart, position, rows));
    const line = { ...up, form: FORMS[0], colour: 0, label: `${up.label} against ${across.label}` };
    for (const row of rows.keys()) line.hollow[row] ||= across.hollow[row];
    const highest = Math.max(answer.runs.run.length - 1, 1);
    line.shares = Float64Array.from(rows, (run) => run / highest);
    return {
      ...{ isCorrelation: true, mode: "correlation", rows, bars: false, missing: 0, note: "", fills: [], columns: [] },
      ...{ starts: across.values, ends: across.values, middles: across.values, acrossErrors: across.errors },
      lines: [line],
      across: first,
      label: across.label,
      yLabel: up.label,
      range: wholeRange([across]),
      usual: edges(wholeRange([line]), settings),
      whole: wholeRange([line]),
      regression: settings.regression ? chart.regression : null,
      ticks: dqm.trends.ticks.numbers,
    };
  }

  /** The model of a chart of an answer, whose runs have places on the axis by `layout`. */
  function build(answer, chart, layout, settings) {
    const isCorrelation = chart.correlation && chart.series.length === 2;
    const model = isCorrelation ? correlation(answer, chart, settings) : trend(answer, chart, layout, settings);
    const hasPoint = (line) => line.values.some(Number.isFinite);
    return { ...model, rowOf: new Map(model.rows.map((run, row) => [run, row])), isEmpty: !model.lines.some(hasPoint) };
  }

  return { build, markOf, labelOf };
})();
