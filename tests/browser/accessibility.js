// Returns the faults of a page: controls without names, order of headings, ids, lists, contrast of text (WCAG 2).
// biome-ignore lint/correctness/noUnusedVariables: Playwright calls it
function accessibilityFaults() {
  const faults = [];
  const seen = (element) =>
    element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && element.getClientRects().length > 0;
  const show = (element) => element.outerHTML.slice(0, 120);

  const labelled = (element) =>
    (element.getAttribute("aria-labelledby") || "")
      .split(/\s+/)
      .filter(Boolean)
      .map((id) => document.getElementById(id)?.textContent || "")
      .join(" ");
  const nameOf = (element) =>
    [
      labelled(element),
      element.getAttribute("aria-label"),
      [...(element.labels || [])].map((label) => label.textContent).join(" "),
      element.tagName === "IMG" ? element.alt : element.textContent,
      ...[...element.querySelectorAll("img")].map((image) => image.alt),
    ]
      .join(" ")
      .trim();

  for (const image of document.images) if (!image.hasAttribute("alt") || !image.alt.trim()) faults.push(`no alt: ${show(image)}`);
  for (const control of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, progress")) {
    if (seen(control) && !nameOf(control)) faults.push(`no name: ${show(control)}`);
  }
  for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    if (!field.hidden && !field.labels.length && !field.getAttribute("aria-label")) faults.push(`no label: ${show(field)}`);
  }

  let level = 0;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
    if (heading.closest("dialog")) continue;
    const own = Number(heading.tagName[1]);
    if (own > level + 1) faults.push(`heading of level ${own} after ${level}: ${show(heading)}`);
    level = own;
  }
  if (document.querySelectorAll("h1").length !== 1) faults.push("not one h1");
  if (document.querySelectorAll("main").length !== 1) faults.push("not one main");
  if (!document.documentElement.lang) faults.push("no language");
  if (!document.title.trim()) faults.push("no title");

  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) faults.push(`id twice: ${id}`);
  for (const attribute of ["aria-labelledby", "aria-describedby", "for"]) {
    for (const element of document.querySelectorAll(`[${attribute}]`)) {
      for (const id of element.getAttribute(attribute).split(/\s+/))
        if (!document.getElementById(id)) faults.push(`${attribute} leads nowhere: ${id}`);
    }
  }
  for (const list of document.querySelectorAll("ul, ol")) {
    for (const child of list.children) if (child.tagName !== "LI") faults.push(`no list item: ${show(child)}`);
  }

  // Contrast by WCAG 2: 4.5 for text, 3 for large text.
  const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
  const luminance = ([red, green, blue]) => {
    const linear = [red, green, blue].map((value) =>
      value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const over = (top, below) => {
    const alpha = top[3] ?? 1;
    return [0, 1, 2].map((at) => top[at] * alpha + below[at] * (1 - alpha));
  };
  const groundOf = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(channels(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !seen(element) || element.closest(".unseen, .unseen-until-focus, .skip, option, noscript")) continue;
    const style = getComputedStyle(element);
    const ground = groundOf(element);
    const light = [luminance(over(channels(style.color), ground)), luminance(ground)].sort((a, b) => b - a);
    const ratio = (light[0] + 0.05) / (light[1] + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) faults.push(`contrast ${ratio.toFixed(2)}: "${node.data.trim().slice(0, 40)}" in ${show(element)}`);
  }
  return faults;
}
