// Saves a chart as a file, PNG or SVG: the buttons with data-save.
"use strict";
dqm.trends.save = (() => {
  const { CanvasPen, SvgPen, picture } = dqm.trends;
  const PIXELS = 2; // of a PNG for one of the picture

  function canvasOf(chart, colours) {
    const { width, height } = picture.SIZE;
    const canvas = Object.assign(document.createElement("canvas"), { width: PIXELS * width, height: PIXELS * height });
    const context = canvas.getContext("2d");
    context.scale(PIXELS, PIXELS);
    const pen = new CanvasPen(context, PIXELS, colours.font);
    picture.draw(pen, chart, colours);
    pen.flush();
    return canvas;
  }

  /** The chart as a Blob of a form: "png" or "svg". */
  async function blobOf(chart, form) {
    const colours = dqm.trends.colours(chart.page.section, "light");
    if (form === "png") return new Promise((resolve) => canvasOf(chart, colours).toBlob(resolve, "image/png"));
    const { width, height } = picture.SIZE;
    const pen = new SvgPen(width, height, colours.font, new CanvasPen(document.createElement("canvas").getContext("2d"), 1, colours.font));
    picture.draw(pen, chart, colours);
    return new Blob([pen.toString()], { type: "image/svg+xml" });
  }

  /** A name by trends and the runs in view, such as Ntracks_Pixel-355000-356000.png. */
  function nameOf({ model, view, page }, form) {
    const isInView = (row) => model.isCorrelation || (model.ends[row] >= view.x[0] && model.starts[row] <= view.x[1]);
    const runs = model.rows.filter((_, row) => isInView(row)).map((run) => page.answer.runs.run[run]);
    const names = model.lines.map(({ series }) => series.name);
    if (model.isCorrelation) names.unshift(model.across.name);
    const name = names.slice(0, 3).join("-") + (names.length > 3 ? "-and-others" : "");
    const range = runs.length ? `-${runs.reduce((a, b) => Math.min(a, b))}-${runs.reduce((a, b) => Math.max(a, b))}` : "";
    return `${name.replace(/[^\w.+-]+/g, "_")}${range}.${form}`;
  }

  async function save(chart, form) {
    const blob = await blobOf(chart, form);
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: nameOf(chart, form) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  /** Let the buttons of a figure save its chart. */
  function attach(chart, figure) {
    for (const button of figure.querySelectorAll("[data-save]")) {
      button.disabled = false;
      button.onclick = () => save(chart, button.dataset.save);
    }
  }

  return { attach };
})();
