// All charts of a page: one request for their points, drawing when they come into view, the crosshair over all of them.
"use strict";
dqm.trends.drawCharts = (() => {
  const { Chart, controls, layout, model, readout, save } = dqm.trends;
  const { create } = readout;
  /** Charts are drawn that far before they are scrolled into view. */
  const AHEAD = "400px";

  const plural = (count, where) => `${count} ${count === 1 ? "point" : "points"} ${where}`;

  class TrendPage {
    constructor(section) {
      const { x, run, points, ymin, ymax } = section.dataset;
      Object.assign(this, { section, mode: x, run: Number(run) || 0, address: points, charts: [], x: null, answer: null });
      this.settings = { ymin: ymin ? Number(ymin) : undefined, ymax: ymax ? Number(ymax) : undefined };
      for (const name of ["errors", "fills", "duration", "lumis", "regression"]) this.settings[name] = section.dataset[name] === "1";
      this.figures = [...section.querySelectorAll(".trend-chart")];
      this.colours = dqm.trends.colours(section);
      this.abort = new AbortController();
      this.observeViews();
    }

    observeViews() {
      this.views = new IntersectionObserver(
        (entries) => {
          for (const { isIntersecting, target } of entries) if (isIntersecting) this.drawFigure(target);
          requestAnimationFrame(() => setTimeout(() => performance.mark("trends-shown"))); // behind the frame that has them
        },
        { rootMargin: AHEAD },
      );
      this.sizes = new ResizeObserver((entries) => {
        for (const { target } of entries) this.charts.find((chart) => chart.box === target)?.resize();
      });
    }

    /** Whether this still is what the page shows. */
    isCurrent(section) {
      const place = this.figures[0]?.querySelector(".trend-plot");
      const isWhole = !place || (place.isConnected && place.childElementCount > 0);
      return this.section === section && this.address === section.dataset.points && this.mode === section.dataset.x && isWhole;
    }

    destroy() {
      this.abort.abort();
      this.views.disconnect();
      this.sizes.disconnect();
      for (const chart of this.charts) chart.destroy();
      this.charts = [];
    }

    async load() {
      for (const figure of this.figures) this.say(figure, "Loading points …");
      try {
        const response = await fetch(this.address, { signal: this.abort.signal });
        if (!response.ok) throw new Error(await messageOf(response));
        this.answer = dqm.trends.decode(await response.arrayBuffer());
      } catch (error) {
        if (error.name !== "AbortError") this.fail(error.message);
        return;
      }
      performance.mark("trends-answer");
      this.fill();
    }

    /** A text in place of a chart. */
    say(figure, text, ...more) {
      const message = create("p", { className: "trend-message", textContent: text });
      figure.querySelector(".trend-plot").replaceChildren(create("div", { className: "trend-empty" }, message, ...more));
    }

    fail(reason) {
      for (const figure of this.figures) {
        const retry = create("button", { type: "button", textContent: "Try again" });
        retry.addEventListener("click", () => this.load());
        this.say(figure, `The points could not be loaded: ${reason}`, retry);
      }
    }

    /** Let each chart be drawn when it comes into view. */
    fill() {
      this.axis = layout(this.mode, this.answer.runs);
      for (const figure of this.figures) {
        this.say(figure, "");
        this.views.observe(figure);
      }
    }

    drawFigure(figure) {
      this.views.unobserve(figure);
      const chart = this.answer.charts[Number(figure.dataset.chart)];
      if (!chart) return this.say(figure, "This chart is not in the answer of the server. Reload the page.");
      if (chart.correlation && chart.series.length === 3) {
        this.charts.push(dqm.trends.correlation3d(this, figure, chart));
        return;
      }
      const content = model.build(this.answer, chart, this.axis, this.settings);
      if (!content.isEmpty) return this.place(figure, content, chart.title);
      const reasons = [content.note, this.answer.note].filter(Boolean).join(" ");
      this.say(figure, content.isCorrelation ? "No run has points in both trends." : "No points.", reasons);
    }

    place(figure, content, title) {
      const place = figure.querySelector(".trend-plot");
      const box = create("div", { className: "trend-canvas" });
      box.setAttribute("role", "application");
      box.setAttribute("aria-label", `Chart ${title}. Arrow keys: points; Enter: open; plus, minus, 0: zoom.`);
      place.replaceChildren(box);
      const chart = new Chart(this, box, content);
      Object.assign(chart, { figure, title });
      readout.attach(chart, place);
      controls.attach(chart, place);
      save.attach(chart, figure);
      chart.onChange(() => this.note(chart));
      this.charts.push(chart);
      chart.keepHeight();
      chart.draw();
      this.sizes.observe(box);
    }

    /** How many points are not seen in the chart. */
    note({ figure, counts: { above, below } }) {
      const outside = [above && plural(above, "above"), below && plural(below, "below")].filter(Boolean).join(" and ");
      dqm.times.setText(figure.querySelector(".trend-note"), outside && `${outside} the shown range.`);
    }

    /** What marks.draw wants to know. */
    marksView() {
      return { errors: this.settings.errors, run: this.run ? this.answer.runs.run.indexOf(this.run) : -1 };
    }

    /** Other charts with the same axis show the same runs. */
    zoomed(source) {
      this.x = source.view.x;
      for (const chart of this.charts) if (chart !== source && !chart.model.isCorrelation) chart.show({ x: this.x });
    }

    /** The crosshair of other charts follows. */
    point(source) {
      const run = source.current ? source.model.rows[source.current.row] : -1;
      for (const chart of this.charts) if (chart !== source && chart.plot) chart.pointAt(run);
    }

    pointAddress(key, run) {
      return `${this.section.dataset.point}?series=${encodeURIComponent(key)}&run=${this.answer.runs.run[run]}`;
    }

    /** Mark a run in all charts; 0 marks none. */
    choose(run) {
      if (run === this.run) return;
      this.run = run;
      this.section.dataset.run = run;
      for (const chart of this.charts) chart.redraw();
    }

    /** Show a point beside the charts, or as a page where there is no place for it. */
    open(key, run) {
      const address = this.pointAddress(key, run);
      this.choose(this.answer.runs.run[run]);
      if (document.getElementById("trend-point")) htmx.ajax("GET", address, { target: "#trend-point", swap: "innerHTML" });
      else location.href = address;
    }

    repaint() {
      this.colours = dqm.trends.colours(this.section);
      for (const chart of this.charts) chart.redraw();
    }
  }

  async function messageOf(response) {
    const text = await response.text();
    try {
      return JSON.parse(text).message ?? `server error ${response.status}`;
    } catch {
      return `server error ${response.status}`;
    }
  }

  /** Load and draw the charts of a section. Returns its TrendPage. */
  return (section) => {
    const page = new TrendPage(section);
    page.load();
    return page;
  };
})();
