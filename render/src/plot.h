// Ordinary plots: one histogram of any kind, and others of the same kind drawn over it.
#pragma once
#include <TCanvas.h>
#include <TH1.h>

#include <string>
#include <vector>

#include "spec.h"

namespace dqmhub {

// Gives a histogram our look in place of the file's.
void restyle(TH1 &histogram);

class Plot {
 public:
  // What is in the histograms that cannot be drawn is taken out. They must outlive the painting of the canvas.
  Plot(TH1 &main, std::vector<TH1 *> references, const Spec &spec);

  // Draws as the spec says; `normalise` scales references to the main area.
  void draw(TCanvas &canvas, bool normalise);

 private:
  bool divisible() const;  // all are one-dimensional and no profiles, and there is a reference
  void draw_ordinary(TCanvas &canvas, const std::string &options, bool normalise);
  void draw_with_ratios(TCanvas &canvas, const std::string &options, bool normalise);

  TH1 &main_;
  const std::vector<TH1 *> references_;  // nothing for one that is missing
  const Spec &spec_;
  bool finite_ = true;
};

}  // namespace dqmhub
