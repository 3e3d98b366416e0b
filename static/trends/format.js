// Numbers, durations and times of trends as text.
"use strict";
dqm.trends.format = (() => {
  const SUPERSCRIPTS = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
  const MINUS = "\u2212";

  const minus = (text) => text.replace("-", MINUS);
  const power = (exponent) => `×10${[...String(exponent)].map((digit) => SUPERSCRIPTS[digit]).join("")}`;
  const exponentOf = (value) => (value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value))));
  const isPlain = (exponent) => exponent >= -3 && exponent < 6;

  /** A number with some significant digits; very large and very small ones as a power of ten. */
  function number(value, digits = 6) {
    if (!Number.isFinite(value)) return "–";
    const exponent = exponentOf(value);
    if (isPlain(exponent)) return minus(String(Number(value.toPrecision(digits))));
    return minus(String(Number((value / 10 ** exponent).toPrecision(digits)))) + power(exponent);
  }

  /** A value with its error, which has two digits; the value ends with the same digit. */
  function measured(value, error) {
    if (!(error > 0)) return number(value);
    const exponent = Math.max(exponentOf(value), exponentOf(error));
    const scale = isPlain(exponent) ? 0 : exponent;
    const shown = Number((error / 10 ** scale).toPrecision(2));
    const decimals = Math.min(Math.max(1 - exponentOf(shown), 0), 20);
    const step = 10 ** Math.max(exponentOf(shown) - 1, 0); // an error of 2300 leaves hundreds of the value
    const rounded = step > 1 ? step * Math.round(value / 10 ** scale / step) : value / 10 ** scale;
    const text = `${minus(rounded.toFixed(decimals))} ± ${shown.toFixed(decimals)}`;
    return scale ? `(${text})${power(scale)}` : text;
  }

  /** Seconds as HH:MM:SS; a dash if they are unknown. */
  function duration(seconds) {
    if (!Number.isFinite(seconds)) return "–";
    const total = Math.round(seconds);
    return [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60].map((part) => String(part).padStart(2, "0")).join(":");
  }

  /** Unix seconds as date and time UTC; a dash if they are unknown. */
  const time = (seconds) => (Number.isFinite(seconds) ? `${dqm.times.timestamp(1000 * seconds, "UTC")} UTC` : "–");

  /** A luminosity in inverse picobarns. */
  const luminosity = (value) => (Number.isFinite(value) ? `${number(value, 4)} pb⁻¹` : "–");

  /** Texts of the ticks of an axis whose step is known: all with the same digits behind the point. */
  function ticks(values, step) {
    const largest = Math.max(...values.map(Math.abs), 0);
    const exponent = exponentOf(largest);
    const scale = isPlain(exponent) ? 0 : exponent;
    const decimals = Math.max(0, -Math.floor(Math.log10(step / 10 ** scale) + 1e-9));
    return values.map((value) => (value ? minus((value / 10 ** scale).toFixed(decimals)) + (scale ? power(scale) : "") : "0"));
  }

  return { number, measured, duration, time, luminosity, ticks };
})();
