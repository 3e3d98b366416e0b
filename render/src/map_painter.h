// Painter of colour maps (draw options COL and COLZ) that fills cells directly in the image. ROOT goes through the pad and
// looks up the colour by name for each cell. The resulting pixels are the same.
#pragma once
#include <TH1.h>

namespace dqmhub {

// Makes `map` use this painter for its cells. Frame, axes, palette and all other draw options remain with ROOT's painter.
void use_direct_painter(TH1 &map);

}  // namespace dqmhub
