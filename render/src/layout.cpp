#include "layout.h"

#include <THLimitsFinder.h>
#include <THashList.h>
#include <TLatex.h>
#include <TPaletteAxis.h>
#include <TStyle.h>
#include <TVirtualPad.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "axes.h"
#include "stat_boxes.h"
#include "text_limits.h"

namespace dqmhub {
namespace {

// Widths in units of the smaller side of the canvas, as sizes of letters.
constexpr double kDigit = 0.022, kGap = 0.01, kTitleRoom = 0.06, kTitleMiddle = 0.035;

double smaller_side(const TVirtualPad &canvas) { return std::min(canvas.GetWw(), canvas.GetWh()); }

// The numbers that ROOT writes on a linear axis: each `step` up to `last`, divided by a power of ten that stands at its end.
struct Numbers {
  double last = 0, step = 0;
  int power = 0;  // a multiple of 3

  Numbers(double low, double high) {
    constexpr int divisions = 10, most_digits = 5;
    double first;
    int count;
    THLimitsFinder::Optimize(low, high, divisions, first, last, count, step);
    if (const double size = std::log10(std::max(std::abs(low), std::abs(high))); size >= most_digits)
      power = 3 * int(std::ceil((size - most_digits + 1) / 3));
    else if (size < 0 && step < std::pow(10, -most_digits))
      power = -3 * int(std::ceil(-size / 3));
  }
};

// Returns the letters of the longest number on a linear axis.
int longest_number(double low, double high) {
  const Numbers numbers(low, high);
  const double unit = std::pow(10, numbers.power), largest = std::max(std::abs(low), std::abs(high)) / unit;
  const int digits = largest >= 1 ? int(std::log10(largest)) + 1 : 1;
  const int decimals = numbers.step < unit ? int(std::ceil(-std::log10(numbers.step / unit) - 1e-6)) : 0;
  return (low < 0) + digits + decimals + (decimals > 0);
}

// Returns the width of the longest number on a logarithmic axis. ROOT writes 1, 10, 10^2, ..., and between them 2, 20, 2x10^2, ...
double longest_power(const TAxis &axis, double low, double high) {
  const bool short_numbers = low >= 1 && high < 100, between = axis.GetMoreLogLabels();
  const double letters = short_numbers ? 2 : between ? 6.5 : 4;
  return (letters + (low < 1)) * kDigit;
}

// Returns the width of a text in pixels.
double width_of(const char *words, Font_t font, double size) {
  TLatex text(0, 0, words);
  text.SetTextFont(font);
  text.SetTextSize(size);
  UInt_t width = 0, height = 0;
  text.GetBoundingBox(width, height);
  return width;
}

// Returns the width of the longest bin label in pixels.
double longest_label(const TAxis &axis) {
  constexpr double smaller = 2. / 3;  // ROOT writes bin labels in smaller letters
  const char *longest = "";
  for (const TObject *label : *axis.GetLabels())
    if (std::strlen(label->GetName()) > std::strlen(longest))
      longest = label->GetName();
  return width_of(longest, axis.GetLabelFont(), axis.GetLabelSize() * smaller);
}

// Shortens a title in the middle to `room` pixels. A formula, which cannot be cut anywhere, gets smaller letters.
void fit_title(TAxis &axis, double room) {
  const std::string title = axis.GetTitle();
  const auto width = [&axis](const std::string &words) { return width_of(words.c_str(), axis.GetTitleFont(), axis.GetTitleSize()); };
  const double whole = title.empty() ? 0 : width(title);
  if (whole <= room)
    return;
  if (title.find_first_of("#{") != title.npos) {
    axis.SetTitleSize(axis.GetTitleSize() * room / whole);
    return;
  }
  std::string shorter;
  for (auto bytes = size_t(title.size() * room / whole); bytes > 0 && width(shorter = shortened_text(title, bytes)) > room;)
    --bytes;
  axis.SetTitle(shorter.c_str());
}

// Returns the range of the y axis: of the contents, with errors if the histogram has its own, or of the axis of a map.
std::pair<double, double> range_of_y(const TH1 &histogram) {
  const TAxis &x = *histogram.GetXaxis(), &y = *histogram.GetYaxis();
  if (histogram.GetDimension() > 1)
    return {y.GetBinLowEdge(y.GetFirst()), y.GetBinUpEdge(y.GetLast())};
  constexpr double automatic = -1111;
  double low = histogram.GetMinimum(), high = histogram.GetMaximum();
  for (int bin = x.GetFirst(); histogram.GetSumw2N() && bin <= x.GetLast(); ++bin) {
    const double content = histogram.GetBinContent(bin), error = histogram.GetBinError(bin);
    if (histogram.GetMinimumStored() == automatic)
      low = std::min(low, content - error);
    if (histogram.GetMaximumStored() == automatic)
      high = std::max(high, content + error);
  }
  return {low, high};
}

// Returns the width of the numbers or labels of the y axis.
double width_of_numbers(TVirtualPad &pad, const TH1 &histogram, bool log) {
  constexpr double usual = 5 * kDigit, most = 9 * kDigit, narrowest = 1e-9;
  constexpr double label_gap = 0.02, most_labels = 0.3;  // most_labels: share of the width
  const TAxis &axis = *histogram.GetYaxis();
  if (histogram.GetDimension() > 1 && axis.GetLabels())
    return label_gap + std::min(longest_label(axis), most_labels * pad.GetWw()) / smaller_side(pad);
  const auto [low, high] = log && histogram.GetDimension() == 1 ? log_scale(histogram) : range_of_y(histogram);
  if (log)
    return high > 0 ? longest_power(axis, low, high) : usual;
  const bool divided = high - low > narrowest * std::max(std::abs(low), std::abs(high));
  return divided ? std::min(longest_number(low, high) * kDigit, most) : usual;
}

// Lowers the uppermost number of a palette below its tick if it would cover the power of ten above it.
void separate_power_of_palette(TH1 &histogram) {
  constexpr double half_letter = 0.035;  // height in units of the palette
  constexpr int last = -1, below = 13;
  const double low = histogram.GetMinimum(), high = histogram.GetMaximum();
  if (!(low < high))
    return;
  const Numbers numbers(low, high);
  const double uppermost = numbers.last > high ? numbers.last - numbers.step : numbers.last;
  if (numbers.power != 0 && uppermost > high - half_letter * (high - low))
    histogram.GetZaxis()->ChangeLabel(last, -1, -1, below);
}

// Reduces the numbers of a palette to those that its height in pixels has room for.
void limit_numbers(const TVirtualPad &pad, TAxis &axis, double height) {
  constexpr double line = 1.25;                       // in units of the letters
  constexpr int usual = 10, fewest = 5, minor = 500;  // divisions: ROOT may never finish fewer; its number for five minor ones
  const int most = int(height / (line * axis.GetLabelSize() * smaller_side(pad)));
  if (most < usual)
    axis.SetNdivisions(minor + std::max(most, fewest));
}

// Returns the left margin as a share of the width.
double left_margin(const TVirtualPad &canvas, bool titled, double numbers) {
  constexpr double usual_with_title = 0.18;  // numbers of five digits
  const double needed = titled ? std::max(usual_with_title, numbers + kTitleRoom) : numbers + kGap;
  return std::max<double>(gStyle->GetPadLeftMargin(), needed * smaller_side(canvas) / canvas.GetWw());
}

}  // namespace

void place_y_title(const TVirtualPad &canvas, TAxis &axis, double numbers) {
  // ROOT does so itself only beside numbers of a linear scale, in a pad as large as the canvas.
  constexpr double unit = 1.6;  // of ROOT's offsets, times the size of the title
  axis.SetTitleOffset((numbers + kTitleMiddle) * smaller_side(canvas) / (unit * axis.GetTitleSize() * canvas.GetWw()));
}

void make_room_for_y_axis(TVirtualPad &pad, TH1 &histogram) {
  if (histogram.GetDimension() > 2 || pad.GetLeftMargin() != gStyle->GetPadLeftMargin())
    return;
  const double numbers = width_of_numbers(pad, histogram, pad.GetLogy());
  pad.SetLeftMargin(left_margin(pad, histogram.GetYaxis()->GetTitle()[0], numbers));
  if (pad.GetLogy() && histogram.GetYaxis()->GetMoreLogLabels() && histogram.GetYaxis()->GetTitleOffset() == 0)
    place_y_title(pad, *histogram.GetYaxis(), numbers);
}

double make_room_for_y_axes(const TVirtualPad &canvas, TVirtualPad &upper, TVirtualPad &lower, const TH1 &histogram) {
  constexpr double ratios = 4 * kDigit;  // numbers such as 0.95
  const double numbers = std::max(width_of_numbers(upper, histogram, upper.GetLogy()), ratios);
  const bool set_by_plugin = canvas.GetLeftMargin() != gStyle->GetPadLeftMargin();
  const double margin = set_by_plugin ? canvas.GetLeftMargin() : left_margin(canvas, true, numbers);
  upper.SetLeftMargin(margin);
  lower.SetLeftMargin(margin);
  return numbers;
}

void make_room_for_x_labels(TVirtualPad &pad, TH1 &histogram) {
  constexpr double gap = 0.02, title = 0.05, most = 0.35;  // in units of the smaller side; most: share of the height
  constexpr double unit = 1.6;                             // of ROOT's offsets, times the size of the title
  constexpr double slope = 0.35;                           // of labels that are wider than their bins, which ROOT draws slanting
  TAxis &axis = *histogram.GetXaxis();
  if (histogram.GetDimension() != 2 || !axis.GetLabels() || pad.GetBottomMargin() != gStyle->GetPadBottomMargin())
    return;
  constexpr double frame = 0.65;  // share of the width: its right end is not known yet
  const double letters = axis.GetLabelSize() * smaller_side(pad);
  const double width = longest_label(axis), bin = frame * pad.GetWw() / (axis.GetLast() - axis.GetFirst() + 1);
  const bool vertical = axis.TestBit(TAxis::kLabelsVert);
  const double labels = vertical ? width : width < bin ? letters : slope * width + letters;
  const double needed = std::min(labels / smaller_side(pad) + gap, most * pad.GetWh() / smaller_side(pad));
  const bool titled = axis.GetTitle()[0];
  const double margin = (needed + titled * title) * smaller_side(pad) / pad.GetWh();
  if (margin <= pad.GetBottomMargin())
    return;
  pad.SetBottomMargin(margin);
  axis.SetTitleOffset((needed + title / 2) * smaller_side(pad) / (unit * axis.GetTitleSize() * pad.GetWh()));
}

void fit_titles(const TVirtualPad &pad, TH1 &histogram) {
  if (histogram.GetDimension() > 2)
    return;
  fit_title(*histogram.GetXaxis(), (1 - pad.GetRightMargin()) * pad.GetAbsWNDC() * pad.GetWw());
  fit_title(*histogram.GetYaxis(), (1 - pad.GetTopMargin()) * pad.GetAbsHNDC() * pad.GetWh());
}

std::optional<double> make_room_for_palette(TVirtualPad &pad, TH1 &histogram, const std::string &options) {
  constexpr double narrow = 0.2, gap = 0.065;  // gap: room for the power of ten above large numbers
  if (options.find_first_of("zZ") == options.npos)
    return {};
  if (histogram.GetDimension() == 2 && !pad.GetLogz())
    separate_power_of_palette(histogram);
  if (pad.GetRightMargin() != gStyle->GetPadRightMargin())
    return {};
  const bool box = gStyle->GetOptStat() > 0 && !histogram.TestBit(TH1::kNoStats);
  pad.SetRightMargin(box ? 1 - gStyle->GetStatX() + gStyle->GetStatW() : narrow);
  if (!box)
    return {};
  const double top = std::min<double>(gStyle->GetStatY() - stat_box_height(histogram) - gap, 1 - pad.GetTopMargin());
  if (histogram.GetDimension() == 2)
    limit_numbers(pad, *histogram.GetZaxis(), (top - pad.GetBottomMargin()) * pad.GetWh());
  return top;
}

void add_palette(const TVirtualPad &pad, TH1 &histogram, double top, bool view) {
  constexpr double gap = 0.005, width = 0.05;
  const double left = 1 - pad.GetRightMargin() + gap;
  const auto palette = new TPaletteAxis(left, pad.GetBottomMargin(), left + width - gap, top, &histogram);
  palette->SetOption("brNDC");
  palette->SetBit(TPaletteAxis::kHasView, view);
  histogram.GetListOfFunctions()->AddFirst(palette);
}

}  // namespace dqmhub
