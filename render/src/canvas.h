// A canvas in ROOT's batch mode, painted once into memory. ROOT's graphics are global: one at a time in a process.
#pragma once
#include <TCanvas.h>

#include <string>

namespace dqmhub {

// Takes down how gStyle and the palette are to be at the start of each picture; call once, after ROOT is loaded.
void remember_style();

// Puts gStyle and the palette back to that, whatever drew last.
void restore_style();

// A new, white, current canvas whose picture is exactly width x height pixels.
TCanvas make_canvas(int width, int height);

// What is drawn on `canvas` as a PNG.
std::string picture(TCanvas &canvas);

}  // namespace dqmhub
