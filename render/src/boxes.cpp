#include "boxes.h"

#include <TPave.h>
#include <TProfile.h>
#include <TStyle.h>
#include <TVirtualPad.h>

#include <algorithm>
#include <cmath>

#include "letters.h"

namespace dqmhub {
namespace {

constexpr Color_t kColours[] = {kAzure, kOrange + 7, kRed + 1, kMagenta + 2, kGreen - 3, kGray + 2, kCyan + 2, kYellow + 3, kBlue + 2};
constexpr double kOfLine = 0.75;  // letters, of the height of their line

// The current pad and what is written in it, in pixels.
struct Measures {
  double width = gPad->GetWw() * gPad->GetAbsWNDC(), height = gPad->GetWh() * gPad->GetAbsHNDC();
  double usual_letters = 0.03 * std::min(gPad->GetWw(), gPad->GetWh());
  double enlarged = std::clamp(8 / usual_letters, 1.0, 1.5);  // to 8 pixels, if the picture is not too small for that
  double letters = enlarged * usual_letters;
  double size_of(double pixels) const { return pixels / std::min(width, height); }
};

// The height of ROOT's own box: a quarter of what the style says for each line, which a digit above 0 asks for. Mean and
// deviation of a profile take two.
double own_height(const TH1 &main) {
  const int digits = gStyle->GetOptStat();
  int lines = 0;
  for (int rest = digits; rest > 0; rest /= 10)
    lines += rest % 10 != 0;
  if (dynamic_cast<const TProfile *>(&main))
    lines += (digits / 100 % 10 != 0) + (digits / 1000 % 10 != 0);
  return 0.25 * lines * gStyle->GetStatH();
}

std::vector<std::wstring> lines_of(const TH1 &histogram, const std::string &label) {
  constexpr size_t longest = 1000;  // letters; more is never visible
  std::vector<std::wstring> lines;
  if (!label.empty()) {
    const std::wstring words = wide(label);
    lines.push_back(words.size() < longest ? words : words.substr(0, longest / 2) + words.substr(words.size() - longest / 2));
  }
  for (const char *line : {Form("Entries  %.7g", histogram.GetEntries()), Form("Mean  %.4g", histogram.GetMean()),
                           Form("RMS  %.4g", histogram.GetStdDev())})
    lines.push_back(wide(line));
  return lines;
}

// `top` and `height` are shares of the pad.
void draw_box(std::vector<std::wstring> lines, Color_t colour, double top, double height, const Measures &pad) {
  const double right = gStyle->GetStatX(), left = right - gStyle->GetStatW(), margin = 0.05 * (right - left);
  const auto box = new TPave(left, top - height, right, top, 1, "NDC");
  box->SetBit(TObject::kCanDelete);
  box->SetFillColor(10);
  box->Draw();
  lines.resize(std::clamp<size_t>(std::lround(kOfLine * height * pad.height / pad.letters - 0.45), 1, lines.size()));
  const double step = height / lines.size(), letters = std::min(pad.letters, kOfLine * step * pad.height);
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto words = new Words(left + margin, top - (i + 0.5) * step, lines[i], 12, pad.size_of(letters), colour);
    words->shorten(int((right - left - 2 * margin) * pad.width));
    words->Draw();
  }
}

}  // namespace

Color_t reference_colour(size_t number) { return kColours[(number - 1) % std::size(kColours)]; }

void draw_boxes(const TH1 &main, const std::vector<Drawn> &references, const Spec &spec) {
  constexpr double lowest = 0.02;
  constexpr int lines = 4;
  if (spec.stats == 0 || references.empty())
    return;
  const Measures pad;
  gStyle->SetStatW(gStyle->GetStatW() * pad.enlarged);
  gStyle->SetStatH(gStyle->GetStatH() * pad.enlarged / gPad->GetAbsHNDC());
  const double highest = gStyle->GetStatY() - own_height(main);
  const double height = std::min(lines * pad.letters / kOfLine / pad.height, (highest - lowest) / references.back().number);
  for (const auto &[histogram, number] : references)
    draw_box(lines_of(*histogram, spec.labels[number]), reference_colour(number), highest - height * (number - 1), height, pad);
}

void draw_note(const std::string &text, Color_t colour, size_t line) {
  constexpr double indent = 0.02;
  const double letters = 0.04 / gPad->GetAbsHNDC(), height = 1.25 * letters;  // as large in any part of the canvas
  const double middle = 1 - gPad->GetTopMargin() - 0.01 - height * (line + 0.5), left = gPad->GetLeftMargin() + indent;
  (new Words(left, middle, wide(text), 12, letters, colour))->Draw();
}

}  // namespace dqmhub
