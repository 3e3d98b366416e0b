#include "text.h"

#include <TText.h>

#include <algorithm>
#include <vector>

namespace dqmhub {
namespace {

constexpr int kLargestLetters = 16, kSmallestLetters = 9;  // pixels
constexpr int kMargin = 8;                                 // pixels on each side
constexpr double kLineSpacing = 1.3;                       // line to line, in letters
constexpr Font_t kBold = 62;  // its size is a part of the canvas: in batch mode ROOT cannot measure fonts in pixels
constexpr wchar_t kReplacement = 0xfffd;
constexpr size_t kLongestText = 16384;  // bytes; more is never visible

// A line in the middle of the canvas. TText itself paints its text byte by byte, as Latin-1.
class Line : public TText {
 public:
  Line(double y, std::wstring letters) : TText(0.5, y, ""), letters_(std::move(letters)) {
    SetBit(kCanDelete);
    SetTextFont(kBold);
    SetTextAlign(22);
  }
  void Paint(Option_t * = "") override {
    TAttText::Modify();
    gPad->PaintTextNDC(fX, fY, letters_.c_str());
  }

 private:
  std::wstring letters_;
};

// How many bytes follow the first byte of a UTF-8 sequence; -1 for a byte that starts none.
int following(unsigned char first) {
  if (first < 0x80)
    return 0;
  if (first >= 0xc2 && first < 0xe0)
    return 1;
  if (first >= 0xe0 && first < 0xf0)
    return 2;
  return first >= 0xf0 && first < 0xf5 ? 3 : -1;
}

std::wstring wide(std::string_view text) {
  std::wstring out;
  for (size_t i = 0; i < text.size(); ++i) {
    const unsigned char first = text[i];
    const int more = following(first);
    wchar_t letter = more > 0 ? first & (0x3f >> more) : first;
    bool whole = more >= 0 && i + more < text.size();
    for (int k = 1; whole && k <= more; ++k) {
      const unsigned char next = text[i + k];
      whole = (next & 0xc0) == 0x80;
      letter = letter << 6 | (next & 0x3f);
    }
    if (letter == '\t')
      letter = ' ';
    out += !whole || (letter < ' ' && letter != '\n') ? kReplacement : letter;
    i += whole ? more : 0;
  }
  return out;
}

std::vector<std::wstring> split_lines(const std::wstring &text) {
  std::vector<std::wstring> lines;
  for (size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find(L'\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (lines.size() > 1 && lines.back().empty())
    lines.pop_back();  // the text's final line feed ends a line, it does not begin one
  return lines;
}

void set_size(TText &pen, const TCanvas &canvas, int pixels) {
  pen.SetTextSize(double(pixels) / std::min(canvas.GetWw(), canvas.GetWh()));
}

int width(TText &pen, const std::wstring &line) {
  UInt_t w = 0, h = 0;
  if (!line.empty())
    pen.GetTextExtent(w, h, line.c_str());
  return w;
}

// The size in pixels at which every line fits the canvas, if there is one down to the smallest.
int fitting_size(TText &pen, const TCanvas &canvas, const std::vector<std::wstring> &lines) {
  const auto longest = std::max_element(lines.begin(), lines.end(), [](auto &a, auto &b) { return a.size() < b.size(); });
  const int room = canvas.GetWw() - 2 * kMargin;
  for (int size = kLargestLetters; size > kSmallestLetters; --size) {
    set_size(pen, canvas, size);
    if (size * kLineSpacing * lines.size() <= canvas.GetWh() && width(pen, *longest) <= room)
      return size;
  }
  return kSmallestLetters;
}

std::wstring cut_to(TText &pen, std::wstring line, int room) {
  if (width(pen, line) <= room)
    return line;
  size_t fits = 0;
  for (size_t none = line.size(); none - fits > 1;) {
    const size_t middle = (fits + none) / 2;
    (width(pen, line.substr(0, middle) + L"...") <= room ? fits : none) = middle;
  }
  return line.substr(0, fits) + L"...";
}

}  // namespace

void draw_text(TCanvas &canvas, std::string_view text, Color_t colour) {
  TText pen;
  pen.SetTextFont(kBold);
  auto lines = split_lines(wide(text.substr(0, kLongestText)));
  const int size = fitting_size(pen, canvas, lines);
  set_size(pen, canvas, size);
  const double step = size * kLineSpacing / canvas.GetWh();
  const size_t most = std::max(1.0, 1 / step);
  if (lines.size() > most) {
    lines.resize(most);
    lines.back() = L"...";
  }
  double y = 0.5 + step * (lines.size() - 1) / 2;
  for (const auto &line : lines) {
    if (!line.empty()) {
      const auto written = new Line(y, cut_to(pen, line, canvas.GetWw() - 2 * kMargin));
      set_size(*written, canvas, size);
      written->SetTextColor(colour);
      written->Draw();
    }
    y -= step;
  }
}

std::string label(std::string_view name) {
  constexpr size_t longest = 20, head = 12, tail = 5;
  const auto last = name.substr(name.rfind('/') + 1);
  if (last.size() < longest)
    return std::string(last);
  return std::string(last.substr(0, head)) + "..." + std::string(last.substr(last.size() - tail));
}

}  // namespace dqmhub
