// Draws on a canvas what the charts consist of: rectangles, lines, texts and the forms of points, in CSS pixels.
"use strict";
dqm.trends.CanvasPen = (() => {
  /** Lines of a path that is stroked at once: longer paths cost more than their parts. */
  const CHUNK = 500;
  const { StampLayer } = dqm.trends;

  /** The forms of points as paths of SVG, of a radius of about 1. */
  const FORMS = {
    circle: "M-1 0a1 1 0 1 0 2 0a1 1 0 1 0-2 0z",
    square: "M-.9-.9H.9V.9H-.9z",
    triangle: "M0-1.25 1.2.85H-1.2z",
    diamond: "M0-1.35 1.35 0 0 1.35-1.35 0z",
    plus: "M-.4-1.2H.4V-.4H1.2V.4H.4V1.2H-.4V.4H-1.2V-.4H-.4z",
    lower: "M0 1.25-1.2-.85H1.2z",
    cross: "M-1.1-.6-.6-1.1 0-.5.6-1.1 1.1-.6.5 0 1.1.6.6 1.1 0 .5-.6 1.1-1.1.6-.5 0z",
    hexagon: "M-1.15 0-.58-1H.58L1.15 0 .58 1H-.58z",
    above: "M-1.2.8 0-.8 1.2.8z",
    below: "M-1.2-.8 0 .8 1.2-.8z",
  };

  /** Whether all lines are vertical, which rectangles draw four times as fast as a path. */
  function isUpright(ends) {
    for (let end = 0; end < ends.length; end += 4) if (ends[end] !== ends[end + 2]) return false;
    return true;
  }

  return class CanvasPen {
    static FORMS = FORMS;

    /** ratio: pixels of the canvas in one CSS pixel; the context must be scaled by it. */
    constructor(context, ratio, font) {
      Object.assign(this, { context, ratio, font, layer: null });
    }

    /** Draw stamps that wait for it: those of a group are above its rectangles, and below what follows. */
    flush() {
      this.layer?.flush(this.context);
      this.layer = null;
    }

    /** Draws within a frame only. */
    within({ left, top, width, height }, draw) {
      this.flush();
      this.context.save();
      this.context.beginPath();
      this.context.rect(left, top, width, height);
      this.context.clip();
      draw();
      this.flush();
      this.context.restore();
    }

    /** Names what is drawn until the next name. */
    group(_name) {
      this.flush();
    }

    rect(x, y, width, height, colour, alpha = 1) {
      this.context.globalAlpha = alpha;
      this.context.fillStyle = colour;
      this.context.fillRect(x, y, width, height);
      this.context.globalAlpha = 1;
    }

    /** Lines of one look; ends: x1, y1, x2, y2 of each. */
    lines(ends, { colour, width = 1, dash = [], alpha = 1 }) {
      this.flush();
      Object.assign(this.context, { strokeStyle: colour, fillStyle: colour, lineWidth: width, globalAlpha: alpha });
      if (dash.length || !isUpright(ends)) this.stroke(ends, dash);
      else
        for (let end = 0; end < ends.length; end += 4)
          this.context.fillRect(ends[end] - width / 2, ends[end + 1], width, ends[end + 3] - ends[end + 1]);
      this.context.globalAlpha = 1;
    }

    stroke(ends, dash) {
      this.context.setLineDash(dash);
      for (let start = 0; start < ends.length; start += 4 * CHUNK) {
        this.context.beginPath();
        for (let end = start; end < Math.min(ends.length, start + 4 * CHUNK); end += 4) {
          this.context.moveTo(ends[end], ends[end + 1]);
          this.context.lineTo(ends[end + 2], ends[end + 3]);
        }
        this.context.stroke();
      }
      this.context.setLineDash([]);
    }

    /** align: left, center, right; baseline: top, middle, bottom; turned: from bottom to top. */
    text(x, y, text, { colour, size = 12, align = "left", baseline = "middle", weight = 400, turned = false }) {
      const { context } = this;
      this.flush();
      context.save();
      context.translate(x, y);
      if (turned) context.rotate(-Math.PI / 2);
      Object.assign(context, { fillStyle: colour, textAlign: align, textBaseline: baseline, font: `${weight} ${size}px ${this.font}` });
      for (const [index, line] of text.split("\n").entries()) context.fillText(line, 0, 1.25 * size * index);
      context.restore();
    }

    width(text, size = 12, weight = 400) {
      this.context.font = `${weight} ${size}px ${this.font}`;
      return this.context.measureText(text).width;
    }

    /** What `stamp` draws; made once for all points of the same look. ground: colour of the inside, for hollow points. */
    stampOf(form, radius, colour, ground = null) {
      const size = Math.ceil((2.8 * radius + 2) * this.ratio);
      const image = Object.assign(document.createElement("canvas"), { width: size, height: size });
      const context = image.getContext("2d", { willReadFrequently: true });
      context.translate(size / 2, size / 2);
      context.scale(radius * this.ratio, radius * this.ratio);
      const path = new Path2D(FORMS[form]);
      context.fillStyle = ground ?? colour;
      context.fill(path);
      if (ground) {
        Object.assign(context, { strokeStyle: colour, lineWidth: Math.max(1.2 / radius, 0.35) });
        context.stroke(path);
      }
      return { sprite: StampLayer.spriteOf(image), half: size / 2 };
    }

    stamp({ sprite, half }, x, y) {
      const { canvas } = this.context;
      this.layer ??= StampLayer.of(canvas.width, canvas.height);
      this.layer.add(sprite, Math.round(x * this.ratio - half), Math.round(y * this.ratio - half));
    }
  };
})();
