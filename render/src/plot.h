// Ordinary plots: one histogram of any kind, and others of the same kind drawn over it.
#pragma once
#include <TCanvas.h>
#include <TH1.h>

#include <vector>

#include "spec.h"

namespace dqmhub {

// Draws `main` as `spec` says, with the references over it; `normalise` scales each to the area of `main`.
// Changes the histograms; they must live until the canvas is painted.
void draw_plot(TCanvas &canvas, TH1 &main, const std::vector<TH1 *> &references, const Spec &spec, bool normalise);

}  // namespace dqmhub
