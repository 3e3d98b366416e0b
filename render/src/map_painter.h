// Painter of colour maps (draw options COL and COLZ) that fills cells directly in the image. ROOT goes through the pad and
// looks up the colour by name for each cell. The resulting pixels are the same.
#pragma once
#include <TH1.h>

#include <optional>

namespace dqmhub {

// Makes `map` use this painter for its cells and, if its upper end is given in units of the pad, for the place of its palette.
// Frame, axes and all other draw options remain with ROOT's painter.
void use_direct_painter(TH1 &map, std::optional<double> palette_top);

}  // namespace dqmhub
