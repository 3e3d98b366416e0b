#include <TPDF.h>
#include <TPad.h>
#include <TSVG.h>
#include <TStyle.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "letters.h"
#include "output.h"

namespace dqmhub {
namespace {

constexpr int kOnePage = 111;  // ROOT's number for upright paper

// ROOT's paper of the canvas's size, a point of 1/72 inch for a pixel.
void set_paper(const TCanvas &canvas) {
  constexpr float cm = 2.54 / 72;
  gStyle->SetPaperSize(canvas.GetWw() * cm, canvas.GetWh() * cm);
}

// UTF-8 of what XML can hold.
std::string utf8(const std::wstring &text) {
  constexpr uint32_t replacement = 0xfffd;
  std::string out;
  for (const char32_t given : std::u32string(text.begin(), text.end())) {
    const uint32_t surrogate = given & 0xfffff800;
    const uint32_t code = given == '\n' ? ' ' : given < ' ' || surrogate == 0xd800 || (given & 0xfffe) == 0xfffe || given > 0x10ffff ? replacement : given;
    if (code < 0x80)
      out += char(code);
    else if (code < 0x800)
      out += {char(0xc0 | code >> 6), char(0x80 | (code & 0x3f))};
    else if (code < 0x10000)
      out += {char(0xe0 | code >> 12), char(0x80 | (code >> 6 & 0x3f)), char(0x80 | (code & 0x3f))};
    else
      out += {char(0xf0 | code >> 18), char(0x80 | (code >> 12 & 0x3f)), char(0x80 | (code >> 6 & 0x3f)), char(0x80 | (code & 0x3f))};
  }
  return out;
}

// Text that ROOT's metafiles can hold. Symbol fonts have letters of their own behind the bytes, which ROOT knows.
template <typename Metafile> class Lettered : public Metafile {
 public:
  Lettered() { this->SetBit(TPad::kPrintingPS); }
  using Metafile::Text;
  void Text(Double_t x, Double_t y, const char *text) override {
    const int font = this->fTextFont / 10;
    const bool symbols = font == 12 || font == 14 || font == 15;
    Metafile::Text(x, y, symbols ? text : encoded(wide(text)).c_str());
  }
  void Text(Double_t x, Double_t y, const wchar_t *text) override { Metafile::Text(x, y, encoded(text).c_str()); }
  // A title can ask for a link, which a picture has no business with. Older ROOT has none, so this is no `override`.
  // NOLINTNEXTLINE(modernize-use-override)
  void TextUrl(Double_t x, Double_t y, const char *text, const char *) { Text(x, y, text); }

 protected:
  virtual std::string encoded(const std::wstring &text) const = 0;
};

class Svg : public Lettered<TSVG> {
 public:
  const std::string &written() const { return written_; }
  // An @ in what ROOT writes by itself ends a line.
  void PrintStr(const char *text) override {
    for (; *text; ++text)
      if (*text != '@')
        written_ += *text;
      else if (!written_.empty() && written_.back() != '\n')
        written_ += '\n';
  }
  void PrintFast(Int_t length, const char *text) override { written_.append(text, length); }

 protected:
  std::string encoded(const std::wstring &text) const override { return utf8(text); }

 private:
  std::string written_;
};

class Pdf : public Lettered<TPDF> {
 protected:
  // The fonts that every PDF reader has know the letters of Western Europe.
  std::string encoded(const std::wstring &text) const override {
    std::string out;
    for (const wchar_t letter : text)
      out += letter == 0x3bc ? '\xb5' : letter < 0x80 || (letter >= 0xa0 && letter < 0x100) ? char(letter) : '?';  // 0x3bc: micro
    return out;
  }
};

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : utf8(wide(text)))
    out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
  return out;
}

void replace_between(std::string &text, const std::string &from, const std::string &to, const std::string &by) {
  const auto begin = text.find(from), end = text.find(to, begin);
  if (end != text.npos)
    text.replace(begin, end + to.size() - begin, by);
}

// The same with blanks up to what was there, since a PDF says where in it things are.
void overwrite(std::string &bytes, const std::string &from, const std::string &to, std::string by) {
  const auto begin = bytes.find(from), end = bytes.find(to, begin);
  if (end == bytes.npos)
    return;
  by.resize(end + to.size() - begin, ' ');
  bytes.replace(begin, by.size(), by);
}

// A file in memory; its number has as many digits each time, for ROOT notes the name.
class MemoryFile {
 public:
  MemoryFile() {
    constexpr int least = 500;  // above the numbers of connections
    const int made = memfd_create("plot", MFD_CLOEXEC);
    fd_ = made < 0 ? -1 : fcntl(made, F_DUPFD_CLOEXEC, least);
    const int error = errno;
    close(made);
    if (fd_ < 0)
      throw std::system_error(error, std::generic_category(), "memfd_create");
  }
  ~MemoryFile() { close(fd_); }
  MemoryFile(const MemoryFile &) = delete;
  MemoryFile &operator=(const MemoryFile &) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }
  std::string content() const {
    std::string bytes(std::max<off_t>(lseek(fd_, 0, SEEK_END), 0), '\0');
    size_t got = 0;
    for (ssize_t part; got < bytes.size() && (part = pread(fd_, bytes.data() + got, bytes.size() - got, got)) > 0;)
      got += part;
    bytes.resize(got);
    return bytes;
  }

 private:
  int fd_;
};

void paint(TCanvas &canvas, TVirtualPS &metafile, const std::string &path) {
  set_paper(canvas);
  gVirtualPS = &metafile;
  metafile.Open(path.c_str(), kOnePage);
  canvas.Paint();
  metafile.Close();
  gVirtualPS = nullptr;
}

}  // namespace

std::string svg(TCanvas &canvas, std::string_view name) {
  Svg metafile;
  paint(canvas, metafile, "/dev/null");
  std::string text = metafile.written();
  const auto size = " width=\"" + std::to_string(canvas.GetWw()) + "\" height=\"" + std::to_string(canvas.GetWh()) + "\" viewBox";
  replace_between(text, " width=", " viewBox", size);
  replace_between(text, "<title>", "</desc>", "<title>" + escaped(name) + "</title>");  // it has the time of day
  return text;
}

std::string pdf(TCanvas &canvas) {
  const MemoryFile file;
  {
    Pdf metafile;
    paint(canvas, metafile, file.path());
  }
  std::string bytes = file.content();
  const auto crop = bytes.find("/CropBox ");
  const auto end = bytes.find(']', crop);
  if (end != bytes.npos)
    overwrite(bytes, "/MediaBox", bytes.substr(crop, end + 1 - crop), "/MediaBox " + bytes.substr(crop + 9, end + 1 - crop - 9));
  for (const char *dated : {"/CreationDate (", "/ModDate (", "/Title ("})
    overwrite(bytes, dated, ")", "");
  overwrite(bytes, "/PageMode ", "/UseOutlines", "");
  return bytes;
}

}  // namespace dqmhub
