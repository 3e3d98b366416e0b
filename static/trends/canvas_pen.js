// Draws on a canvas what the charts consist of: rectangles, lines, texts and the forms of points, in CSS pixels.
"use strict";
dqm.trends.CanvasPen = (() => {
  /** Lines of a path that is stroked at once: longer paths cost more than their parts. */
  const CHUNK = 500;

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

  return class CanvasPen {
    static FORMS = FORMS;

    /** ratio: pixels of the canvas in one CSS pixel; the context must be scaled by it. */
    constructor(context, ratio, font) {
      Object.assign(this, { context, ratio, font });
    }

    /** Draws within a frame only. */
    within({ left, top, width, height }, draw) {
      this.context.save();
      this.context.beginPath();
      this.context.rect(left, top, width, height);
      this.context.clip();
      draw();
      this.context.restore();
    }

    /** Names what is drawn until the next name; a canvas has no use for it. */
    group(_name) {}

    rect(x, y, width, height, colour, alpha = 1) {
      this.context.globalAlpha = alpha;
      this.context.fillStyle = colour;
      this.context.fillRect(x, y, width, height);
      this.context.globalAlpha = 1;
    }

    /** Lines of one look; ends: x1, y1, x2, y2 of each. */
    lines(ends, { colour, width = 1, dash = [], alpha = 1 }) {
      Object.assign(this.context, { strokeStyle: colour, lineWidth: width, globalAlpha: alpha });
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
      this.context.globalAlpha = 1;
    }

    /** align: left, center, right; baseline: top, middle, bottom; turned: from bottom to top. */
    text(x, y, text, { colour, size = 12, align = "left", baseline = "middle", weight = 400, turned = false }) {
      const { context } = this;
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
      const context = image.getContext("2d");
      context.translate(size / 2, size / 2);
      context.scale(radius * this.ratio, radius * this.ratio);
      const path = new Path2D(FORMS[form]);
      context.fillStyle = ground ?? colour;
      context.fill(path);
      if (ground) {
        Object.assign(context, { strokeStyle: colour, lineWidth: Math.max(1.2 / radius, 0.35) });
        context.stroke(path);
      }
      return { image, half: size / 2, size: size / this.ratio };
    }

    stamp({ image, half, size }, x, y) {
      const { ratio } = this;
      this.context.drawImage(image, Math.round(x * ratio - half) / ratio, Math.round(y * ratio - half) / ratio, size, size);
    }
  };
})();
