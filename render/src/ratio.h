// Ratios of a histogram to its references, drawn below the plot.
#pragma once
#include <TCanvas.h>
#include <TH1.h>

#include <vector>

#include "overlay.h"

namespace dqmhub {

// Upper pad for the plot, lower pad for the ratios. Both are owned by the canvas.
struct RatioPads {
  explicit RatioPads(TCanvas &canvas);
  TPad *upper, *lower;
};

// Scales the axis labels of `histogram` to their size on the whole canvas; their sizes are fractions of the pad.
void scale_labels(TH1 &histogram, const TPad &pad);

// Draws the ratio of `main` to each reference with its errors in the current pad. References with other bins are omitted, and a
// note names them. Returns the histogram with the axes.
TH1 &draw_ratios(const TH1 &main, const std::vector<DrawnReference> &references);

}  // namespace dqmhub
