// A canvas in ROOT's batch mode, painted into memory. ROOT's graphics state is global: only one canvas at a time.
#pragma once
#include <TCanvas.h>

#include <string>

namespace dqmhub {

// Sets gStyle and stores it with the palette as the default of all plots. Called once, after ROOT is loaded.
void save_default_style();

// Resets gStyle and the palette to the stored default.
void restore_default_style();

// A white canvas of exactly width x height pixels, which becomes the current pad.
class PlotCanvas : public TCanvas {
 public:
  PlotCanvas(int width, int height);
  ~PlotCanvas() override;
};

// Paints the canvas and returns it as a PNG. Throws std::runtime_error if ROOT paints no image.
std::string to_png(TCanvas &canvas);

}  // namespace dqmhub
