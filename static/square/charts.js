// Charts of a run: file delivery and event rate by stream over lumisections. Each request brings new points only.
"use strict";
(() => {
  const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#7a5195", "#808080"];
  const CHARTS = { delivery: { field: "delay", axis: "Delay, s" }, rate: { field: "accepted", axis: "Accepted events" } };
  const HEIGHT = 320;

  const box = document.getElementById("charts");
  if (!box) return;

  let run = null;
  let version = 0;
  let loading = false;
  let streams = new Map(); // name -> lumisection -> {delay, accepted}
  const plots = new Map(); // name of a chart -> uPlot

  /** The stream's name up to the first "_", if no other stream has the same beginning. */
  function streamLabel(name) {
    const short = (stream) => stream.split("_")[0] || stream;
    const same = [...streams.keys()].filter((other) => short(other) === short(name));
    return same.length === 1 ? short(name) : name;
  }

  /** The colour of a CSS variable. Variables hold light-dark(), which only an element resolves, not a canvas. */
  function cssColour(name) {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    box.append(probe);
    const colour = getComputedStyle(probe).color;
    probe.remove();
    return colour;
  }

  function addFiles(answer) {
    for (const [name, columns] of Object.entries(answer.streams)) {
      const files = streams.get(name) ?? new Map();
      columns.lumi.forEach((lumi, row) => {
        files.set(lumi, { delay: columns.delay[row], accepted: columns.accepted[row] });
      });
      streams.set(name, files);
    }
    version = answer.version;
  }

  /** The data of a uPlot: lumisections, then one row of values for each stream. */
  function plotData(field) {
    const lumis = [...new Set([...streams.values()].flatMap((files) => [...files.keys()]))].sort((a, b) => a - b);
    return [lumis, ...[...streams.values()].map((files) => lumis.map((lumi) => files.get(lumi)?.[field] ?? null))];
  }

  function plotOptions(place, axis) {
    const ink = cssColour("--muted");
    const line = { stroke: cssColour("--line"), width: 1 };
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
        ...[...streams.keys()].map((name, index) => ({
          label: streamLabel(name),
          stroke: COLOURS[index % COLOURS.length],
          paths: () => null,
          points: { show: true, size: 4, fill: COLOURS[index % COLOURS.length] },
          value: (_, value) => (value === null ? "–" : value.toFixed(1)),
        })),
      ],
    };
  }

  function decimal(value, digits) {
    return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  }

  /** Number of values with their mean and standard deviation; for accepted events their sum. */
  function summary(field) {
    const values = [...streams.values()].flatMap((files) =>
      [...files.values()].map((file) => file[field]).filter((value) => value !== null),
    );
    if (!values.length) return "No files of this run yet.";
    const sum = values.reduce((total, value) => total + value, 0);
    const files = `${decimal(values.length, 0)} files of ${streams.size} streams`;
    if (field !== "delay") return `${files}: ${decimal(sum, 0)} accepted events`;
    const mean = sum / values.length;
    const sigma = Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length);
    return `${files}: mean ${decimal(mean, 1)} s, standard deviation ${decimal(sigma, 1)} s`;
  }

  /** Put new points into a plot; a part of it that somebody has zoomed into stays in view. */
  function updatePlot(plot, data) {
    const lumis = plot.data[0];
    const { min, max } = plot.scales.x;
    const isWhole = !lumis.length || (min <= lumis[0] && max >= lumis.at(-1));
    plot.setData(data, isWhole);
    if (!isWhole) plot.redraw();
  }

  function draw() {
    for (const [name, { field, axis }] of Object.entries(CHARTS)) {
      const chart = box.querySelector(`[data-chart=${name}]`);
      const place = chart.querySelector(".plotarea");
      const plot = plots.get(name);
      chart.querySelector("[data-summary]").textContent = summary(field);
      if (plot && plot.series.length === streams.size + 1) {
        updatePlot(plot, plotData(field));
        continue;
      }
      plot?.destroy();
      plots.delete(name);
      if (streams.size) plots.set(name, new uPlot(plotOptions(place, axis), plotData(field), place));
    }
  }

  function startRun(newRun) {
    run = newRun;
    version = 0;
    streams = new Map();
    for (const link of box.querySelectorAll("[data-form]")) link.href = link.href.replace(/\/runs\/\d+\//, `/runs/${run}/`);
  }

  async function fetchFiles() {
    const response = await fetch(`${box.dataset.api}${run}/files?system=${box.dataset.system}&since=${version}`);
    if (!response.ok) throw new Error(`server error ${response.status}`);
    return response.json();
  }

  async function update() {
    const { run: newRun, files } = document.getElementById("square").dataset;
    if (!newRun || loading || (newRun === run && Number(files) === version)) return;
    if (newRun !== run) startRun(newRun);
    loading = true;
    try {
      const answer = await fetchFiles();
      const isNew = version === 0 || Object.keys(answer.streams).length > 0;
      if (version === 0) streams = new Map();
      addFiles(answer);
      if (isNew) draw();
    } catch (error) {
      for (const text of box.querySelectorAll("[data-summary]")) text.textContent = `New points failed to load: ${error.message}`;
    } finally {
      loading = false;
    }
  }

  function repaint() {
    for (const plot of plots.values()) plot.destroy();
    plots.clear();
    draw();
  }

  new ResizeObserver(() => {
    for (const [name, plot] of plots)
      plot.setSize({ width: box.querySelector(`[data-chart=${name}] .plotarea`).clientWidth, height: HEIGHT });
  }).observe(box);
  new MutationObserver(repaint).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  document.addEventListener("htmx:afterSettle", update);
  update();
})();
