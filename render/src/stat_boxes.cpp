#include "stat_boxes.h"

#include <THistPainter.h>
#include <TPave.h>
#include <TProfile.h>
#include <TStyle.h>
#include <TVirtualPad.h>

#include <algorithm>
#include <cmath>

#include "own_painter.h"
#include "text_line.h"

namespace dqmhub {
namespace {

constexpr Color_t kColours[] = {kAzure, kOrange + 7, kRed + 1, kMagenta + 2, kGreen - 3, kGray + 2, kCyan + 2, kYellow + 3, kBlue + 2};
constexpr double kLetterShare = 0.75;  // height of letters in units of the line height

// Sizes of the current pad and its letters, in pixels.
struct PadMetrics {
  double width = gPad->GetWw() * gPad->GetAbsWNDC(), height = gPad->GetWh() * gPad->GetAbsHNDC();
  double usual_letters = 0.03 * std::min(gPad->GetWw(), gPad->GetWh());
  double enlarged = std::clamp(8 / usual_letters, 1.0, 1.5);  // factor that makes letters 8 pixels high, at most 1.5
  double letters = enlarged * usual_letters;
  double size_of(double pixels) const { return pixels / std::min(width, height); }
};

std::vector<std::wstring> box_lines(const TH1 &histogram, const std::string &label) {
  constexpr size_t max_letters = 1000;  // longer labels are never visible
  std::vector<std::wstring> lines;
  if (!label.empty()) {
    const std::wstring line = decode_utf8(label);
    lines.push_back(line.size() < max_letters ? line : line.substr(0, max_letters / 2) + line.substr(line.size() - max_letters / 2));
  }
  for (const char *line :
       {Form("Entries  %.7g", histogram.GetEntries()), Form("Mean  %.4g", histogram.GetMean()), Form("RMS  %.4g", histogram.GetStdDev())})
    lines.push_back(decode_utf8(line));
  return lines;
}

// Draws one box; `top` and `height` are fractions of the pad height.
void draw_box(std::vector<std::wstring> lines, Color_t colour, double top, double height, const PadMetrics &pad) {
  const double right = gStyle->GetStatX(), left = right - gStyle->GetStatW(), margin = 0.05 * (right - left);
  const auto box = new TPave(left, top - height, right, top, 1, "NDC");
  box->SetBit(TObject::kCanDelete);
  box->SetFillColor(10);
  box->Draw();
  lines.resize(std::clamp<size_t>(std::lround(kLetterShare * height * pad.height / pad.letters - 0.45), 1, lines.size()));
  const double step = height / lines.size(), letters = std::min(pad.letters, kLetterShare * step * pad.height);
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto line = new TextLine(left + margin, top - (i + 0.5) * step, lines[i], 12, pad.size_of(letters), colour);
    line->truncate_middle(int((right - left - 2 * margin) * pad.width));
    line->Draw();
  }
}

// Leaves the statistics box of a plot to StatBox, which paints it over the references. ROOT paints it with the plot, below them.
class LateBoxPainter : public THistPainter {
 public:
  void PaintStat(Int_t digits, TF1 *fit) override { digits_ = digits, fit_ = fit; }
  void paint_box() { THistPainter::PaintStat(digits_, fit_); }

 private:
  Int_t digits_ = 0;
  TF1 *fit_ = nullptr;
};

class StatBox : public TObject {
 public:
  explicit StatBox(LateBoxPainter &painter) : painter_(painter) { SetBit(kCanDelete); }
  void Paint(Option_t *) override { painter_.paint_box(); }

 private:
  LateBoxPainter &painter_;
};

void draw_own_box(TH1 &main) {
  const auto painter = new LateBoxPainter();
  set_painter(main, painter);
  (new StatBox(*painter))->Draw();
}

}  // namespace

// The height is a quarter of the style's height per line. The digits of OptStat are, from the last: name, entries, mean, standard
// deviation, underflow, overflow, integral, skewness and kurtosis. Mean, deviation, skewness and kurtosis take a line for each
// axis, and the first two of a profile also one for its contents. Underflow and overflow of a map are a table of three lines.
double stat_box_height(const TH1 &histogram) {
  constexpr int all = 1, usual = 1111;  // ROOT takes 1 for 1111
  const int axes = histogram.GetDimension(), contents = dynamic_cast<const TProfile *>(&histogram) ? 1 : 0;
  const int lines_of[] = {1, 1, axes + contents, axes + contents, 1, 1, 1, axes, axes};
  int lines = 0, rest = gStyle->GetOptStat() == all ? usual : gStyle->GetOptStat();
  const bool table = axes > 1 && rest / 10000 % 100 != 0;
  for (int number = 0; number < int(std::size(lines_of)); ++number, rest /= 10)
    lines += rest % 10 != 0 && !(table && (number == 4 || number == 5)) ? lines_of[number] : 0;
  return 0.25 * (lines + 3 * table) * gStyle->GetStatH();
}

Color_t reference_colour(size_t number) { return kColours[(number - 1) % std::size(kColours)]; }

void draw_stat_boxes(TH1 &main, const std::vector<DrawnReference> &references, const Spec &spec) {
  constexpr double lowest = 0.02;
  constexpr int lines = 4;
  if (spec.stats == 0 || references.empty())
    return;
  draw_own_box(main);
  const PadMetrics pad;
  gStyle->SetStatW(gStyle->GetStatW() * pad.enlarged);
  gStyle->SetStatH(gStyle->GetStatH() * pad.enlarged / gPad->GetAbsHNDC());
  const double highest = gStyle->GetStatY() - stat_box_height(main);
  const double height = std::min(lines * pad.letters / kLetterShare / pad.height, (highest - lowest) / references.back().number);
  for (const auto &[histogram, number] : references)
    draw_box(box_lines(*histogram, spec.labels[number]), reference_colour(number), highest - height * (number - 1), height, pad);
}

void draw_note(const std::string &text, Color_t colour, size_t line) {
  constexpr double indent = 0.02;
  const double letters = 0.04 / gPad->GetAbsHNDC(), height = 1.25 * letters;  // the same size in pixels in any pad of the canvas
  const double middle = 1 - gPad->GetTopMargin() - 0.01 - height * (line + 0.5), left = gPad->GetLeftMargin() + indent;
  (new TextLine(left, middle, decode_utf8(text), 12, letters, colour))->Draw();
}

}  // namespace dqmhub
