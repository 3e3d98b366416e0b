// The charts of a run: file delivery and event rate by stream over lumisections. Only what is new is asked for.
"use strict";
(() => {
  const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#7a5195", "#808080"];
  const CHARTS = { delivery: { field: "delay", axis: "Delay, s" }, rate: { field: "accepted", axis: "Accepted events" } };
  const HEIGHT = 320;

  const box = document.getElementById("charts");
  if (!box) return;

  let run = null;
  let version = 0;
  let asking = false;
  let streams = new Map();  // name -> lumisection -> {delay, accepted}
  const plots = new Map();

  const label = (name) => {
    const short = name.split("_")[0] || name;
    return [...streams.keys()].filter((other) => (other.split("_")[0] || other) === short).length === 1 ? short : name;
  };

  // The variables hold light-dark(), which a canvas does not know; an element does.
  function painted(name) {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    box.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  }

  function add(answer) {
    for (const [name, columns] of Object.entries(answer.streams)) {
      const files = streams.get(name) ?? new Map();
      columns.lumi.forEach((lumi, at) => files.set(lumi, { delay: columns.delay[at], accepted: columns.accepted[at] }));
      streams.set(name, files);
    }
    version = answer.version;
  }

  function table(field) {
    const lumis = [...new Set([...streams.values()].flatMap((files) => [...files.keys()]))].sort((a, b) => a - b);
    return [lumis, ...[...streams.values()].map((files) => lumis.map((lumi) => files.get(lumi)?.[field] ?? null))];
  }

  function options(place, axis) {
    const ink = painted("--muted");
    const line = { stroke: painted("--line"), width: 1 };
    return {
      width: place.clientWidth,
      height: HEIGHT,
      scales: { x: { time: false } },
      cursor: { points: { size: 7 } },
      axes: [
        { stroke: ink, grid: line, ticks: line, label: "Lumisection", labelSize: 18 },
        { stroke: ink, grid: line, ticks: line, label: axis, labelSize: 18, size: 60 },
      ],
      series: [
        { label: "LS" },
        ...[...streams.keys()].map((name, at) => ({
          label: label(name),
          stroke: COLOURS[at % COLOURS.length],
          paths: () => null,
          points: { show: true, size: 4, fill: COLOURS[at % COLOURS.length] },
          value: (_, value) => (value === null ? "–" : value.toFixed(1)),
        })),
      ],
    };
  }

  // How many values, their mean and standard deviation; of accepted events their sum.
  function summary(field) {
    const values = [...streams.values()].flatMap((files) => [...files.values()].map((file) => file[field]).filter((value) => value !== null));
    if (!values.length) return "No file of this run was reported yet.";
    const sum = values.reduce((total, value) => total + value, 0);
    const mean = sum / values.length;
    const sigma = Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length);
    const text = (value, digits) => value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    const counted = `${text(values.length, 0)} files of ${streams.size} streams`;
    return field === "delay" ? `${counted}: mean ${text(mean, 1)} s, standard deviation ${text(sigma, 1)} s` : `${counted}: ${text(sum, 0)} accepted events`;
  }

  function draw() {
    for (const [name, { field, axis }] of Object.entries(CHARTS)) {
      const chart = box.querySelector(`[data-chart=${name}]`);
      const place = chart.querySelector(".plotarea");
      const known = plots.get(name);
      chart.querySelector("[data-says]").textContent = summary(field);
      if (known && known.series.length === streams.size + 1) {
        const lumis = known.data[0];
        const { min, max } = known.scales.x;
        const whole = !lumis.length || (min <= lumis[0] && max >= lumis.at(-1));  // else somebody looks at a part
        known.setData(table(field), whole);
        if (!whole) known.redraw();
      } else {
        known?.destroy();
        plots.delete(name);
        if (streams.size) plots.set(name, new uPlot(options(place, axis), table(field), place));
      }
    }
  }

  function begin(now) {
    run = now;
    version = 0;
    streams = new Map();
    for (const link of box.querySelectorAll("[data-form]")) link.href = link.href.replace(/\/runs\/\d+\//, `/runs/${run}/`);
  }

  async function bring() {
    const { run: now, files } = document.getElementById("square").dataset;
    if (!now || asking || (now === run && Number(files) === version)) return;
    if (now !== run) begin(now);
    asking = true;
    try {
      const answer = await fetch(`${box.dataset.api}${run}/files?system=${box.dataset.system}&since=${version}`);
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
      const found = await answer.json();
      const isNew = version === 0 || Object.keys(found.streams).length > 0;
      if (version === 0) streams = new Map();
      add(found);
      if (isNew) draw();
    } catch (error) {
      for (const says of box.querySelectorAll("[data-says]")) says.textContent = `Newer points did not come: ${error.message}`;
    } finally {
      asking = false;
    }
  }

  function repaint() {
    for (const plot of plots.values()) plot.destroy();
    plots.clear();
    draw();
  }

  new ResizeObserver(() => {
    for (const [name, plot] of plots) plot.setSize({ width: box.querySelector(`[data-chart=${name}] .plotarea`).clientWidth, height: HEIGHT });
  }).observe(box);
  new MutationObserver(repaint).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  document.addEventListener("htmx:afterSettle", bring);
  bring();
})();
