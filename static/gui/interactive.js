// The plot of a page drawn by JSROOT: values under the pointer, zoom by drag, projections, combined bins. Loaded on demand.
"use strict";
(() => {
  const GROUPS = [1, 2, 4, 5, 10, 20, 50];
  /** Colours of references: those of the render service. */
  const COLOURS = ["#0033ff", "#ff6600", "#cc0000", "#990099", "#33cc33", "#666666", "#009999", "#666600", "#000099"];

  const SUMS = new Set(dqm.histogram.SUMS);

  let library = null;
  let shown = ""; // the data of the button when the plot was drawn
  let histograms = []; // as JSON; null or "" for a reference that has none

  const button = () => document.querySelector("[data-interactive]");
  const box = () => document.getElementById("interactive");

  function load(address) {
    library ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = resolve;
      script.onerror = () => {
        library = null;
        reject(new Error("The library for interactive plots cannot be loaded"));
      };
      document.head.append(script);
    });
    return library;
  }

  /** A text of a file: JSROOT makes a link of `#url[...]`, and loads MathJax from another site for a backslash. */
  const harmless = (text) => text.replaceAll("#url[", "#url [").replaceAll("\\", "\u2216");

  /** A value of the JSON of a histogram: a path of SVG has no place for what is not finite, which is null in JSON. */
  function drawable(name, value) {
    if (typeof value === "string") return harmless(value);
    if (SUMS.has(name)) return value.map((number) => number ?? 0);
    return name === "fContent" ? (value ?? 0) : value;
  }

  async function read(address) {
    const response = await fetch(address);
    const histogram = JSON.parse(await response.text(), drawable);
    if (!response.ok) throw new Error(histogram.message);
    return histogram;
  }

  function choice(label, name, values) {
    const select = Object.assign(document.createElement("select"), { name });
    select.append(...values.map(([value, text]) => new Option(text, value)));
    const element = document.createElement("label");
    element.append(label, " ", select);
    return element;
  }

  /** The controls that the class of the histogram has. */
  function controls(histogram) {
    const form = document.createElement("form");
    form.className = "interactive-controls";
    const isMap = dqm.histogram.dimensions(histogram) === 2;
    const groups = GROUPS.map((group) => [group, group]);
    if (histogram._typename === "TH2Poly") return form;
    if (isMap) {
      const shapes = [
        ["", "map"],
        ["x", "projection on x"],
        ["y", "projection on y"],
      ];
      form.append(choice("Show", "projection", shapes));
    }
    form.append(choice("Bins of x as one", "x", groups));
    if (isMap) form.append(choice("of y", "y", groups));
    form.addEventListener("change", draw);
    form.addEventListener("submit", (event) => event.preventDefault());
    return form;
  }

  /** A histogram as the controls want it. */
  function chosen(histogram) {
    const fields = new FormData(box().querySelector("form"));
    if (!fields.has("x")) return histogram;
    const result = dqm.histogram.rebinned(histogram, [Number(fields.get("x")), Number(fields.get("y") ?? 1)]);
    const letter = fields.get("projection");
    return letter && dqm.histogram.dimensions(histogram) === 2 ? dqm.histogram.projection(result, letter) : result;
  }

  function stage(label) {
    const figure = document.createElement("div");
    figure.className = "interactive-plot";
    figure.setAttribute("role", "img");
    figure.setAttribute("aria-label", label);
    // its menu needs inline styles, which the policy of the page forbids
    figure.addEventListener("contextmenu", (event) => event.stopPropagation(), true);
    box().append(figure);
    return figure;
  }

  const painter = (histogram) => (dqm.histogram.dimensions(histogram) === 2 ? JSROOT.TH2Painter : JSROOT.TH1Painter);

  function paint(figure, histogram, options) {
    const object = JSROOT.parse(JSON.stringify(histogram));
    // JSROOT compiles formulas, which the policy of the page forbids; before, they count for the references between objects
    if (object.fFunctions) object.fFunctions.arr = [];
    return painter(histogram).draw(figure, object, options);
  }

  async function draw() {
    const data = JSON.parse(shown);
    for (const figure of box().querySelectorAll(".interactive-plot")) {
      JSROOT.cleanup(figure);
      figure.remove();
    }
    const [main, ...references] = histograms.map((histogram) => histogram && chosen(histogram));
    if (dqm.histogram.dimensions(main) === 2) {
      for (const [number, histogram] of [main, ...references].entries())
        if (histogram) await paint(stage(`Interactive plot ${data.labels[number]}`), histogram, `colz nostat ${data.options}`);
    } else await overlay(data, main, references);
  }

  /** Draws a histogram of one axis with its references over it. */
  async function overlay(data, main, references) {
    const isProfile = main._typename === "TProfile";
    const scales = data.scale && !isProfile && !main.dqmProperties?.efficiency;
    const others = references.map((reference) => {
      if (!reference || dqm.histogram.dimensions(reference) === 2) return null;
      const factor = dqm.histogram.area(main) / dqm.histogram.area(reference);
      return scales && Number.isFinite(factor) && factor > 0 ? dqm.histogram.scaled(reference, factor) : reference;
    });
    const usable = others.filter(Boolean);
    const range = usable.length ? dqm.histogram.commonRange([main, ...usable], data.errors) : {};
    const option = isProfile || data.errors ? "" : "hist";
    const figure = stage(`Interactive plot ${data.labels[0]}`);
    const first = await paint(figure, { ...main, ...range }, `${option}${data.errors && !isProfile ? "e" : ""} ${data.options}`);
    if (usable.length) await recolour(first, "#000000");
    for (const [number, reference] of others.entries()) {
      if (!reference) continue;
      const drawn = await paint(figure, reference, `same ${option}`);
      await recolour(drawn, COLOURS[number]);
    }
  }

  function recolour(drawn, colour) {
    drawn.lineatt.change(colour);
    return drawn.redraw();
  }

  async function show() {
    shown = button().dataset.interactive;
    const data = JSON.parse(shown);
    try {
      const [, main, ...references] = await Promise.all([
        load(data.library),
        read(data.addresses[0]),
        ...data.addresses.slice(1).map((address) => address && read(address).catch(() => null)),
      ]);
      histograms = [main, ...references];
      if (box().hidden || !box().querySelector("form")) box().replaceChildren(controls(main));
      box().hidden = false;
      await draw();
    } catch (error) {
      hide();
      dqm.notice(error.message);
    }
    showButton();
  }

  function hide() {
    shown = "";
    box().hidden = true;
    box().replaceChildren();
    showButton();
  }

  function showButton() {
    if (!button()) return;
    button().classList.remove("reserved");
    button().textContent = shown ? "Picture" : "Interactive";
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-interactive]")) shown ? hide() : show();
  });
  document.addEventListener("htmx:afterSettle", () => {
    showButton();
    if (shown && button() && button().dataset.interactive !== shown) show();
  });
  showButton();
})();
