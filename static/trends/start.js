// Draws the charts of the page, again whenever it changes.
"use strict";
(() => {
  function update() {
    const section = document.getElementById("trend-charts");
    const { page } = dqm.trends;
    if (section && page?.isCurrent(section)) return page.choose(Number(section.dataset.run) || 0);
    page?.destroy();
    dqm.trends.page = section ? dqm.trends.drawCharts(section) : null;
  }

  const repaint = () => dqm.trends.page?.repaint();
  new MutationObserver(repaint).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  document.addEventListener("htmx:afterSettle", update);
  update();
})();
