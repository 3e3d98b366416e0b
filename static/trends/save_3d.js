// Saves a chart in three dimensions as a PNG.
"use strict";
dqm.trends.savePicture = (() => {
  const { create } = dqm.trends.readout;
  const LINE = 22; // height of a line of text, pixels
  const EDGE = 12;

  /** What the chart shows now, with the title above and the names of the axes below, on a canvas. */
  function picture({ scene, title, labels }, colours) {
    const { canvas } = scene;
    const result = create("canvas", { width: canvas.width, height: canvas.height + (2.5 + labels.length) * LINE });
    const context = result.getContext("2d");
    context.fillStyle = colours.surface;
    context.fillRect(0, 0, result.width, result.height);
    context.drawImage(canvas, 0, 1.5 * LINE);
    const write = (text, top) => context.fillText(text, EDGE, top, result.width - 2 * EDGE);
    context.fillStyle = colours.ink;
    context.font = `600 16px ${colours.font}`;
    write(title, LINE);
    context.font = `14px ${colours.font}`;
    const { LETTERS } = dqm.trends.scene3d;
    for (const [position, label] of labels.entries()) write(`${LETTERS[position]}: ${label}`, canvas.height + (2.4 + position) * LINE);
    return result;
  }

  /** Save a chart in the colours of the light theme. */
  return async (chart) => {
    const light = dqm.trends.colours(chart.page.section, "light");
    chart.redraw(light);
    const drawn = picture(chart, light); // at once: a canvas of WebGL is empty after it was shown
    chart.redraw();
    const blob = await new Promise((resolve) => drawn.toBlob(resolve, "image/png"));
    const name = chart.series.map((each) => each.name.replace(/[^\w.+-]+/g, "_")).join("-");
    const link = create("a", { href: URL.createObjectURL(blob), download: `${name}.png` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };
})();
