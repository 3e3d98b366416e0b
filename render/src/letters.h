// Letters as they are: TText would read UTF-8 as Latin-1, and TLatex and TPaveText would read formulas.
#pragma once
#include <TText.h>

#include <string>
#include <string_view>

namespace dqmhub {

// UTF-8 as letters; U+FFFD for what is none and for control characters other than the line feed, blanks for tabulators.
std::wstring wide(std::string_view text);

// A line of text at a place of the current pad, from 0 to 1. Its size is a share of the pad's smaller side: in batch
// mode ROOT cannot measure fonts in pixels.
class Words : public TText {
 public:
  Words(double x, double y, std::wstring letters, Short_t align, double size, Color_t colour);
  int width() { return width_of(letters_); }  // pixels
  void cut(int room);      // to so many pixels, dots in place of the end
  void shorten(int room);  // the same, dots in place of the middle
  void Paint(Option_t * = "") override;

 private:
  int width_of(const std::wstring &letters);
  template <typename Shorter> void fit(int room, const Shorter &shorter);

  std::wstring letters_;
};

}  // namespace dqmhub
