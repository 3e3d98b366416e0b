// A chart as a picture of its own: title, axes, points and legend, drawn with a pen in the colours of the light theme.
"use strict";
dqm.trends.picture = (() => {
  const { background, format, frame, marks, readout, ticks } = dqm.trends;
  const SIZE = { width: 1000, height: 560 };
  const TITLE = 34;
  const LEGEND_LINE = 20;
  const TEXT = 12;

  /** A text that is no wider than it may be. */
  function fitted(pen, text, room, size = TEXT, weight = 400) {
    if (pen.width(text, size, weight) <= room) return text;
    let end = text.length;
    while (end > 1 && pen.width(`${text.slice(0, end)}…`, size, weight) > room) end -= 1;
    return `${text.slice(0, end)}…`;
  }

  /** Where the parts are: the margins around the frame, which depend on the texts. */
  function margins(pen, chart, legend) {
    const up = ticks.numbers(chart.view.y, 380, 34);
    const left = 44 + Math.max(...up.map(({ text }) => pen.width(text, TEXT)), 0);
    const bottom = 52 + (chart.model.mode === "time" ? 14 : 0) + LEGEND_LINE * legend.length;
    return { left, right: 20 + 70 * chart.model.columns.length, top: TITLE + 10, bottom };
  }

  function horizontalAxis(pen, place, chart, colours) {
    const lines = [];
    const model = chart.model;
    for (const { at, text } of model.ticks(place.ranges.x, place.width)) {
      const x = place.x(at);
      lines.push(x, place.bottom, x, place.bottom + 5);
      pen.lines([x, place.top, x, place.bottom], { colour: colours.line, width: 0.6 });
      pen.text(x, place.bottom + 9, text, { colour: colours.muted, size: TEXT, align: "center", baseline: "top" });
    }
    pen.lines([...lines, place.left, place.bottom, place.right, place.bottom], { colour: colours["strong-line"] });
    const y = place.bottom + 34 + (model.mode === "time" ? 14 : 0);
    pen.text((place.left + place.right) / 2, y, fitted(pen, model.label, place.width), {
      colour: colours.ink,
      size: TEXT,
      align: "center",
    });
  }

  function verticalAxis(pen, place, chart, colours) {
    const lines = [];
    for (const { at, text } of ticks.numbers(place.ranges.y, place.height, 34)) {
      const y = place.y(at);
      lines.push(place.left - 5, y, place.left, y);
      pen.lines([place.left, y, place.right, y], { colour: colours.line, width: 0.6 });
      pen.text(place.left - 9, y, text, { colour: colours.muted, size: TEXT, align: "right" });
    }
    pen.lines([...lines, place.left, place.top, place.left, place.bottom], { colour: colours["strong-line"] });
    const look = { colour: colours.ink, size: TEXT, align: "center", turned: true };
    pen.text(16, (place.top + place.bottom) / 2, fitted(pen, chart.model.yLabel, place.height), look);
  }

  function columnAxes(pen, place, chart, colours) {
    for (const [index, { label, max }] of chart.model.columns.entries()) {
      const x = place.right + 70 * index;
      const lines = [x, place.top, x, place.bottom];
      for (const { at, text } of frame.columnTicks(max, place.height)) {
        const y = place.bottom - place.column(at, max);
        lines.push(x, y, x + 5, y);
        pen.text(x + 9, y, text, { colour: colours.muted, size: TEXT });
      }
      pen.lines(lines, { colour: colours["strong-line"] });
      pen.text(x + 54, (place.top + place.bottom) / 2, label, { colour: colours.ink, size: TEXT, align: "center", turned: true });
    }
  }

  /** Lines of the legend: a form and a text each. */
  function legendOf({ model, page }) {
    const { runs } = page.answer;
    const shown = model.lines.filter(({ isShown }) => isShown);
    const entries = shown.map((line) => (model.isCorrelation ? { text: line.label } : { line, text: legendText(line) }));
    if (model.isCorrelation) entries.push({ text: `Colours: runs ${runs.run[0]} (dark) to ${runs.run.at(-1)} (bright)` });
    if (model.regression) entries.push({ text: readout.equation(model.regression) });
    return entries;
  }

  function legendText({ label, series }) {
    const { count, mean, rms } = series.statistics ?? {};
    const place = `${series.subsystem}, ${series.pd}, ${series.ps}`;
    return `${label} (${place})${count ? `: mean ${format.number(mean, 4)}, RMS ${format.number(rms, 3)}` : ""}`;
  }

  function legend(pen, place, entries, colours) {
    pen.group("legend");
    let y = SIZE.height - LEGEND_LINE * entries.length + 2;
    for (const { line, text } of entries) {
      if (line) pen.stamp(pen.stampOf(line.form, 5, colours.series[line.colour]), place.left + 8, y);
      pen.text(place.left + (line ? 20 : 2), y, fitted(pen, text, SIZE.width - place.left - 30), { colour: colours.ink, size: TEXT });
      y += LEGEND_LINE;
    }
  }

  /** Draw a chart with a pen whose picture has the size SIZE. */
  function draw(pen, chart, colours) {
    const entries = legendOf(chart);
    const edge = margins(pen, chart, entries);
    const { x, y } = chart.view;
    const place = frame.create(edge.left, edge.top, SIZE.width - edge.left - edge.right, SIZE.height - edge.top - edge.bottom, x, y);
    pen.group("ground");
    pen.rect(0, 0, SIZE.width, SIZE.height, colours.surface);
    const title = fitted(pen, chart.title, SIZE.width - 40, 16, 600);
    pen.text(SIZE.width / 2, TITLE / 2 + 4, title, { colour: colours.ink, size: 16, weight: 600, align: "center" });
    background.draw(pen, place, chart.model, colours);
    pen.group("axes");
    horizontalAxis(pen, place, chart, colours);
    verticalAxis(pen, place, chart, colours);
    columnAxes(pen, place, chart, colours);
    marks.draw(pen, place, chart.model, colours, chart.page.marksView());
    legend(pen, place, entries, colours);
  }

  return { draw, SIZE };
})();
