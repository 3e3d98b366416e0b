// The plot of a page drawn by JSROOT: values under the pointer, zoom by drag, projections, combined bins. Loaded on demand.
// Its state is in the address: interactive=on,project:x,x:4,y:2,zoomx:-5:7.5 with x:4 for four bins of x as one.
"use strict";
(() => {
  const GROUPS = [1, 2, 4, 5, 10, 20, 50];
  /** Colours of references: those of the render service. */
  const COLOURS = ["#0033ff", "#ff6600", "#cc0000", "#990099", "#33cc33", "#666666", "#009999", "#666600", "#000099"];
  const SUMS = new Set(dqm.histogram.SUMS);

  let library = null;
  let shown = ""; // the data of the button when the plot was drawn
  let histograms = []; // as JSON; null or "" for a reference that has none
  let state = {}; // by the names of the controls, and zoomx and zoomy with both ends; without what is as at first
  let latest = 0; // number of the last drawing that began

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
    let lost = 0; // contents that are not finite
    const response = await fetch(address);
    const histogram = JSON.parse(await response.text(), (name, value) => {
      if (name === "fArray") lost += value.filter((number) => number === null).length;
      if (name === "fContent" && value === null) lost += 1;
      return drawable(name, value);
    });
    if (!response.ok) throw new Error(histogram.message);
    histogram.dqmNotFinite = lost;
    return histogram;
  }

  function choice(label, name, values) {
    const select = Object.assign(document.createElement("select"), { name });
    select.append(...values.map(([value, text]) => new Option(text, value)));
    if ([...select.options].some((option) => option.value === state[name])) select.value = state[name];
    else delete state[name];
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
      form.append(choice("Show", "project", shapes));
    }
    form.append(choice("Bins of x as one", "x", groups));
    if (isMap) form.append(choice("of y", "y", groups));
    form.addEventListener("change", change);
    form.addEventListener("submit", (event) => event.preventDefault());
    return form;
  }

  /** A histogram as the controls want it. */
  function chosen(histogram) {
    const fields = new FormData(box().querySelector("form"));
    if (!fields.has("x")) return histogram;
    const result = dqm.histogram.rebinned(histogram, [Number(fields.get("x")), Number(fields.get("y") ?? 1)]);
    const letter = fields.get("project");
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

  /** Another choice of a control; the axes of a projection are others, so it begins without a zoom. */
  function change(event) {
    const { name, value } = event.target;
    if (name === "project") state = { x: state.x, y: state.y };
    state[name] = value;
    remember();
    draw();
  }

  function stateOf(text) {
    const parts = text.split(",").slice(1);
    return Object.fromEntries(
      parts.map((part) => part.split(":")).map(([name, ...values]) => [name, values.length > 1 ? values : values[0]]),
    );
  }

  /** The fields of a query with another state of the interactive plot, or without one. */
  function withState(search, text) {
    const others = search.split("&").filter((field) => field && !field.startsWith("interactive="));
    return text ? [...others, `interactive=${text.replaceAll("+", "%2B")}`] : others;
  }

  const plotOf = (search) => search.split("&").find((field) => field.startsWith("plot="));

  /** Puts the state into links to the same plot; its neighbours are interactive, too, but begin again. */
  function putIntoLinks(text) {
    const here = plotOf(location.search.slice(1));
    for (const link of document.querySelectorAll("#main a[href*='plot=']:not(svg a)")) {
      const search = link.search.slice(1);
      if (plotOf(search) === here) link.search = withState(search, text).join("&");
      else if (link.dataset.key) link.search = withState(search, text && "on").join("&");
    }
  }

  /** Puts the state into the address and the links of the page. */
  function remember() {
    const parts = Object.entries(state).filter(([, value]) => value && value !== "1");
    const text = shown && ["on", ...parts.map(([name, value]) => [name, value].flat().join(":"))].join(",");
    putIntoLinks(text);
    const fields = location.search.slice(1);
    const others = withState(fields, text).join("&");
    if (others === fields) return;
    history.replaceState(history.state, "", `${location.pathname}${others && "?"}${others}${location.hash}`);
    for (const link of document.querySelectorAll("[data-copy-link]")) link.href = location.href;
    for (const field of document.querySelectorAll('form[action$="/s"] [name=address]')) field.value = location.href;
  }

  /** The ends of an axis as they were zoomed, or else as the form for the display has them; null for the whole axis. */
  function endsOf(axis, frame) {
    if (state[`zoom${axis}`]) return state[`zoom${axis}`].map(Number);
    const typed = JSON.parse(shown).ranges[axis];
    if (state.project || typed.every((end) => end === null)) return null;
    return [typed[0] ?? frame[`${axis}min`], typed[1] ?? frame[`${axis}max`]].map(Number);
  }

  /** Zooms as before, and follows the zoom from now on. */
  async function follow(frame) {
    for (const axis of "xyz") {
      const ends = endsOf(axis, frame);
      if (ends) await frame.zoomSingle(axis, ...ends, true);
    }
    const changed = frame.zoomChangedInteractive.bind(frame);
    frame.zoomChangedInteractive = (axis, value) => {
      const result = changed(axis, value);
      if (value !== undefined && "xy".includes(axis)) {
        const ends = [frame[`zoom_${axis}min`], frame[`zoom_${axis}max`]];
        state[`zoom${axis}`] = ends[0] === ends[1] ? null : ends.map((end) => String(Number(end.toPrecision(6))));
        remember();
      }
      return result;
    };
  }

  /** Says what the plot does not show, and which histograms have numbers that are drawn as 0 since they are none. */
  function addNotes(data) {
    for (const note of box().querySelectorAll(".interactive-note")) note.remove();
    const notFinite = histograms.map((histogram, number) => {
      const values = histogram?.dqmNotFinite === 1 ? "1 value is" : `${histogram?.dqmNotFinite} values are`;
      return histogram?.dqmNotFinite && `${data.labels[number]}: ${values} not finite (NaN or infinity) and drawn as 0.`;
    });
    for (const text of [data.note, ...notFinite].filter(Boolean)) {
      box().append(Object.assign(document.createElement("p"), { className: "interactive-note fine", textContent: text }));
    }
  }

  async function draw() {
    const data = JSON.parse(shown);
    for (const figure of box().querySelectorAll(".interactive-plot")) {
      JSROOT.cleanup(figure);
      figure.remove();
    }
    addNotes(data);
    const [main, ...references] = histograms.map((histogram) => histogram && chosen(histogram));
    if (dqm.histogram.dimensions(main) === 2) {
      for (const [number, histogram] of [main, ...references].entries()) {
        if (!histogram) continue;
        const drawn = await paint(stage(`Interactive plot ${data.labels[number]}`), histogram, `colz nostat ${data.options}`);
        if (!number) await follow(drawn.getFramePainter());
      }
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
    await follow(first.getFramePainter());
  }

  function recolour(drawn, colour) {
    drawn.lineatt.change(colour);
    return drawn.redraw();
  }

  async function show() {
    const number = ++latest;
    if (!shown) state = stateOf(button().dataset.interactiveState);
    shown = button().dataset.interactive;
    const data = JSON.parse(shown);
    try {
      const [, main, ...references] = await Promise.all([
        load(data.library),
        read(data.addresses[0]),
        ...data.addresses.slice(1).map((address) => address && read(address).catch(() => null)),
      ]);
      if (number !== latest) return; // newer data are being read
      histograms = [main, ...references];
      if (box().hidden || !box().querySelector("form")) box().replaceChildren(controls(main));
      box().hidden = false;
      remember();
      await draw();
    } catch (error) {
      hide();
      dqm.notice(error.message);
    }
    showButton();
  }

  function hide() {
    shown = "";
    latest += 1;
    box().hidden = true;
    box().replaceChildren();
    remember();
    showButton();
  }

  function showButton() {
    if (!button()) return;
    button().classList.remove("reserved");
    button().textContent = shown ? "Picture" : "Interactive";
  }

  document.addEventListener("click", (event) => {
    const clicked = event.target.closest("[data-interactive]");
    if (!clicked) return;
    clicked.dataset.interactiveState = ""; // a picture that becomes interactive again starts over
    shown ? hide() : show();
  });
  document.addEventListener("htmx:afterSettle", () => {
    showButton();
    if (!button()) return;
    if (shown && button().dataset.interactive !== shown) show();
    else remember();
  });
  showButton();
  if (button()?.dataset.interactiveState) show();
})();
