#include "text_plot.h"

#include <algorithm>
#include <vector>

#include "text_line.h"

namespace dqmhub {
namespace {

constexpr int kMaxLetterPixels = 16, kMinLetterPixels = 9;  // pixels
constexpr int kMargin = 8;                                  // pixels on each side
constexpr int kCornerLetterPixels = 11, kCornerPixels = 2;  // size of a text in the corner, and its distance to both sides
constexpr double kLineSpacing = 1.3;                        // line distance in units of the letter height
constexpr size_t kMaxTextBytes = 16384;                     // longer text is never visible

std::vector<std::wstring> split_lines(const std::wstring &text) {
  std::vector<std::wstring> lines;
  for (size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find(L'\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (lines.size() > 1 && lines.back().empty())
    lines.pop_back();  // a trailing line feed does not start another line
  return lines;
}

double text_size(const TCanvas &canvas, int pixels) { return double(pixels) / std::min(canvas.GetWw(), canvas.GetWh()); }

// Returns the largest font size in pixels at which every line fits, or the smallest size.
int fitting_size(const TCanvas &canvas, const std::vector<std::wstring> &lines) {
  const auto longest = std::max_element(lines.begin(), lines.end(), [](auto &a, auto &b) { return a.size() < b.size(); });
  TextLine words(0, 0, *longest, 22, 0, kBlack);
  const int available = canvas.GetWw() - 2 * kMargin;
  for (int size = kMaxLetterPixels; size > kMinLetterPixels; --size) {
    words.SetTextSize(text_size(canvas, size));
    if (size * kLineSpacing * lines.size() <= canvas.GetWh() && words.width() <= available)
      return size;
  }
  return kMinLetterPixels;
}

}  // namespace

void draw_text(TCanvas &canvas, std::string_view text, Color_t colour) {
  auto lines = split_lines(decode_utf8(text.substr(0, kMaxTextBytes)));
  const int size = fitting_size(canvas, lines);
  const double step = size * kLineSpacing / canvas.GetWh();
  const size_t most = std::max(1.0, 1 / step);
  if (lines.size() > most) {
    lines.resize(most);
    lines.back() = L"...";
  }
  double y = 0.5 + step * (lines.size() - 1) / 2;
  for (const auto &line : lines) {
    if (!line.empty()) {
      const auto words = new TextLine(0.5, y, line, 22, text_size(canvas, size), colour);
      words->truncate_end(canvas.GetWw() - 2 * kMargin);
      words->Draw();
    }
    y -= step;
  }
}

void draw_corner_text(TCanvas &canvas, std::string_view text) {
  canvas.cd();
  const double x = double(kCornerPixels) / canvas.GetWw(), y = double(kCornerPixels) / canvas.GetWh();
  (new TextLine(x, y, decode_utf8(text), 11, text_size(canvas, kCornerLetterPixels), kBlack))->Draw();
}

std::string short_name(std::string_view name) {
  constexpr size_t longest = 20, head = 12, tail = 5;
  const auto last = name.substr(name.rfind('/') + 1);
  if (last.size() < longest)
    return std::string(last);
  return std::string(last.substr(0, head)) + "..." + std::string(last.substr(last.size() - tail));
}

}  // namespace dqmhub
