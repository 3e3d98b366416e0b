// Lines of literal UTF-8 text. TText would read UTF-8 as Latin-1, TLatex and TPaveText would interpret formulas.
#pragma once
#include <TText.h>

#include <string>
#include <string_view>

namespace dqmhub {

// Decodes UTF-8, with U+FFFD for invalid bytes and control characters except line feeds, and blanks for tabs.
std::wstring decode_utf8(std::string_view text);

// A line of text at a position in the current pad. Coordinates range from 0 to 1. The size is a fraction of the pad's
// smaller side, because ROOT cannot measure fonts in pixels in batch mode.
class TextLine : public TText {
 public:
  TextLine(double x, double y, std::wstring text, Short_t align, double size, Color_t colour);
  int width() { return width_of(text_); }  // pixels
  void truncate_end(int room);             // shortens the text to `room` pixels, with dots at the end
  void truncate_middle(int room);          // the same, with dots in the middle
  void Paint(Option_t * = "") override;

 private:
  int width_of(const std::wstring &text);
  template <typename Shorter> void fit(int room, const Shorter &shorter);

  std::wstring text_;
};

}  // namespace dqmhub
