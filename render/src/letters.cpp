#include "letters.h"

#include <TVirtualPad.h>

#include <utility>

namespace dqmhub {
namespace {

constexpr Font_t kBold = 62;
constexpr wchar_t kReplacement = 0xfffd;

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

}  // namespace

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

Words::Words(double x, double y, std::wstring letters, Short_t align, double size, Color_t colour)
    : TText(x, y, ""), letters_(std::move(letters)) {
  SetBit(kCanDelete);
  SetTextFont(kBold);
  SetTextAlign(align);
  SetTextSize(size);
  SetTextColor(colour);
}

int Words::width_of(const std::wstring &letters) {
  UInt_t width = 0, height = 0;
  if (!letters.empty())
    GetTextExtent(width, height, letters.c_str());
  return width;
}

// Keeps as many letters as there is room for; `shorter` gives the text with so many of them.
template <typename Shorter> void Words::fit(int room, const Shorter &shorter) {
  if (width() <= room)
    return;
  size_t fits = 0;
  for (size_t none = letters_.size(); none - fits > 1;) {
    const size_t middle = (fits + none) / 2;
    (width_of(shorter(middle)) <= room ? fits : none) = middle;
  }
  letters_ = shorter(fits);
}

void Words::cut(int room) {
  fit(room, [this](size_t kept) { return letters_.substr(0, kept) + L"..."; });
}

void Words::shorten(int room) {
  fit(room, [this](size_t kept) { return letters_.substr(0, (kept + 1) / 2) + L"..." + letters_.substr(letters_.size() - kept / 2); });
}

void Words::Paint(Option_t *) {
  TAttText::Modify();
  gPad->PaintTextNDC(fX, fY, letters_.c_str());
}

}  // namespace dqmhub
