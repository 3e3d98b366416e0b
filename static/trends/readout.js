// What is said below a chart: its lines with the values of the point under the pointer, and the facts of its run.
"use strict";
dqm.trends.readout = (() => {
  const { format, CanvasPen } = dqm.trends;
  const SVG = "http://www.w3.org/2000/svg";

  function create(name, properties = {}, ...children) {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  }

  /** The form and colour of a line, as a picture. */
  function icon(line) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "-1.6 -1.6 3.2 3.2");
    svg.setAttribute("aria-hidden", "true");
    svg.classList.add("trend-icon", `trend-colour-${line.colour}`);
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", CanvasPen.FORMS[line.form]);
    svg.append(path);
    return svg;
  }

  /** The value of a line in a row with its error and mark; of a correlation both values. */
  function pointText({ page, model }, line, row) {
    const run = model.rows[row];
    if (!Number.isFinite(line.values[row])) return ["no point", line.series.marks?.[run]].filter(Boolean).join(": ");
    const values = [format.measured(line.values[row], line.errors[row])];
    if (model.isCorrelation) values.push(format.measured(model.middles[row], model.acrossErrors[row]));
    const mark = dqm.trends.model.markOf(page.answer, line.series, run);
    return values.join(" against ") + (mark ? ` (${mark})` : "");
  }

  /** Facts of a run, or the number of a lumisection, as pairs of name and text. */
  function runFacts({ mode, answer: { runs } }, run) {
    if (mode === "lumisection") return [["Lumisection", String(runs.run[run])]];
    const fill = runs.fill[run];
    return [
      ["Run", String(runs.run[run])],
      ["fill", fill > 0 ? String(fill) : "–"],
      ["duration", format.duration(runs.duration[run])],
      ["recorded", format.luminosity(runs.recorded_lumi[run])],
      ["start", format.time(runs.start[run])],
      ["class", runs.classes[runs.run_class[run]] || "–"],
    ];
  }

  function legendItem(chart, line, number) {
    const icons = chart.model.isCorrelation ? [] : [icon(line)]; // there, colours tell runs
    const button = create("button", { type: "button", className: "quiet" }, ...icons, create("span", { textContent: line.label }));
    const value = create("span", { className: "trend-value" });
    button.setAttribute("aria-pressed", "true");
    button.addEventListener("click", () => {
      chart.toggle(number);
      button.setAttribute("aria-pressed", String(line.isShown));
    });
    return { element: create("li", {}, button, value), value };
  }

  /** The equation of a regression with the errors of its numbers. */
  function equation({ slope, slope_error: slopeError, intercept, intercept_error: interceptError }) {
    const part = (value, error) => {
      const text = format.measured(value, error);
      return text.includes("±") && !text.startsWith("(") ? `(${text})` : text;
    };
    return `y = ${part(slope, slopeError)} x + ${part(intercept, interceptError)}`;
  }

  /** The colours of the runs of a correlation, from the first to the last. */
  function colourScale(chart) {
    const canvas = create("canvas", { className: "trend-scale" });
    const runs = chart.page.answer.runs.run;
    const paint = () => {
      const { scale } = chart.colours;
      Object.assign(canvas, { width: scale.length, height: 1 });
      const context = canvas.getContext("2d");
      for (const [step, colour] of scale.entries()) {
        context.fillStyle = colour;
        context.fillRect(step, 0, 1, 1);
      }
    };
    chart.onChange(paint);
    paint();
    return create("li", { className: "fine" }, `Run ${runs[0]} `, canvas, ` ${runs.at(-1)}`);
  }

  /** The current point as one sentence, for readers that speak. */
  function sentence(chart) {
    const { line, row } = chart.current;
    const run = chart.model.rows[row];
    const shown = chart.model.lines[line];
    const facts = runFacts(chart.page, run).map(([name, text]) => `${name} ${text}`);
    return `${shown.label}: ${pointText(chart, shown, row)}. ${facts.join(", ")}.`;
  }

  /** The first point of a chart with a mark, whose texts are the longest; without marks the first of all. */
  function longestPoint({ model }) {
    const points = model.lines.map(({ values, hollow }, line) => {
      const isPoint = (_, row) => Number.isFinite(values[row]);
      const marked = hollow.findIndex((isHollow, row) => isHollow && isPoint(null, row));
      return { line, row: marked < 0 ? values.findIndex(isPoint) : marked };
    });
    return points.find(({ row }) => row >= 0);
  }

  /** The legend and the facts of the current run below a chart; both follow it, and their height does not. */
  function attach(chart, place) {
    const items = chart.model.lines.map((line, number) => legendItem(chart, line, number));
    const legend = create("ul", { className: "trend-legend" }, ...items.map(({ element }) => element));
    if (chart.model.isCorrelation) legend.append(colourScale(chart));
    const facts = create("p", { className: "trend-facts" });
    const box = create("div", { className: "trend-readout" }, create("div", { className: "trend-below" }, facts), legend);
    const show = (point) => {
      for (const [number, { value }] of items.entries())
        value.textContent = point ? pointText(chart, chart.model.lines[number], point.row) : "";
      facts.replaceChildren(...(point ? factElements(chart, point) : ["Point at the chart, or use the arrow keys, for values."]));
    };
    const update = () => show(chart.current);
    chart.onChange(update);
    // else charts below move away from the pointer when a text needs another line
    chart.keepHeight = () => {
      box.style.minHeight = "";
      show(longestPoint(chart));
      box.style.minHeight = `${box.offsetHeight}px`;
      update();
    };
    place.append(box);
  }

  function factElements(chart, { line, row }) {
    const run = chart.model.rows[row];
    const link = create("a", { href: chart.page.pointAddress(chart.model.lines[line].series.key, run), textContent: "Open" });
    link.addEventListener("click", (event) => {
      event.preventDefault();
      chart.open();
    });
    const parts = runFacts(chart.page, run).map(([name, text]) => create("span", {}, `${name} `, create("b", { textContent: text })));
    return [...parts, link];
  }

  return { attach, create, sentence, equation, runFacts, colourScale };
})();
