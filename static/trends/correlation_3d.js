// A chart of three series against each other: turned by drag and keys, with the table of the same points where there is no WebGL.
"use strict";
dqm.trends.correlation3d = (() => {
  const { format, model, readout, savePicture, scene3d } = dqm.trends;
  const { create } = readout;
  const { LETTERS } = scene3d;
  const TURN = Math.PI / 24;
  const ZOOM = 1.2;
  const MARGIN = 0.05; // around the values, of their range
  const FIRM_PX = 4; // a pointer that moves less between down and up has clicked
  const TABLE_ROWS = 500;
  const RESIZE_MS = 150;

  /** From the lowest to the highest value, with a margin; values that are all equal have a range, too. */
  function rangeOf(values) {
    const [min, max] = values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
    const room = max > min ? MARGIN * (max - min) : Math.abs(max) / 10 || 1;
    return [min - room, max + room];
  }

  /** Whether the keyboard is used for what a key does here: with Shift, arrows go from run to run. */
  const ACTIONS = {
    ArrowLeft: (chart) => chart.scene.rotate(TURN, 0),
    ArrowRight: (chart) => chart.scene.rotate(-TURN, 0),
    ArrowUp: (chart) => chart.scene.rotate(0, TURN),
    ArrowDown: (chart) => chart.scene.rotate(0, -TURN),
    "+": (chart) => chart.scene.zoomBy(ZOOM),
    "=": (chart) => chart.scene.zoomBy(ZOOM),
    "-": (chart) => chart.scene.zoomBy(1 / ZOOM),
    0: (chart) => chart.scene.reset(),
    Home: (chart) => chart.select(0),
    End: (chart) => chart.select(chart.rows.length - 1),
    Enter: (chart) => chart.open(),
  };
  const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };
  const BUTTONS = [
    ["←", "Turn to the left", "ArrowLeft"],
    ["→", "Turn to the right", "ArrowRight"],
    ["↑", "Turn up", "ArrowUp"],
    ["↓", "Turn down", "ArrowDown"],
    ["+", "Larger", "+"],
    ["−", "Smaller", "-"],
    ["Reset", "The first view", "0"],
  ];

  class Correlation3d {
    constructor(page, figure, chart) {
      const series = chart.series.map((number) => page.answer.series[number]);
      const isWhole = (run) => series.every(({ values }) => Number.isFinite(values[run]));
      const runs = [...page.answer.runs.run.keys()].filter(isWhole);
      const labels = series.map((each, position) => chart.labels?.[position] || model.labelOf(each));
      Object.assign(this, { page, figure, chart, series, labels, runs, current: null, scene: null, listeners: [] });
      Object.assign(this, { title: chart.title, plot: null, model: { isCorrelation: true } });
      this.rows = runs.map((_, row) => row);
      this.values = series.map(({ values }) => runs.map((run) => values[run]));
      this.place = figure.querySelector(".trend-plot");
      this.box = create("div", { className: "trend-canvas trend-3d", tabIndex: 0 });
    }

    get colours() {
      return this.page.colours;
    }

    onChange(listener) {
      this.listeners.push(listener);
    }

    /** Draw the points, or say why there are none to draw. */
    async show() {
      if (!this.runs.length) return this.page.say(this.figure, "No run has points in all three trends.");
      if (!scene3d.isPossible())
        return this.tabulate("This browser cannot draw in three dimensions, as WebGL is off. The same points as a table:");
      this.page.say(this.figure, "Loading the library for three dimensions …");
      try {
        await scene3d.load(this.page.section.dataset.jsroot);
        if (!this.isGone) await this.build();
      } catch (error) {
        if (!this.isGone) this.tabulate(`${error.message}. The same points as a table:`);
      }
    }

    async build() {
      const keys = "Arrow keys: turn; with Shift: from run to run; Enter: open the point; plus, minus, 0: size.";
      this.box.setAttribute("role", "application");
      this.box.setAttribute("aria-label", `Chart ${this.title} in three dimensions. ${keys} The link Table leads to the same points.`);
      this.place.replaceChildren(this.box);
      this.describe();
      await this.draw();
      this.connect();
      this.page.sizes.observe(this.box);
    }

    async draw() {
      const ranges = this.values.map(rangeOf);
      const scene = await scene3d.create(this.box, this.values, ranges);
      const { chart, page } = this;
      scene.setPoints(this.rows, (row) => this.series.some((each) => model.markOf(page.answer, each, this.runs[row])));
      if (chart.regression && page.settings.regression) scene.setPlane(chart.regression, ranges);
      scene.canvas.addEventListener("webglcontextlost", () => {
        if (this.scene === scene) this.lose();
      });
      this.scene = scene;
      this.size = [this.box.clientWidth, this.box.clientHeight];
      this.redraw();
      this.box.dataset.drawn = "1";
    }

    /** Browsers draw few charts with WebGL at a time, and take it from the oldest. */
    lose() {
      this.scene = null;
      this.tabulate("The browser has stopped drawing this chart, as there are too many of its kind. The same points as a table:");
    }

    /** The colour of a row: by its run, from the first to the last of the page. */
    colourOf(row, { scale } = this.colours) {
      const share = this.runs[row] / Math.max(this.page.answer.runs.run.length - 1, 1);
      return scale[Math.round(share * (scale.length - 1))];
    }

    redraw(colours = this.colours) {
      if (!this.scene) return;
      this.scene.paint(colours, (row) => this.colourOf(row, colours));
      this.mark();
    }

    /** Mark the current run, or the one that the page has chosen. */
    mark() {
      const chosen = this.runs.findIndex((run) => this.page.answer.runs.run[run] === this.page.run);
      this.scene?.mark(this.current ?? (chosen < 0 ? null : chosen));
      for (const listener of this.listeners) listener();
    }

    /** The names of the axes, the values of the current point, the facts of its run, and buttons. */
    describe() {
      const items = this.labels.map((label, position) => {
        const value = create("span", { className: "trend-value" });
        this.onChange(() => {
          const { values, errors } = this.series[position];
          const run = this.current === null ? null : this.runs[this.current];
          value.textContent = run === null ? "" : format.measured(values[run], errors[run]);
        });
        return create("li", {}, create("span", {}, create("b", { textContent: `${LETTERS[position]}: ` }), label), value);
      });
      const facts = create("p", { className: "trend-facts" });
      this.onChange(() => facts.replaceChildren(...this.facts()));
      const tools = create("div", { className: "trend-tools" }, ...BUTTONS.map((parts) => this.button(...parts)));
      const legend = create("ul", { className: "trend-legend" }, ...items, readout.colourScale(this));
      this.live = create("p", { className: "unseen" });
      this.live.setAttribute("aria-live", "polite");
      this.place.append(create("div", { className: "trend-below" }, facts, tools), legend, this.live);
    }

    facts() {
      if (this.current === null) return ["Drag the chart, or use the arrow keys, to turn it. Point at a point for its values."];
      const run = this.runs[this.current];
      const link = create("a", { href: this.page.pointAddress(this.series[0].key, run), textContent: "Open" });
      link.addEventListener("click", (event) => {
        event.preventDefault();
        this.open();
      });
      const pairs = readout.runFacts(this.page, run);
      return [...pairs.map(([name, text]) => create("span", {}, `${name} `, create("b", { textContent: text }))), link];
    }

    button(textContent, label, key) {
      const element = create("button", { type: "button", className: "quiet", textContent, title: label });
      element.setAttribute("aria-label", label);
      element.addEventListener("click", () => this.act(key));
      return element;
    }

    /** Do what a key or button says; while the chart is drawn again, nothing can be turned. */
    act(key) {
      if (this.scene) ACTIONS[key](this);
    }

    connect() {
      this.box.addEventListener("keydown", (event) => {
        const { key, shiftKey, ctrlKey, metaKey, altKey } = event;
        if (ctrlKey || metaKey || altKey || !Object.hasOwn(ACTIONS, key)) return;
        event.preventDefault();
        event.stopPropagation();
        if (shiftKey && Object.hasOwn(STEPS, key)) this.select((this.current ?? (STEPS[key] > 0 ? -1 : this.rows.length)) + STEPS[key]);
        else this.act(key);
        if (shiftKey || key === "Home" || key === "End") this.speak();
      });
      let start = null;
      this.box.addEventListener(
        "pointerdown",
        ({ clientX, clientY }) => {
          start = [clientX, clientY];
        },
        true,
      ); // the library captures the pointer
      this.box.addEventListener("click", (event) => {
        if (start && Math.hypot(event.clientX - start[0], event.clientY - start[1]) > FIRM_PX) return;
        const row = this.scene?.rowAt(event) ?? null;
        if (row === null) return;
        this.select(row);
        if (event.pointerType !== "touch") this.open();
      });
      this.box.addEventListener("pointermove", (event) => {
        if (event.buttons || this.isBusy) return;
        this.isBusy = true;
        requestAnimationFrame(() => {
          this.isBusy = false;
          if (!this.scene || this.isGone) return;
          const row = this.scene.rowAt(event);
          if (row !== null && row !== this.current) this.select(row);
        });
      });
      for (const button of this.figure.querySelectorAll("[data-save]")) {
        button.disabled = button.dataset.save !== "png";
        button.title = button.disabled ? "Three dimensions are saved as PNG alone" : "";
        button.onclick = () => savePicture(this);
      }
    }

    /** Make a row the current one; none beyond the ends. */
    select(row) {
      if (row < 0 || row >= this.rows.length) return;
      this.current = row;
      this.mark();
    }

    /** Say the current point to readers that speak. */
    speak() {
      if (this.current === null) return;
      const row = this.current;
      const parts = this.labels.map((label, position) => `${label}: ${format.number(this.values[position][row])}`);
      const facts = readout.runFacts(this.page, this.runs[row]).map((pair) => pair.join(" "));
      this.live.textContent = `${parts.join(", ")}. ${facts.join(", ")}.`;
    }

    open() {
      if (this.current !== null) this.page.open(this.series[0].key, this.runs[this.current]);
    }

    /** The table of the points, in place of the chart. */
    tabulate(reason) {
      const cell = (name, text, isNumber) => create(name, { textContent: text, className: isNumber ? "number" : "" });
      const head = create("tr", {}, cell("th", "Run"), ...this.labels.map((label) => cell("th", label, true)));
      for (const each of head.children) each.scope = "col";
      const shown = this.rows.slice(-TABLE_ROWS);
      const lines = shown.map((row) => {
        const run = cell("th", String(this.page.answer.runs.run[this.runs[row]]));
        run.scope = "row";
        return create("tr", {}, run, ...this.values.map((values) => cell("td", format.number(values[row]), true)));
      });
      const table = create("table", { className: "jobs" }, create("thead", {}, head), create("tbody", {}, ...lines));
      const box = create("div", { className: "wide-table", tabIndex: 0 }, table);
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", `Table of ${this.title}`);
      const more = this.rows.length > shown.length ? ` The last ${shown.length} of ${this.rows.length} runs.` : "";
      this.place.replaceChildren(create("p", { className: "hint", textContent: reason + more }), box);
    }

    /** Draw again in another size, from the same side. */
    resize() {
      clearTimeout(this.waiting);
      this.waiting = setTimeout(async () => {
        const { clientWidth, clientHeight } = this.box;
        if (!this.scene || this.isGone || (clientWidth === this.size[0] && clientHeight === this.size[1])) return;
        const { angles } = this.scene;
        this.scene.destroy();
        this.scene = null;
        await this.draw();
        this.scene?.look(angles);
      }, RESIZE_MS);
    }

    destroy() {
      this.isGone = true;
      clearTimeout(this.waiting);
      this.scene?.destroy();
      this.scene = null;
    }
  }

  /** Draw a chart with three series of a page into a figure. */
  return (page, figure, chart) => {
    const drawn = new Correlation3d(page, figure, chart);
    drawn.show();
    return drawn;
  };
})();
