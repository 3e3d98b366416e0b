#include "text_line.h"

#include <TVirtualPad.h>

#include <utility>

namespace dqmhub {
namespace {

constexpr Font_t kBold = 62;
constexpr wchar_t kReplacement = 0xfffd;

// Returns the number of bytes that follow the first byte of a UTF-8 sequence, -1 if the byte cannot start one.
int continuation_bytes(unsigned char first) {
  if (first < 0x80)
    return 0;
  if (first >= 0xc2 && first < 0xe0)
    return 1;
  if (first >= 0xe0 && first < 0xf0)
    return 2;
  return first >= 0xf0 && first < 0xf5 ? 3 : -1;
}

}  // namespace

std::wstring decode_utf8(std::string_view text) {
  std::wstring out;
  for (size_t i = 0; i < text.size(); ++i) {
    const unsigned char first = text[i];
    const int more = continuation_bytes(first);
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

TextLine::TextLine(double x, double y, std::wstring text, Short_t align, double size, Color_t colour)
    : TText(x, y, ""), text_(std::move(text)) {
  SetBit(kCanDelete);
  SetTextFont(kBold);
  SetTextAlign(align);
  SetTextSize(size);
  SetTextColor(colour);
}

int TextLine::width_of(const std::wstring &text) {
  UInt_t width = 0, height = 0;
  if (!text.empty())
    GetTextExtent(width, height, text.c_str());
  return width;
}

// Shortens the text to `room` pixels; `shorter` returns the text with a given number of letters.
template <typename Shorter> void TextLine::fit(int room, const Shorter &shorter) {
  if (width() <= room)
    return;
  size_t fits = 0;
  for (size_t none = text_.size(); none - fits > 1;) {
    const size_t middle = (fits + none) / 2;
    (width_of(shorter(middle)) <= room ? fits : none) = middle;
  }
  text_ = shorter(fits);
}

void TextLine::truncate_end(int room) {
  fit(room, [this](size_t count) { return text_.substr(0, count) + L"..."; });
}

void TextLine::truncate_middle(int room) {
  fit(room, [this](size_t count) { return text_.substr(0, (count + 1) / 2) + L"..." + text_.substr(text_.size() - count / 2); });
}

void TextLine::Paint(Option_t *) {
  TAttText::Modify();
  gPad->PaintTextNDC(fX, fY, text_.c_str());
}

}  // namespace dqmhub
