// References over a one-dimensional histogram.
#pragma once
#include <TH1.h>

#include <string>
#include <vector>

#include "boxes.h"
#include "spec.h"

namespace dqmhub {

bool is_profile(const TH1 &histogram);
bool same_binning(const TH1 &one, const TH1 &other);

// A copy with real contents that the pad owns: scaled integer contents would be cut to whole numbers, and the
// histograms of a request are left as they came.
TH1 *drawn_copy(const TH1 &histogram);

// Widens what is shown of the contents of `main` so that all of `others` are seen, at both ends, but for limits that the
// user set; the scale is that of the current pad.
void show_all(TH1 &main, const std::vector<Drawn> &others, const Spec &spec);

class Overlay {
 public:
  // Scales copies of the references (nothing for a missing one) and makes room for them in `main`, which is drawn
  // between here and draw().
  Overlay(TH1 &main, const std::vector<TH1 *> &references, const Spec &spec, bool normalise);
  void draw();
  const std::vector<Drawn> &references() const { return references_; }

 private:
  void compare(const TH1 &main, const std::vector<TH1 *> &references);

  const TH1 &main_;
  const Spec &spec_;
  std::vector<Drawn> references_;
  std::vector<std::pair<std::string, Color_t>> notes_;
};

}  // namespace dqmhub
