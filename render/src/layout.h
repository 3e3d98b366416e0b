// Room for the numbers, titles, palette and statistics box of a plot beside its frame.
#pragma once
#include <TCanvas.h>
#include <TH1.h>

#include <optional>
#include <string>

namespace dqmhub {

// Widens the left margin for the numbers or bin labels of the y axis and its title beside them, unless a plugin has changed
// the margin. The range of the axis must be known.
void make_room_for_y_axis(TVirtualPad &pad, TH1 &histogram);

// Does the same for two pads as wide as `canvas`, the upper one of which contains the histogram. Returns the width of its
// numbers for place_y_title.
double make_room_for_y_axes(const TVirtualPad &canvas, TVirtualPad &upper, TVirtualPad &lower, const TH1 &histogram);

// Raises the lower margin for the bin labels of the x axis of a map and moves its title below them, unless a plugin has changed
// the margin.
void make_room_for_x_labels(TVirtualPad &pad, TH1 &histogram);

// Shortens titles of axes that are longer than the room beside the frame. The margins of `pad`, the current one, must be known.
void fit_titles(const TVirtualPad &pad, TH1 &histogram);

// Moves the title of a y axis beside numbers of this width, in units of the smaller side of the canvas.
void place_y_title(const TVirtualPad &canvas, TAxis &axis, double numbers);

// Widens the right margin for a palette with its numbers, and for the statistics box, which would cover cells. Returns the
// upper end of the palette in units of the pad if it has to begin below the box; nothing without a palette or box, or if a
// plugin has changed the margin.
std::optional<double> make_room_for_palette(TVirtualPad &pad, TH1 &histogram, const std::string &options);

// Adds the palette that ROOT would add in the right margin, but with this upper end. `view`: the plot has three dimensions.
void add_palette(const TVirtualPad &pad, TH1 &histogram, double top, bool view);

}  // namespace dqmhub
