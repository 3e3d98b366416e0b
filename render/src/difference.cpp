#include "difference.h"

#include <TH2D.h>
#include <TH3D.h>
#include <TProfile.h>
#include <TProfile2D.h>

#include "overlay.h"

namespace dqmhub {
namespace {

bool comparable(const TH1 &one, const TH1 &other) {
  return one.GetDimension() == other.GetDimension() && one.GetNcells() == other.GetNcells() && same_binning(one, other) &&
         one.GetYaxis()->GetNbins() == other.GetYaxis()->GetNbins();
}

// A copy of the contents and errors alone: a profile would average, and whole numbers would be cut.
std::unique_ptr<TH1> contents(const TH1 &histogram) {
  std::unique_ptr<TH1> copy;
  if (const auto profile = dynamic_cast<const TProfile *>(&histogram)) {
    copy.reset(profile->ProjectionX());
  } else if (const auto surface = dynamic_cast<const TProfile2D *>(&histogram)) {
    copy.reset(surface->ProjectionXY());
  } else {
    if (histogram.GetDimension() == 1)
      copy = std::make_unique<TH1D>();
    else if (histogram.GetDimension() == 2)
      copy = std::make_unique<TH2D>();
    else
      copy = std::make_unique<TH3D>();
    histogram.TH1::Copy(*copy);
  }
  copy->SetDirectory(nullptr);
  copy->SetName(histogram.GetName());
  return copy;
}

}  // namespace

std::unique_ptr<TH1> difference(const TH1 &one, const TH1 &other) {
  if (!comparable(one, other))
    return nullptr;
  auto left = contents(one);
  left->Add(contents(other).get(), -1);
  return left;
}

}  // namespace dqmhub
