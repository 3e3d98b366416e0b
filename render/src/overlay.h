// References over a one-dimensional histogram.
#pragma once
#include <TH1.h>

#include <string>
#include <vector>

#include "spec.h"

namespace dqmhub {

constexpr double kHeadroom = 1.05;  // of the highest content that is shown

// Reference `number` of a request (1: the first), as it is drawn; the pad owns the histogram.
struct Drawn {
  TH1 *histogram;
  size_t number;
};

Color_t reference_colour(size_t number);
bool is_profile(const TH1 &histogram);
bool same_binning(const TH1 &one, const TH1 &other);

// A copy with real contents that the pad owns: scaled integer contents would be cut to whole numbers, and the
// histograms of a request are left as they came.
TH1 *drawn_copy(const TH1 &histogram);

// A box with the statistics of each reference, below the plot's own.
void draw_boxes(const std::vector<Drawn> &references, const Spec &spec);

// A line of small letters at the upper left of the frame of the current pad; `line` 0 is the first.
void draw_note(const std::string &text, Color_t colour, size_t line);

class Overlay {
 public:
  // Scales copies of the references (nothing for a missing one) and makes room for them in `main`, which is drawn
  // between here and draw().
  Overlay(TH1 &main, const std::vector<TH1 *> &references, const Spec &spec, bool normalise);
  void draw();
  const std::vector<Drawn> &references() const { return references_; }

 private:
  void compare(const TH1 &main, const std::vector<TH1 *> &references);

  const Spec &spec_;
  std::vector<Drawn> references_;
  std::vector<std::pair<std::string, Color_t>> notes_;
};

}  // namespace dqmhub
