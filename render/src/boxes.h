// What is written beside the curves: a box of statistics for each reference, and notes.
#pragma once
#include <TH1.h>

#include <string>
#include <vector>

#include "spec.h"

namespace dqmhub {

// Reference `number` of a request (1: the first), as it is drawn; the pad owns the histogram.
struct Drawn {
  TH1 *histogram;
  size_t number;
};

Color_t reference_colour(size_t number);

// A box with the statistics of each reference below that of `main` in the current pad. Letters are a share of their pad:
// in a part of the canvas, or a small picture, all boxes become as much larger as keeps them readable.
void draw_boxes(const TH1 &main, const std::vector<Drawn> &references, const Spec &spec);

// A line of small letters at the upper left of the frame of the current pad; `line` 0 is the first.
void draw_note(const std::string &text, Color_t colour, size_t line);

}  // namespace dqmhub
