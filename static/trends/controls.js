// How a chart is used: buttons, keys, clicks and fingers.
"use strict";
dqm.trends.controls = (() => {
  const { create, sentence } = dqm.trends.readout;
  const ZOOM = 0.5;
  const CLICK_REACH = 10; // pixels from a click to its point

  /** The row of the next point of a line from a row on, in a direction; -1 if there is none. */
  function nextRow(values, row, step) {
    for (let next = row; next >= 0 && next < values.length; next += step) if (Number.isFinite(values[next])) return next;
    return -1;
  }

  /** The first line that is shown and has points. */
  const firstLine = (model) =>
    Math.max(
      model.lines.findIndex(({ isShown, values }) => isShown && values.some(Number.isFinite)),
      0,
    );

  /** Move along a line from the current point; without one, begin with the first or last point in view. */
  function move(chart, step, fromEnd = false) {
    const { model, current } = chart;
    const line = current?.line ?? firstLine(model);
    const { values } = model.lines[line];
    const [min, max] = chart.view.x;
    const { lowerBound } = dqm.trends.ticks;
    let start = step > 0 ? lowerBound(model.middles, min) : lowerBound(model.middles, max) - 1;
    if (fromEnd) start = step > 0 ? 0 : values.length - 1;
    else if (current) start = current.row + step;
    const row = nextRow(values, start, step);
    if (row >= 0) chart.select({ line, row });
  }

  /** Go to the next line that has a point for the same run. */
  function changeLine(chart, step) {
    const { current, model } = chart;
    if (!current) return move(chart, 1);
    const count = model.lines.length;
    for (let turn = 1; turn < count; turn += 1) {
      const line = (current.line + step * turn + count * turn) % count;
      const { isShown, values } = model.lines[line];
      if (isShown && Number.isFinite(values[current.row])) return chart.select({ line, row: current.row });
    }
  }

  const around = (chart) => (chart.current ? chart.model.middles[chart.current.row] : undefined);
  const KEYS = {
    ArrowRight: (chart) => move(chart, 1),
    ArrowLeft: (chart) => move(chart, -1),
    ArrowUp: (chart) => changeLine(chart, -1),
    ArrowDown: (chart) => changeLine(chart, 1),
    Home: (chart) => move(chart, 1, true),
    End: (chart) => move(chart, -1, true),
    Enter: (chart) => chart.open(),
    "+": (chart) => chart.zoomBy(ZOOM, around(chart)),
    "=": (chart) => chart.zoomBy(ZOOM, around(chart)),
    "-": (chart) => chart.zoomBy(1 / ZOOM, around(chart)),
    0: (chart) => chart.reset(),
    a: (chart) => chart.toggleWhole(),
  };
  const MOVES = new Set(["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown", "Home", "End"]);

  function connectKeys(chart, box, live) {
    box.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(KEYS, event.key)) return;
      event.preventDefault();
      event.stopPropagation();
      KEYS[event.key](chart);
      if (MOVES.has(event.key) && chart.current) live.textContent = sentence(chart);
    });
  }

  /** A click on a point opens it; a finger chooses the nearest one, since it cannot look at it before. */
  function connectClicks(chart, box) {
    box.addEventListener("click", (event) => {
      if (!event.target.closest(".u-over")) return;
      const { left, top } = chart.plot.over.getBoundingClientRect();
      const isTouch = event.pointerType === "touch";
      const point = chart.nearest(chart.plot, event.clientX - left, event.clientY - top, isTouch ? undefined : CLICK_REACH);
      if (!point) return;
      chart.select(point);
      if (!isTouch) chart.open();
    });
  }

  /** Two fingers make the runs in view fewer or more, around the middle between them. */
  function connectPinch(chart, box) {
    const fingers = new Map();
    let start = null;
    const distance = () => {
      const [a, b] = [...fingers.values()];
      return Math.max(Math.abs(a - b), 10);
    };
    box.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "touch") return;
      fingers.set(event.pointerId, event.clientX);
      if (fingers.size !== 2) return;
      const [a, b] = [...fingers.values()];
      const middle = chart.plot.posToVal((a + b) / 2 - chart.plot.over.getBoundingClientRect().left, "x");
      start = { distance: distance(), middle, view: chart.view.x };
    });
    box.addEventListener("pointermove", (event) => {
      if (!fingers.has(event.pointerId)) return;
      fingers.set(event.pointerId, event.clientX);
      if (fingers.size !== 2 || !start) return;
      const factor = start.distance / distance();
      chart.zoom({ x: start.view.map((end) => start.middle + factor * (end - start.middle)) });
    });
    for (const name of ["pointerup", "pointercancel", "pointerleave"])
      box.addEventListener(name, (event) => {
        fingers.delete(event.pointerId);
        start = null;
      });
  }

  function button(text, label, action) {
    const element = create("button", { type: "button", className: "quiet", textContent: text, title: label });
    element.setAttribute("aria-label", label);
    element.addEventListener("click", action);
    return element;
  }

  function tools(chart) {
    const whole = button("All points", "All points, also those out of range", () => chart.toggleWhole());
    chart.onChange(() => whole.setAttribute("aria-pressed", String(chart.isWhole)));
    whole.setAttribute("aria-pressed", "false");
    return create(
      "div",
      { className: "trend-tools" },
      button("+", "Zoom in", () => chart.zoomBy(ZOOM, around(chart))),
      button("−", "Zoom out", () => chart.zoomBy(1 / ZOOM, around(chart))),
      button("Reset", "Reset the zoom", () => chart.reset()),
      whole,
    );
  }

  /** Make a chart usable; place: the element that holds it. */
  function attach(chart, place) {
    const live = create("p", { className: "unseen" });
    live.setAttribute("aria-live", "polite");
    chart.box.tabIndex = 0;
    place.querySelector(".trend-below").append(tools(chart));
    place.append(live);
    connectKeys(chart, chart.box, live);
    connectClicks(chart, chart.box);
    connectPinch(chart, chart.box);
  }

  return { attach };
})();
