// Writes as SVG what CanvasPen draws on a canvas: the same methods.
"use strict";
dqm.trends.SvgPen = (() => {
  const { FORMS } = dqm.trends.CanvasPen;
  const ANCHORS = { left: "start", center: "middle", right: "end" };
  /** From the place of a text to its baseline, in sizes of the font. */
  const SHIFTS = { top: 0.8, middle: 0.35, bottom: -0.2 };

  const escaped = (text) => text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign]);
  const short = (value) => String(Math.round(10 * value) / 10);

  return class SvgPen {
    /** measure: a CanvasPen, which knows how wide texts are. */
    constructor(width, height, font, measure) {
      Object.assign(this, { size: [width, height], font, measure, parts: [], definitions: [], isOpen: false });
    }

    within({ left, top, width, height }, draw) {
      const name = this.define(
        "clipPath",
        `<rect x="${short(left)}" y="${short(top)}" width="${short(width)}" height="${short(height)}"/>`,
      );
      this.close();
      this.parts.push(`<g clip-path="url(#${name})">`);
      draw();
      this.close();
      this.parts.push("</g>");
    }

    group(name) {
      this.close();
      this.parts.push(`<g class="${escaped(name)}">`);
      this.isOpen = true;
    }

    close() {
      if (this.isOpen) this.parts.push("</g>");
      this.isOpen = false;
    }

    define(element, content) {
      const name = `d${this.definitions.length}`;
      this.definitions.push(`<${element} id="${name}">${content}</${element}>`);
      return name;
    }

    rect(x, y, width, height, colour, alpha = 1) {
      const shade = alpha < 1 ? ` fill-opacity="${alpha}"` : "";
      this.parts.push(`<rect x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}" fill="${colour}"${shade}/>`);
    }

    lines(ends, { colour, width = 1, dash = [], alpha = 1 }) {
      if (!ends.length) return;
      let path = "";
      for (let end = 0; end < ends.length; end += 4)
        path += `M${short(ends[end])} ${short(ends[end + 1])}L${short(ends[end + 2])} ${short(ends[end + 3])}`;
      const dashes = dash.length ? ` stroke-dasharray="${dash.join(" ")}"` : "";
      const shade = alpha < 1 ? ` stroke-opacity="${alpha}"` : "";
      this.parts.push(`<path d="${path}" fill="none" stroke="${colour}" stroke-width="${width}"${dashes}${shade}/>`);
    }

    text(x, y, text, { colour, size = 12, align = "left", baseline = "middle", weight = 400, turned = false }) {
      const turn = turned ? ` transform="rotate(-90 ${short(x)} ${short(y)})"` : "";
      const look = `font-size="${size}" font-weight="${weight}" fill="${colour}" text-anchor="${ANCHORS[align]}"`;
      for (const [index, line] of text.split("\n").entries()) {
        const height = short(y + size * (SHIFTS[baseline] + 1.25 * index));
        this.parts.push(`<text x="${short(x)}" y="${height}" ${look}${turn}>${escaped(line)}</text>`);
      }
    }

    width(text, size, weight) {
      return this.measure.width(text, size, weight);
    }

    stampOf(form, radius, colour, ground = null) {
      const line = ground ? ` stroke="${colour}" stroke-width="${Math.max(1.2 / radius, 0.35)}"` : "";
      return this.define("g", `<path transform="scale(${radius})" d="${FORMS[form]}" fill="${ground ?? colour}"${line}/>`);
    }

    stamp(name, x, y) {
      this.parts.push(`<use href="#${name}" x="${short(x)}" y="${short(y)}"/>`);
    }

    /** The file. */
    toString() {
      this.close();
      const [width, height] = this.size;
      const font = escaped(this.font);
      return [
        '<?xml version="1.0" encoding="UTF-8"?>',
        `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${font}">`,
        `<defs>${this.definitions.join("")}</defs>`,
        ...this.parts,
        "</svg>\n",
      ].join("\n");
    }
  };
})();
