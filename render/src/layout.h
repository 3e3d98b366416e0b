// Room for the titles, palette and statistics box of a plot beside its frame.
#pragma once
#include <TCanvas.h>
#include <TH1.h>

#include <optional>
#include <string>

namespace dqmhub {

// Widens the left margin for a y title beside numbers of five digits, unless a plugin has changed the margin.
void make_room_for_y_title(TVirtualPad &pad, const TH1 &histogram);

// Widens the right margin for a palette with its numbers, and for the statistics box, which would cover cells. Returns the
// upper end of the palette in units of the pad if it has to begin below the box; nothing without a palette or box, or if a
// plugin has changed the margin.
std::optional<double> make_room_for_palette(TVirtualPad &pad, const TH1 &histogram, const std::string &options);

// Adds the palette that ROOT would add in the right margin, but with this upper end. `view`: the plot has three dimensions.
void add_palette(const TVirtualPad &pad, TH1 &histogram, double top, bool view);

}  // namespace dqmhub
