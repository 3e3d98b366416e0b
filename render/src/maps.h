// Colour maps (draw options COL and COLZ) painted cell by cell into the pixels, where ROOT goes through the pad and the
// name of a colour for each cell. The picture is ROOT's.
#pragma once
#include <TH1.h>

namespace dqmhub {

// Has the cells of `map` painted that way when it is drawn; frame, axes, palette and all other options stay ROOT's.
void paint_cells_directly(TH1 &map);

}  // namespace dqmhub
