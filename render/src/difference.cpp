#include "difference.h"

#include <TH2D.h>
#include <TH3D.h>
#include <TProfile.h>
#include <TProfile2D.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "overlay.h"
#include "polygons.h"

namespace dqmhub {
namespace {

// Returns contents and errors as a plain floating-point histogram, because adding profiles averages and integer contents
// overflow.
std::unique_ptr<TH1> copy_contents(const TH1 &histogram) {
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
  for (TAxis *axis : {copy->GetXaxis(), copy->GetYaxis(), copy->GetZaxis()})
    axis->SetParent(copy.get());  // projections keep that of the profile, which may be deleted before
  return copy;
}

bool has_means(const TH1 &histogram) { return is_profile(histogram) || dynamic_cast<const TProfile2D *>(&histogram); }

// Returns the factor that scales `area` to `target`, 1 if their signs differ.
double factor_to(double target, double area) { return target * area > 0 ? target / area : 1; }

std::vector<TH2PolyBin *> bins_of(TH2Poly &map) {
  std::vector<TH2PolyBin *> bins;
  for_each_bin(map, [&bins](TH2PolyBin &bin) { bins.push_back(&bin); });
  return bins;
}

bool same_polygon(TH2PolyBin &one, TH2PolyBin &other) {
  return one.GetXMin() == other.GetXMin() && one.GetXMax() == other.GetXMax() && one.GetYMin() == other.GetYMin() &&
         one.GetYMax() == other.GetYMax() && one.GetArea() == other.GetArea();
}

double area_of(const std::vector<TH2PolyBin *> &bins) {
  return std::accumulate(bins.begin(), bins.end(), 0., [](double sum, auto bin) { return sum + bin->GetContent(); });
}

std::unique_ptr<TH1> difference_of_polygons(TH2Poly &one, TH2Poly &other, bool normalise) {
  std::unique_ptr<TH2Poly> result(static_cast<TH2Poly *>(one.Clone()));
  const auto bins = bins_of(*result), other_bins = bins_of(other);
  if (!std::equal(bins.begin(), bins.end(), other_bins.begin(), other_bins.end(), [](auto a, auto b) { return same_polygon(*a, *b); }))
    return nullptr;
  const double factor = normalise ? factor_to(area_of(bins), area_of(other_bins)) : 1;
  for (size_t i = 0; i < bins.size(); ++i)
    bins[i]->SetContent(bins[i]->GetContent() - factor * other_bins[i]->GetContent());
  return result;
}

}  // namespace

std::unique_ptr<TH1> difference(TH1 &one, TH1 &other, bool normalise) {
  const auto polygons = dynamic_cast<TH2Poly *>(&one), other_polygons = dynamic_cast<TH2Poly *>(&other);
  if (polygons && other_polygons)
    return difference_of_polygons(*polygons, *other_polygons, normalise);
  if (polygons || other_polygons || !same_binning(one, other))
    return nullptr;
  auto result = copy_contents(one);
  const auto subtracted = copy_contents(other);
  for (const auto histogram : {result.get(), subtracted.get()})
    if (histogram->GetSumw2N() == 0)
      histogram->Sumw2();  // else ROOT would take a negative content for the square of its error
  const bool scaled = normalise && !has_means(other);
  result->Add(subtracted.get(), scaled ? -factor_to(result->GetSumOfWeights(), subtracted->GetSumOfWeights()) : -1);
  return result;
}

}  // namespace dqmhub
