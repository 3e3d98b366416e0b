// Histograms as JSON of ROOT's TBufferJSON: bins combined as by TH1::Rebin, and projections as by TH2::ProjectionX.
"use strict";
(() => {
  const SUMS = ["fArray", "fSumw2", "fBinEntries", "fBinSumw2"];
  const AXES = ["fXaxis", "fYaxis"];

  /** The number of axes with bins: 1 or 2. */
  const dimensions = (histogram) => (/^(TH2|TProfile2D)/.test(histogram._typename) ? 2 : 1);

  /** For each bin of an axis, from the underflow on, the bin that it becomes when `group` bins are one; those left over overflow. */
  function combined(axis, group) {
    const groups = Math.floor(axis.fNbins / group);
    return Array.from({ length: axis.fNbins + 2 }, (_, bin) => Math.min(Math.ceil(bin / group), groups + 1));
  }

  /** The axis with `group` bins as one. */
  function combinedAxis(axis, group) {
    const groups = Math.floor(axis.fNbins / group);
    const edges = axis.fXbins.filter((_, number) => number % group === 0).slice(0, groups + 1);
    const end = edges.at(-1) ?? axis.fXmin + ((axis.fXmax - axis.fXmin) / axis.fNbins) * groups * group;
    return { ...axis, fNbins: groups, fXmax: end, fXbins: edges, fLabels: group > 1 ? null : axis.fLabels };
  }

  /** The histogram with sums over its cells; `target` is the new cell of each cell. */
  function summed(histogram, cells, target) {
    const result = { ...histogram, fNcells: cells, fTsumw: 0 }; // with 0 the statistics are computed from the bins
    for (const name of SUMS.filter((each) => histogram[each]?.length)) {
      result[name] = new Array(cells).fill(0);
      histogram[name].forEach((value, cell) => {
        result[name][target(cell)] += value;
      });
    }
    return result;
  }

  /** The histogram with `groups[0]` bins of x and `groups[1]` bins of y as one. */
  function rebinned(histogram, groups) {
    if (groups.every((group) => group === 1)) return histogram;
    if (dimensions(histogram) === 1) {
      const bins = combined(histogram.fXaxis, groups[0]);
      const axis = combinedAxis(histogram.fXaxis, groups[0]);
      return { ...summed(histogram, axis.fNbins + 2, (cell) => bins[cell]), fXaxis: axis };
    }
    const [x, y] = AXES.map((name, number) => combined(histogram[name], groups[number]));
    const [fXaxis, fYaxis] = AXES.map((name, number) => combinedAxis(histogram[name], groups[number]));
    const width = fXaxis.fNbins + 2;
    const target = (cell) => x[cell % x.length] + width * y[Math.floor(cell / x.length)];
    return { ...summed(histogram, width * (fYaxis.fNbins + 2), target), fXaxis, fYaxis };
  }

  /** The projection of a map on its axis `x` or `y`, over all bins of the other one with underflow and overflow. */
  function projection(histogram, letter) {
    const size = histogram.fXaxis.fNbins + 2;
    const target = letter === "x" ? (cell) => cell % size : (cell) => Math.floor(cell / size);
    const axis = letter === "x" ? histogram.fXaxis : histogram.fYaxis;
    const isProfile = histogram._typename === "TProfile2D";
    return {
      ...summed(histogram, axis.fNbins + 2, target),
      _typename: isProfile ? "TProfile" : "TH1D",
      fXaxis: axis,
      fYaxis: { ...histogram.fYaxis, fTitle: isProfile ? histogram.fZaxis.fTitle : "", fNbins: 1, fXbins: [], fLabels: null },
    };
  }

  /** Its contents without underflow and overflow, added up. */
  const area = (histogram) => histogram.fArray.slice(1, -1).reduce((sum, content) => sum + content, 0);

  /** The histogram with contents times a factor. */
  function scaled(histogram, factor) {
    const squares = histogram.fSumw2.length ? histogram.fSumw2 : histogram.fArray;
    return {
      ...histogram,
      _typename: "TH1D", // a class of whole numbers could not hold the contents
      fArray: histogram.fArray.map((content) => content * factor),
      fSumw2: squares.map((square) => square * factor * factor),
      fTsumw: 0,
    };
  }

  /** Content and error of a bin; of a profile the mean with its spread, and null without entries. */
  function value(histogram, bin) {
    const { fArray, fSumw2, fBinEntries } = histogram;
    if (!fBinEntries) return [fArray[bin], Math.sqrt(Math.abs(fSumw2[bin] ?? fArray[bin]))];
    const [weight, mean] = [fBinEntries[bin], fArray[bin] / fBinEntries[bin]];
    return weight ? [mean, Math.sqrt(Math.abs(fSumw2[bin] / weight - mean * mean) / (histogram.fErrorMode ? 1 : Math.abs(weight)))] : null;
  }

  /** Lowest and highest content of histograms of one axis, with their error bars or without; those of profiles are always drawn. */
  function extent(histograms, hasErrors) {
    const range = [Infinity, -Infinity];
    for (const histogram of histograms)
      for (let bin = 1; bin <= histogram.fXaxis.fNbins; bin++) {
        const found = value(histogram, bin);
        if (!found) continue;
        const error = hasErrors || histogram.fBinEntries ? found[1] : 0;
        range[0] = Math.min(range[0], found[0] - error);
        range[1] = Math.max(range[1], found[0] + error);
      }
    return range;
  }

  /** Limits of the first of several histograms that are drawn over each other, where it has to leave room for the others. */
  function commonRange(histograms, hasErrors) {
    const [own, all] = [extent(histograms.slice(0, 1), hasErrors), extent(histograms, hasErrors)];
    const margin = 0.05 * (all[1] - all[0]);
    const limits = {};
    if (all[1] > own[1]) limits.fMaximum = all[1] + margin;
    if (all[0] < own[0]) limits.fMinimum = all[0] < 0 ? all[0] - margin : Math.max(0, all[0] - margin);
    return limits;
  }

  dqm.histogram = { SUMS, area, commonRange, dimensions, projection, rebinned, scaled };
})();
