// Draws and measures titles and labels as UTF-8. ROOT takes each byte of them for a letter of Latin-1. It has no hook, so this
// file replaces TTF::PrepareString, through which all its texts pass: the linker resolves the calls in ROOT's libraries to this
// definition. Text that is not UTF-8 stays Latin-1, and so do the single bytes by which formulas name letters of symbol fonts.
#include <TTF.h>
#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "text_line.h"

void TTF::PrepareString(const char *text) {
  static const auto prepare_bytes = reinterpret_cast<void (*)(const char *)>(dlsym(RTLD_NEXT, "_ZN3TTF13PrepareStringEPKc"));
  constexpr wchar_t invalid = 0xfffd;
  const std::string_view bytes = text;
  if (std::any_of(bytes.begin(), bytes.end(), [](char byte) { return byte & 0x80; }))
    if (const auto letters = dqmhub::decode_utf8(bytes); letters.find(invalid) == letters.npos)
      return PrepareString(letters.c_str());
  if (!prepare_bytes)
    std::abort();  // impossible once ROOT has been loaded
  prepare_bytes(text);
}
