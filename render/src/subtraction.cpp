#include "subtraction.h"

#include <TAxis.h>
#include <TClass.h>
#include <TF1.h>
#include <THashList.h>
#include <TList.h>
#include <TProfile.h>
#include <TProfile2D.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <functional>
#include <map>
#include <vector>

#include "cells.h"
#include "polygons.h"

namespace dqmhub {
namespace {

using Sums = std::array<double, TH1::kNstat>;

const char *const kReset = ": it was reset, or its client was restarted";

std::array<TAxis *, 3> axes_of(TH1 &histogram) { return {histogram.GetXaxis(), histogram.GetYaxis(), histogram.GetZaxis()}; }

bool same_edges(const TAxis *one, const TAxis *other) {
  const TArrayD &edges = *one->GetXbins(), &others = *other->GetXbins();
  return one->GetNbins() == other->GetNbins() && one->GetXmin() == other->GetXmin() && one->GetXmax() == other->GetXmax() &&
         std::equal(edges.GetArray(), edges.GetArray() + edges.GetSize(), others.GetArray(), others.GetArray() + others.GetSize());
}

bool same_polygons(TH1 &one, TH1 &other) {
  const auto map = dynamic_cast<TH2Poly *>(&one), other_map = dynamic_cast<TH2Poly *>(&other);
  if (!map || !other_map)
    return true;
  const auto all_corners = [](TH2Poly &of) {
    std::vector<std::vector<double>> found;
    for_each_bin(of, [&](TH2PolyBin &bin) { found.push_back(corners(bin)); });
    return found;
  };
  return all_corners(*map) == all_corners(*other_map);
}

// Returns the limits of the values that a profile takes, none for other histograms.
std::array<double, 2> limits_of_values(const TH1 &histogram) {
  if (const auto profile = dynamic_cast<const TProfile *>(&histogram))
    return {profile->GetYmin(), profile->GetYmax()};
  const auto surface = dynamic_cast<const TProfile2D *>(&histogram);
  return surface ? std::array<double, 2>{surface->GetZmin(), surface->GetZmax()} : std::array<double, 2>{};
}

bool same_axes(TH1 &one, TH1 &other) {
  const auto axes = axes_of(one), others = axes_of(other);
  return one.GetNcells() == other.GetNcells() && std::equal(axes.begin(), axes.end(), others.begin(), same_edges) &&
         limits_of_values(one) == limits_of_values(other) && same_polygons(one, other);
}

std::map<unsigned, std::string> labels_of(const TAxis &axis) {
  std::map<unsigned, std::string> labels;
  for (TIter next(axis.GetLabels()); const TObject *label = next();)
    labels[label->GetUniqueID()] = label->GetName();
  return labels;
}

// Returns whether all labels are still there; bins can have got labels since.
bool keeps_labels(const TAxis *late, const TAxis *early) {
  const auto now = labels_of(*late);
  const auto before = labels_of(*early);
  return std::all_of(before.begin(), before.end(), [&](const auto &label) {
    const auto found = now.find(label.first);
    return found != now.end() && found->second == label.second;
  });
}

bool keeps_labels(TH1 &late, TH1 &early) {
  const auto axes = axes_of(late), others = axes_of(early);
  return std::equal(axes.begin(), axes.end(), others.begin(), [](auto one, auto other) { return keeps_labels(one, other); });
}

// Returns the option of the errors of a profile, "" for those of the mean and for other histograms.
std::string error_option(const TH1 &histogram) {
  if (const auto profile = dynamic_cast<const TProfile *>(&histogram))
    return profile->GetErrorOption();
  const auto surface = dynamic_cast<const TProfile2D *>(&histogram);
  return surface ? surface->GetErrorOption() : "";
}

// Returns the sum of weights that ROOT keeps while a histogram is filled, and clears when a content is set.
double sum_of_filled(const TH1 &histogram) {
  static const auto offset = TH1::Class()->GetDataMemberOffset("fTsumw");
  double sum;
  std::memcpy(&sum, reinterpret_cast<const char *>(&histogram) + offset, sizeof sum);
  return sum;
}

std::string why_not_continued(TH1 &late, TH1 &early) {
  if (late.IsA() != early.IsA())
    return "its class has changed: it was a " + std::string(early.ClassName()) + " and is a " + late.ClassName();
  if (late.InheritsFrom("TProfile3D") || late.InheritsFrom("TProfile2Poly"))
    return std::string("it is a ") + late.ClassName();
  if (!same_axes(late, early))
    return "its axes have changed";
  if (!keeps_labels(late, early))
    return "the labels of its bins have changed";
  if (late.TestBit(TH1::kIsAverage) || early.TestBit(TH1::kIsAverage))
    return "it is an average such as an efficiency, and the difference of two is none";
  if (!error_option(late).empty() || !error_option(early).empty())
    return "the errors of this profile are not those of the mean, so that a difference has none";
  if (!std::isfinite(late.GetEntries()) || !std::isfinite(early.GetEntries()))
    return "the number of its entries is not finite";
  if (late.GetEntries() < early.GetEntries())
    return std::string("it has fewer entries than before") + kReset;
  return "";
}

// Sums of squares never go down while a histogram is filled, whatever the weights. In doubt there is no difference.
std::string why_not_subtracted(const Cells &late, const Cells &early, double late_sum, double early_sum) {
  if (!late.are_finite() || !early.are_finite())
    return "a bin has a content that is not finite";
  if (!late.continue_sums_of(early))
    return std::string("sums of its weights are no longer kept") + kReset;
  if (late.has_full_cell())
    return "a bin holds so much that it no longer counts each entry";
  if (!late.add_up_to(late_sum) || !early.add_up_to(early_sum))
    return "its contents do not add up to what was filled: they are set instead, or rounded";
  if (!late.have_grown_since(early))
    return std::string("a bin has less than before") + kReset + ", or its contents were scaled";
  return "";
}

// Returns the sums that ROOT keeps of the entries, also of a histogram whose axes show a part, for which it would compute others.
Sums sums_of(TH1 &histogram) {
  std::array<bool, 3> restricted;
  const auto axes = axes_of(histogram);
  for (size_t i = 0; i < axes.size(); ++i) {
    restricted[i] = axes[i]->TestBit(TAxis::kAxisRange);
    axes[i]->ResetBit(TAxis::kAxisRange);
  }
  Sums sums{};
  histogram.GetStats(sums.data());
  for (size_t i = 0; i < axes.size(); ++i)
    axes[i]->SetBit(TAxis::kAxisRange, restricted[i]);
  return sums;
}

Sums sums_between(TH1 &late, TH1 &early) {
  Sums sums = sums_of(late);
  const Sums before = sums_of(early);
  std::transform(sums.begin(), sums.end(), before.begin(), sums.begin(), std::minus<>());
  return sums;
}

// Removes what is true of the whole histogram alone: fits, and limits chosen for its contents.
void drop_facts_of_the_whole(TH1 &histogram) {
  std::vector<TObject *> fits;
  for (TIter next(histogram.GetListOfFunctions()); TObject *each = next();)
    if (each->InheritsFrom(TF1::Class()))
      fits.push_back(each);
  for (TObject *fit : fits) {
    histogram.GetListOfFunctions()->Remove(fit);
    delete fit;
  }
  histogram.SetMinimum();
  histogram.SetMaximum();
}

}  // namespace

std::string subtract(TH1 &late, TH1 &early) {
  if (auto reason = why_not_continued(late, early); !reason.empty())
    return reason;
  Cells cells(late);
  const Cells before(early);
  if (auto reason = why_not_subtracted(cells, before, sum_of_filled(late), sum_of_filled(early)); !reason.empty())
    return reason;
  Sums sums = sums_between(late, early);
  const double entries = late.GetEntries() - early.GetEntries();
  cells.subtract(before);
  late.PutStats(sums.data());
  late.SetEntries(entries);
  drop_facts_of_the_whole(late);
  return "";
}

}  // namespace dqmhub
