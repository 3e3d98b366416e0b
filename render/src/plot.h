// A plot of one histogram and its references.
#pragma once
#include <TCanvas.h>
#include <TH1.h>

#include <string>
#include <vector>

#include "spec.h"

namespace dqmhub {

// Applies the current style to a histogram, in place of the attributes stored in the file.
void apply_current_style(TH1 &histogram);

class Plot {
 public:
  // Replaces contents that cannot be drawn. The histograms must outlive the painting of the canvas.
  Plot(TH1 &main, std::vector<TH1 *> references, const Spec &spec);

  // Draws according to the spec; `normalise` scales the references to the area of the main histogram.
  void draw(TCanvas &canvas, bool normalise);

 private:
  bool supports_ratios() const;  // there is a reference, and all histograms are one-dimensional and not profiles
  void draw_overlay(TCanvas &canvas, const std::string &options, bool normalise);
  void draw_with_ratios(TCanvas &canvas, const std::string &options, bool normalise);

  TH1 &main_;
  const std::vector<TH1 *> references_;  // null for a missing one
  const Spec &spec_;
  bool finite_ = true;
};

}  // namespace dqmhub
