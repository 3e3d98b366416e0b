// Overlay of references on a one-dimensional histogram.
#pragma once
#include <TH1.h>

#include <string>
#include <vector>

#include "stat_boxes.h"
#include "spec.h"

namespace dqmhub {

bool is_profile(const TH1 &histogram);
bool same_binning(const TH1 &one, const TH1 &other);

// Returns a copy owned by the pad, with floating-point contents, because scaled integer contents would be truncated. The
// histograms of the request stay unchanged.
TH1 *make_pad_copy(const TH1 &histogram);

// Widens the content range of `main` at both ends so that all of `others` are visible, except where the user has set a
// limit. Uses the scale (linear or logarithmic) of the current pad.
void widen_content_range(TH1 &main, const std::vector<DrawnReference> &others, const Spec &spec);

class Overlay {
 public:
  // Scales copies of the references (null if missing) and widens the content range of `main`. The caller draws `main`
  // before it calls draw().
  Overlay(TH1 &main, const std::vector<TH1 *> &references, const Spec &spec, bool normalise);
  void draw();
  const std::vector<DrawnReference> &references() const { return references_; }

 private:
  void add_kolmogorov_notes(const TH1 &main, const std::vector<TH1 *> &references);

  TH1 &main_;
  const Spec &spec_;
  std::vector<DrawnReference> references_;
  std::vector<std::pair<std::string, Color_t>> notes_;
};

}  // namespace dqmhub
