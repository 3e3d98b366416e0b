// The ratio of a plot to each of its references, below it.
#pragma once
#include <TCanvas.h>
#include <TH1.h>

#include <vector>

#include "overlay.h"

namespace dqmhub {

// The two parts of a canvas: the plot above, its ratios below. The canvas owns them.
struct RatioPads {
  explicit RatioPads(TCanvas &canvas);
  TPad *upper, *lower;
};

// Letters are a share of their pad: makes those of `histogram` as large as they would be on the whole canvas.
void enlarge_letters(TH1 &histogram, const TPad &pad);

// Draws main divided by each reference into the current pad. A reference of other bins has no ratio, and a note says so.
void draw_ratios(const TH1 &main, const std::vector<Drawn> &references, const Spec &spec);

}  // namespace dqmhub
