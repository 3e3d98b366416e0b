// Ranges and scales of the axes of a plot.
#pragma once
#include <TH1.h>
#include <TVirtualPad.h>

#include <utility>

#include "spec.h"

namespace dqmhub {

// Applies the ranges and scales of a specification; axes without a requested scale keep the setting of a plugin. A logarithmic
// scale applies to values above 0, and to contents only if at least two numbers stand on it. `alone`: no references will be
// drawn, which can extend the scale.
void apply_axes(TVirtualPad &pad, TH1 &histogram, const Spec &spec, bool alone);

// Returns the ends of the scale that ROOT chooses for contents on a logarithmic axis; up to 0 if it can draw none.
std::pair<double, double> log_scale(const TH1 &histogram);

}  // namespace dqmhub
