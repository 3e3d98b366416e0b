// One chart: its uPlot, what of it is in view, the point under the pointer and the chosen one.
"use strict";
dqm.trends.Chart = (() => {
  const { frame, background, marks, ticks } = dqm.trends;
  const REACH = 24; // pixels around the pointer in which the nearest point is looked for
  const AWAY = { left: -10, top: -10 };
  const CLOSEST_ZOOM = 1e-6; // part of the whole range
  const CLOSEST_VALUES = 1e-12; // height of a range of values, part of the larger of its ends: closer ones have the same digits

  return class Chart {
    /** page: a TrendPage; box: the element for the canvas; model: of model.js. */
    constructor(page, box, model) {
      Object.assign(this, { page, box, model, plot: null, pointed: null, selected: null, isPlacing: false });
      this.counts = { points: 0, above: 0, below: 0 };
      this.view = this.usualView();
      this.listeners = [];
    }

    get colours() {
      return this.page.colours;
    }

    /** The view at first: all runs, or those that other charts show, and the usual range of values. */
    usualView() {
      return { x: (!this.model.isCorrelation && this.page.x) || this.model.range, y: this.model.usual };
    }

    draw() {
      Object.assign(this, { width: this.box.clientWidth, height: this.box.clientHeight });
      this.pen = new dqm.trends.CanvasPen(document.createElement("canvas").getContext("2d"), 1, this.colours.font);
      const values = this.model.lines.map((line) => Array.from(line.values, (value) => (Number.isFinite(value) ? value : null)));
      this.plot = new uPlot(dqm.trends.plotOptions(this), [Array.from(this.model.middles), ...values], this.box);
    }

    destroy() {
      this.plot?.destroy();
      this.plot = null;
    }

    resize() {
      const { clientWidth: width, clientHeight: height } = this.box;
      if (!this.plot || !width || (width === this.plot.width && height === this.plot.height)) return;
      this.keepHeight();
      this.plot.setSize({ width, height });
    }

    /** Call a function whenever the point, the view or the lines of this chart change. */
    onChange(listener) {
      this.listeners.push(listener);
    }

    changed() {
      for (const listener of this.listeners) listener();
    }

    onCanvas(draw) {
      const { ctx } = this.plot;
      const ratio = uPlot.pxRatio;
      ctx.save();
      ctx.scale(ratio, ratio);
      const pen = new dqm.trends.CanvasPen(ctx, ratio, this.colours.font);
      draw(pen, frame.ofPlot(this.plot));
      pen.flush();
      ctx.restore();
    }

    drawBackground() {
      // uPlot draws for the first time before its constructor returns
      this.plot && this.onCanvas((pen, place) => background.draw(pen, place, this.model, this.colours));
    }

    drawMarks() {
      if (!this.plot) return;
      this.onCanvas((pen, place) => {
        this.counts = marks.draw(pen, place, this.model, this.colours, this.page.marksView());
        this.isDrawn = true;
      });
      this.changed();
    }

    redraw() {
      this.plot?.redraw(false, true);
    }

    /** Show or hide a line. */
    toggle(number) {
      const line = this.model.lines[number];
      line.isShown = !line.isShown;
      this.plot?.setSeries(number + 1, { show: line.isShown });
      this.changed();
    }

    /** Change the view to other ranges; what is not given stays. */
    show({ x = this.view.x, y = this.view.y }) {
      const whole = this.model.range;
      if (!(x[1] - x[0] > CLOSEST_ZOOM * (whole[1] - whole[0])) || !(y[1] - y[0] > CLOSEST_VALUES * Math.max(...y.map(Math.abs)))) return;
      this.view = { x, y };
      this.plot?.setScale("x", { min: x[0], max: x[1] });
      this.placeCursor();
    }

    /** Change the view of this chart, and the runs in view of those with the same axis. */
    zoom(ranges) {
      this.show(ranges);
      if (ranges.x && !this.model.isCorrelation) this.page.zoomed(this);
    }

    zoomToSelection({ select, posToVal }) {
      const { left, top, width, height } = select;
      this.plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      if (!width || !height) return;
      this.zoom({ x: [posToVal(left, "x"), posToVal(left + width, "x")], y: [posToVal(top + height, "y"), posToVal(top, "y")] });
    }

    /** Make the runs in view fewer (factor below 1) or more, around a place or the middle; never more than all. */
    zoomBy(factor, around = (this.view.x[0] + this.view.x[1]) / 2) {
      const [first, last] = this.model.range;
      const ends = this.view.x.map((end) => around + factor * (end - around));
      this.zoom({ x: [Math.max(ends[0], first), Math.min(ends[1], last)] });
    }

    reset() {
      this.zoom({ x: this.model.range, y: this.model.usual });
    }

    get isWhole() {
      return this.view.y === this.model.whole;
    }

    /** All points of all runs; or the view of the beginning, if all are shown. */
    toggleWhole() {
      if (this.isWhole) this.reset();
      else this.zoom({ x: this.model.range, y: this.model.whole });
    }

    /** The point that is nearest to a place in the frame: {line, row}, or null if there is none in reach, or within pixels. */
    nearest(plot, left, top, within = Number.POSITIVE_INFINITY) {
      const [from, to] = [left - REACH, left + REACH].map((edge) => ticks.lowerBound(this.model.middles, plot.posToVal(edge, "x")));
      const [height, limit] = [plot.bbox.height / uPlot.pxRatio, (value) => Math.max(value, 0)];
      let found = null;
      let least = within ** 2;
      for (const [line, { values, isShown }] of this.model.lines.entries()) {
        for (let row = from; isShown && row < to; row += 1) {
          if (!Number.isFinite(values[row])) continue;
          const y = Math.min(limit(plot.valToPos(values[row], "y")), height);
          const distance = (plot.valToPos(this.model.middles[row], "x") - left) ** 2 + (y - top) ** 2;
          if (distance < least) [found, least] = [{ line, row }, distance];
        }
      }
      return found;
    }

    /** Where the crosshair is when the pointer is at a place: at the nearest point, unless a range is being chosen. */
    pointer(plot, left, top) {
      if (this.isPlacing || plot.cursor.event?.buttons) return [left, top];
      this.pointed = left < 0 ? null : this.nearest(plot, left, top);
      return this.pointed ? [plot.valToPos(this.model.middles[this.pointed.row], "x"), top] : [left, top];
    }

    /** Let readouts and other charts follow the pointer. */
    follow() {
      if (this.isPlacing || !this.plot) return;
      if (!this.pointed) this.placeCursor();
      this.page.point(this);
      this.changed();
    }

    /** The point of which the readout tells. */
    get current() {
      return this.pointed ?? this.selected;
    }

    /** Show the crosshair at the current point; without one there is none. */
    placeCursor() {
      if (!this.plot) return;
      const { current } = this;
      this.isPlacing = true;
      if (current) {
        const left = this.plot.valToPos(this.model.middles[current.row], "x");
        const top = this.plot.valToPos(this.model.lines[current.line].values[current.row], "y");
        const { clientWidth: width, clientHeight: height } = this.plot.over;
        const isInside = left >= 0 && left <= width;
        this.plot.setCursor(isInside ? { left, top: Math.min(Math.max(top, 0), height) } : AWAY);
      } else this.plot.setCursor(AWAY);
      this.isPlacing = false;
    }

    /** Show the crosshair at a run that another chart points at, or none (-1). */
    pointAt(run) {
      const row = this.model.rowOf.get(run);
      const line = row === undefined ? -1 : this.model.lines.findIndex(({ values, isShown }) => isShown && Number.isFinite(values[row]));
      this.pointed = line < 0 ? null : { line, row };
      this.placeCursor();
      this.changed();
    }

    /** Choose a point: the crosshair stays there when the pointer leaves. */
    select(point) {
      this.selected = point;
      this.pointed = null;
      const x = this.model.middles[point.row];
      const [min, max] = this.view.x;
      if (x < min || x > max) this.zoom({ x: this.rangeAround(x, max - min) });
      this.placeCursor();
      this.page.point(this);
      this.changed();
    }

    /** A range of a width around a place, within the whole range. */
    rangeAround(place, width) {
      const [first, last] = this.model.range;
      const start = Math.max(Math.min(place - width / 2, last - width), first);
      return [start, start + width];
    }

    /** Open the current point in the page. */
    open() {
      const point = this.current;
      if (!point) return;
      this.selected = point;
      this.page.open(this.model.lines[point.line].series.key, this.model.rows[point.row]);
    }
  };
})();
