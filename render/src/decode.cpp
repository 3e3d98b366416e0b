#include "decode.h"

#include <TArray.h>
#include <TArrayD.h>
#include <TClass.h>
#include <TH1.h>
#include <TObjString.h>
#include <TProfile.h>
#include <TProfile2D.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "framed_object.h"
#include "polygons.h"

namespace dqmhub {
namespace {

// Returns whether the number of bins, the edges and the displayed range of an axis agree.
bool is_consistent(const TAxis &axis) {
  const int bins = axis.GetNbins(), edges = axis.GetXbins()->GetSize();
  const bool finite = std::isfinite(axis.GetXmin()) && std::isfinite(axis.GetXmax());
  const int first = axis.GetFirst(), last = axis.GetLast();
  return bins >= 1 && bins < INT32_MAX - 2 && (edges == 0 || edges == bins + 1) && finite && first >= 0 && first <= last && last >= 1 &&
         last <= bins + 1;
}

// Returns whether the painters can compute with an axis: doubles tell its edges apart and hold its length, squared and inverted.
bool is_drawable(const TAxis &axis) {
  constexpr double largest = 1e150, smallest = 1e-150;
  const double low = axis.GetXmin(), high = axis.GetXmax(), width = (high - low) / axis.GetNbins();
  const auto &edges = *axis.GetXbins();
  for (int i = 1; i < edges.GetSize(); ++i)
    if (!(edges[i - 1] < edges[i]))
      return false;
  return width > smallest && std::max(std::abs(low), std::abs(high)) < largest && low + width > low && high - width < high;
}

// Returns whether the displayed axes are drawable. An axis that ROOT has not chosen yet has no length; it is drawn without entries.
bool has_drawable_axes(const TH1 &histogram) {
  const TAxis *axes[] = {histogram.GetXaxis(), histogram.GetYaxis(), histogram.GetZaxis()};
  return std::all_of(axes, axes + histogram.GetDimension(), [&histogram](const TAxis *axis) {
    return is_drawable(*axis) || (axis->GetXmax() <= axis->GetXmin() && histogram.GetEntries() == 0);
  });
}

// Returns the number of cells implied by the axes, which the painters use as an index limit; 0 if the axes are invalid.
int64_t expected_cells(const TH1 &histogram) {
  int64_t expected = 1;
  const TAxis *axes[] = {histogram.GetXaxis(), histogram.GetYaxis(), histogram.GetZaxis()};
  for (int i = 0; i < 3; ++i) {
    const bool used = i < histogram.GetDimension();
    if (!is_consistent(*axes[i]) || (!used && axes[i]->GetNbins() != 1))
      return 0;
    expected *= used ? int64_t(axes[i]->GetNbins()) + 2 : 1;
    if (expected > INT32_MAX)
      return 0;
  }
  return expected;
}

// Returns whether a profile has the arrays that ROOT reads at each bin without a check; true for other histograms.
template <class Profile> bool has_whole_profile(const TH1 &histogram, int64_t expected) {
  const auto profile = dynamic_cast<const Profile *>(&histogram);
  if (!profile)
    return true;
  static const auto offset = Profile::Class()->GetDataMemberOffset("fBinEntries");  // no function of TProfile returns its length
  const auto entries = reinterpret_cast<const TArrayD *>(reinterpret_cast<const char *>(profile) + offset);
  const int squares = profile->GetBinSumw2()->GetSize();
  return entries->GetSize() == expected && profile->GetSumw2N() == expected && (squares == 0 || squares == expected);
}

// Returns whether the arrays of a histogram have the size implied by its axes.
bool is_consistent(TH1 &histogram) {
  const int64_t expected = expected_cells(histogram);
  if (const auto polygons = dynamic_cast<TH2Poly *>(&histogram))
    return expected > 0 && has_whole_bins(*polygons);
  const auto cells = dynamic_cast<const TArray *>(&histogram);
  const int errors = histogram.GetSumw2N();
  return expected > 0 && cells && cells->GetSize() == expected && histogram.GetNcells() == expected &&
         (errors == 0 || errors == expected) && has_whole_profile<TProfile>(histogram, expected) &&
         has_whole_profile<TProfile2D>(histogram, expected);
}

// Fills a histogram with its first entries, which ROOT keeps in a buffer until there are enough to choose the axes. All
// formats show the same entries; otherwise only ROOT's painter would fill them. Returns false if the buffer is damaged.
bool fill_from_buffer(TH1 &histogram) {
  if (!histogram.GetBuffer())
    return true;
  const bool profile = dynamic_cast<TProfile *>(&histogram) || dynamic_cast<TProfile2D *>(&histogram);
  const int values = histogram.GetDimension() + 1 + profile;  // of one entry: weight and coordinates
  const int size = histogram.GetBufferSize();
  if (size < 1 || !(std::abs(histogram.GetBuffer()[0]) * values + 1 <= size))
    return false;
  histogram.BufferEmpty(1);
  return true;
}

}  // namespace

Decoded decode(const EncodedObject &encoded, const ClassVersions &described) {
  if (encoded.bytes.empty())
    return {};
  if (first_framed_object(encoded.bytes).empty())
    return {nullptr, Fault::frame};
  if (auto layout = check_layout(encoded.bytes, described); !layout.known)
    return {nullptr, Fault::content, std::move(layout.undescribed)};
  auto object = read_object(encoded.bytes, encoded.displacement);
  if (!object)
    return {nullptr, Fault::content};
  if (const auto histogram = dynamic_cast<TH1 *>(object.get())) {
    histogram->SetDirectory(nullptr);
    // Entries may only be filled into consistent arrays, and can change the axes.
    const bool usable = is_consistent(*histogram) && fill_from_buffer(*histogram) && is_consistent(*histogram);
    if (!usable || !has_drawable_axes(*histogram))
      return {nullptr, Fault::content};
    if (histogram->GetNcells() > kMaxBins)
      return {nullptr, Fault::none, "", true};
    return {std::move(object)};
  }
  if (!dynamic_cast<TObjString *>(object.get()))
    object.reset();
  return {std::move(object)};
}

}  // namespace dqmhub
