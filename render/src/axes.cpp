#include "axes.h"

#include <algorithm>
#include <cmath>

namespace dqmhub {
namespace {

// Returns whether ROOT can compute with the square and the inverse of a limit.
bool is_usable(double limit) { return limit == 0 || (std::abs(limit) > 1e-150 && std::abs(limit) < 1e150); }

// Returns whether a scale can be divided between two values: doubles hold many values between them.
bool can_be_divided(double low, double high) { return high - low > 1e-12 * std::max(std::abs(low), std::abs(high)); }

// Drops limits that cannot be applied: those up to 0 on a logarithmic axis, those near the ends of the range of doubles, and
// ranges that contain nothing or nearly nothing.
AxisSpec usable_range(AxisSpec range, bool log) {
  for (auto limit : {&range.min, &range.max})
    if (*limit && !is_usable(**limit))
      limit->reset();
  if (log && range.min && *range.min <= 0)
    range.min.reset();
  if (log && range.max && *range.max <= 0)
    range.max.reset();
  if (range.min && range.max && !can_be_divided(*range.min, *range.max))
    range.min.reset(), range.max.reset();
  return range;
}

// Restricts an axis to the bins between the limits. Returns whether the scale is logarithmic, which requires values above
// 0 on the axis.
bool apply_axis(TAxis &axis, const AxisSpec &spec, int dimension) {
  const bool positive = (dimension == 3 ? axis.GetXmin() : axis.GetXmax()) > 0;  // 3D boxes span the whole axis
  const bool log = spec.type == "log" && positive && can_be_divided(axis.GetXmin(), axis.GetXmax());
  const AxisSpec range = usable_range(spec, log);
  if (range.min || range.max)
    axis.SetRangeUser(range.min.value_or(axis.GetXmin()), range.max.value_or(axis.GetXmax()));
  const bool extended = axis.GetBinLowEdge(axis.GetLast()) > 0;  // ROOT starts a map at the first edge above 0
  return log && (dimension != 2 || extended);
}

// Returns how many of the numbers 1, 2, ... 9, 10, 20, ... stand on a logarithmic scale, at most two.
int numbers_between(double low, double high) {
  const double decade = std::pow(10, std::floor(std::log10(low))), first = std::ceil(low / decade) * decade;
  const double second = first + (first < 10 * decade ? decade : 10 * decade);
  return (first <= high) + (second <= high);
}

// Adds numbers to logarithmic scales of less than two decades, which would otherwise have one or none. Returns whether at least
// two stand on it.
bool label_between_decades(TH1 &histogram) {
  const auto [low, high] = log_scale(histogram);
  const bool line = histogram.GetDimension() == 1;
  const double least = line ? histogram.GetMinimum() : low, most = histogram.GetMaximum();
  const bool enough = numbers_between(low, high) > 1;
  (line ? histogram.GetYaxis() : histogram.GetZaxis())->SetMoreLogLabels(most < 100 * least && (enough || line));
  return enough;
}

// Adds the other end to a range that begins above all contents or ends below them, which ROOT's axes would never finish.
void complete_range(TH1 &histogram, const AxisSpec &range) {
  const auto room = [](double limit) { return limit == 0 ? 1 : 0.1 * std::abs(limit); };
  if (range.min && !range.max && *range.min > histogram.GetMaximum())
    histogram.SetMaximum(*range.min + room(*range.min));
  if (range.max && !range.min && *range.max < histogram.GetMinimum())
    histogram.SetMinimum(*range.max - room(*range.max));
}

// Restricts the content range, which has no axis of its own. Returns whether the scale is logarithmic.
bool apply_content_range(TH1 &histogram, const AxisSpec &spec, bool alone) {
  const bool log = spec.type == "log" && histogram.GetMaximum() >= 0;
  const AxisSpec range = usable_range(spec, log);
  if (range.min)
    histogram.SetMinimum(*range.min);
  if (range.max)
    histogram.SetMaximum(*range.max);
  complete_range(histogram, range);
  return log && (label_between_decades(histogram) || !alone || histogram.GetMaximum() <= 0);
}

}  // namespace

std::pair<double, double> log_scale(const TH1 &histogram) {
  constexpr double automatic = -1111, below = 0.5, above = 2 * 0.9 / 0.95;  // ROOT's room beside the contents of one dimension
  double low = histogram.GetMinimum(), high = histogram.GetMaximum();
  if (histogram.GetDimension() > 1)
    return {low > 0 ? low : std::min(1., 0.001 * high), high};
  if (low <= 0)
    low = high >= 1 ? std::max(0.005, 1e-10 * high) : 0.001 * high;
  return {histogram.GetMinimumStored() == automatic ? low * below : low, histogram.GetMaximumStored() == automatic ? high * above : high};
}

void apply_axes(TVirtualPad &pad, TH1 &histogram, const Spec &spec, bool alone) {
  const int dimension = histogram.GetDimension();
  const bool log_x = apply_axis(*histogram.GetXaxis(), spec.x, dimension);
  const bool log_y = dimension == 1 ? apply_content_range(histogram, spec.y, alone) : apply_axis(*histogram.GetYaxis(), spec.y, dimension);
  const bool log_z = dimension == 3 ? apply_axis(*histogram.GetZaxis(), spec.z, dimension)
                                    : dimension == 2 && apply_content_range(histogram, spec.z, alone);
  if (spec.x.type != "def")
    pad.SetLogx(log_x);
  if (spec.y.type != "def")
    pad.SetLogy(log_y);
  if (spec.z.type != "def")
    pad.SetLogz(log_z);
}

}  // namespace dqmhub
