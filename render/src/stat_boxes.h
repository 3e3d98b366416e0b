// Statistics boxes of references, and notes in a plot.
#pragma once
#include <TH1.h>

#include <string>
#include <vector>

#include "spec.h"

namespace dqmhub {

// A reference as drawn.
struct DrawnReference {
  TH1 *histogram;  // owned by the pad
  size_t number;   // position in the request, 1 for the first reference
};

Color_t reference_colour(size_t number);

// Returns the height of ROOT's statistics box for a histogram, in units of the pad.
double stat_box_height(const TH1 &histogram);

// Draws the statistics box of `main` over what is drawn in the current pad so far, and below it a box for each reference. In
// small pads the boxes are enlarged, because letters scale with the pad and must stay readable.
void draw_stat_boxes(TH1 &main, const std::vector<DrawnReference> &references, const Spec &spec);

// Draws a line of small text at the upper left of the frame of the current pad; `line` counts from 0.
void draw_note(const std::string &text, Color_t colour, size_t line);

}  // namespace dqmhub
