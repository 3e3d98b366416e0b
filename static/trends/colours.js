// Colours of the charts: those of the page, of the series, and of runs.
"use strict";
dqm.trends.colours = (() => {
  const NAMES = ["ink", "muted", "line", "strong-line", "surface", "raised", "focus", "error"];
  const SERIES = 8;
  /** Ends and middles of a scale that grows in brightness, so that it can be read without seeing colours. */
  const SCALE = [
    [68, 1, 84],
    [59, 82, 139],
    [33, 145, 140],
    [94, 201, 98],
    [253, 231, 37],
  ];
  const STEPS = 24;

  /** A colour of the scale, 0 to 1; in each theme without the end that is like the ground. */
  function ofScale(share, isDark) {
    const place = (isDark ? 0.22 + 0.78 * share : 0.86 * share) * (SCALE.length - 1);
    const below = Math.min(Math.floor(place), SCALE.length - 2);
    const parts = SCALE[below].map((part, index) => Math.round(part + (place - below) * (SCALE[below + 1][index] - part)));
    return `rgb(${parts.join(", ")})`;
  }

  /**
   * Colours in the theme of an element, or in a given one ("light"). Variables hold light-dark(), which only an element
   * resolves, not a canvas. series: a list; scale: the colours of runs from the first to the last.
   */
  return (box, theme = "") => {
    const probe = document.createElement("i");
    if (theme) probe.style.colorScheme = theme;
    box.append(probe);
    const style = getComputedStyle(probe);
    const read = (name) => {
      probe.style.color = `var(--${name})`;
      return style.color;
    };
    const colours = Object.fromEntries(NAMES.map((name) => [name, read(name)]));
    colours.series = Array.from({ length: SERIES }, (_, index) => read(`trend-${index}`));
    for (const name of ["duration", "lumi", "fill"]) colours[name] = read(`trend-${name}`);
    const isDark = Number(colours.ink.match(/\d+/)[0]) > 128;
    colours.scale = Array.from({ length: STEPS }, (_, step) => ofScale(step / (STEPS - 1), isDark));
    colours.font = style.fontFamily;
    probe.remove();
    return colours;
  };
})();
