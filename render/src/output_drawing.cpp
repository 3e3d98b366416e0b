#include <TPDF.h>
#include <TPad.h>
#include <TSVG.h>
#include <TStyle.h>
#include <TText.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "text_line.h"
#include "output.h"

namespace dqmhub {
namespace {

constexpr int kPortraitPage = 111;  // workstation type of TVirtualPS

// Sets ROOT's paper size to the canvas size, one point (1/72 inch) per pixel.
void set_paper(const TCanvas &canvas) {
  constexpr float cm = 2.54 / 72;
  gStyle->SetPaperSize(canvas.GetWw() * cm, canvas.GetWh() * cm);
}

// Encodes text as UTF-8, with U+FFFD for characters that XML forbids.
std::string to_xml_utf8(const std::wstring &text) {
  constexpr uint32_t replacement = 0xfffd;
  std::string out;
  for (const char32_t letter : std::u32string(text.begin(), text.end())) {
    const uint32_t surrogate = letter & 0xfffff800;
    const uint32_t code = letter == '\n'                                                                            ? ' '
                          : letter < ' ' || surrogate == 0xd800 || (letter & 0xfffe) == 0xfffe || letter > 0x10ffff ? replacement
                                                                                                                    : letter;
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

// Converts UTF-8 text to the encoding of a ROOT metafile. Bytes in symbol fonts are passed on, because ROOT maps them to
// symbols itself.
template <typename Metafile> class Utf8Metafile : public Metafile {
 public:
  Utf8Metafile() { this->SetBit(TPad::kPrintingPS); }
  using Metafile::Text;
  void Text(Double_t x, Double_t y, const char *text) override {
    const int font = this->fTextFont / 10;
    const bool symbols = font == 12 || font == 14 || font == 15;
    write(x, y, symbols ? text : encode(decode_utf8(text)).c_str(), text);
  }
  void Text(Double_t x, Double_t y, const wchar_t *text) override { write(x, y, encode(text).c_str(), text); }
  // Drops links requested by a title. Not marked `override`, because older versions of ROOT do not have this function.
  // NOLINTNEXTLINE(modernize-use-override)
  void TextUrl(Double_t x, Double_t y, const char *text, const char *) { Text(x, y, text); }

 protected:
  virtual std::string encode(const std::wstring &text) const = 0;
  virtual void begin_text() {}
  virtual void end_text(int) {}  // the width of the text on the canvas in pixels

 private:
  template <typename Letters> void write(Double_t x, Double_t y, const char *encoded, const Letters *letters) {
    constexpr int scalable = 2;  // precision of the font: its size is a fraction of the pad, as in metafiles
    TText measure;
    measure.SetTextFont(this->fTextFont / 10 * 10 + scalable);
    measure.SetTextSize(this->fTextSize);
    UInt_t width = 0, height = 0;
    measure.GetTextExtent(width, height, letters);
    begin_text();
    Metafile::Text(x, y, encoded);
    end_text(width);
  }
};

class Svg : public Utf8Metafile<TSVG> {
 public:
  const std::string &content() const { return content_; }
  // ROOT marks line ends with @ in the text that it generates itself.
  void PrintStr(const char *text) override {
    for (; *text; ++text)
      if (*text != '@')
        content_ += *text;
      else if (!content_.empty() && content_.back() != '\n')
        content_ += '\n';
  }
  void PrintFast(Int_t length, const char *text) override { content_.append(text, length); }

 protected:
  std::string encode(const std::wstring &text) const override { return to_xml_utf8(text); }
  void begin_text() override { text_ = content_.size(); }

  // Adds a family that every viewer has to that of ROOT, and the width of the text in any of them.
  void end_text(int width) override {
    const std::string start = "<text xml:space=\"preserve\"", line_end = "\n</text>";
    for (const auto &[family, others] : {std::pair("Times", ", 'Times New Roman', serif"), std::pair("Helvetica", ", Arial, sans-serif"),
                                         std::pair("Courier", ", 'Courier New', monospace"), std::pair("ZapfDingbats", ", fantasy")})
      insert_after("font-family=\"" + std::string(family), others);
    if (const auto at = content_.find(line_end, text_); at != content_.npos)
      content_.erase(at, 1);  // it would be drawn as a blank
    if (width > 0)
      insert_after(start, " textLength=\"" + std::to_string(width) + "\" lengthAdjust=\"spacingAndGlyphs\"");
  }

 private:
  // Inserts into the last text.
  void insert_after(const std::string &part, const std::string &inserted) {
    if (const auto at = content_.find(part, text_); at != content_.npos)
      content_.insert(at + part.size(), inserted);
  }

  std::string content_;
  size_t text_ = 0;  // where the last text begins
};

class Pdf : public Utf8Metafile<TPDF> {
 protected:
  // The standard PDF fonts contain only Western European letters.
  std::string encode(const std::wstring &text) const override {
    std::string out;
    for (const wchar_t letter : text)
      out += letter == 0x3bc ? '\xb5' : letter < 0x80 || (letter >= 0xa0 && letter < 0x100) ? char(letter) : '?';  // 0x3bc: Greek mu
    return out;
  }
};

std::string escape_xml(std::string_view text) {
  std::string out;
  for (const char c : to_xml_utf8(decode_utf8(text)))
    out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
  return out;
}

void replace_between(std::string &text, const std::string &from, const std::string &to, const std::string &by) {
  const auto begin = text.find(from), end = text.find(to, begin);
  if (end != text.npos)
    text.replace(begin, end + to.size() - begin, by);
}

// Like replace_between, but pads with blanks to keep the length, because a PDF stores byte offsets.
void overwrite_padded(std::string &bytes, const std::string &from, const std::string &to, std::string by) {
  const auto begin = bytes.find(from), end = bytes.find(to, begin);
  if (end == bytes.npos)
    return;
  by.resize(end + to.size() - begin, ' ');
  bytes.replace(begin, by.size(), by);
}

// A file in memory. ROOT stores its path, so its descriptor has the same number of digits each time.
class MemoryFile {
 public:
  MemoryFile() {
    constexpr int min_descriptor = 500;  // above the descriptors of connections
    const int created = memfd_create("plot", MFD_CLOEXEC);
    fd_ = created < 0 ? -1 : fcntl(created, F_DUPFD_CLOEXEC, min_descriptor);
    const int error = errno;
    close(created);
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
  metafile.Open(path.c_str(), kPortraitPage);
  canvas.Paint();
  metafile.Close();
  gVirtualPS = nullptr;
}

}  // namespace

std::string to_svg(TCanvas &canvas, std::string_view name) {
  Svg metafile;
  paint(canvas, metafile, "/dev/null");
  std::string text = metafile.content();
  const auto size = " width=\"" + std::to_string(canvas.GetWw()) + "\" height=\"" + std::to_string(canvas.GetWh()) + "\" viewBox";
  replace_between(text, " width=", " viewBox", size);
  replace_between(text, "<title>", "</desc>", "<title>" + escape_xml(name) + "</title>");  // ROOT's title contains the current time
  return text;
}

std::string to_pdf(TCanvas &canvas) {
  const MemoryFile file;
  {
    Pdf metafile;
    paint(canvas, metafile, file.path());
  }
  std::string bytes = file.content();
  const auto crop = bytes.find("/CropBox ");
  const auto end = bytes.find(']', crop);
  if (end != bytes.npos)
    overwrite_padded(bytes, "/MediaBox", bytes.substr(crop, end + 1 - crop), "/MediaBox " + bytes.substr(crop + 9, end + 1 - crop - 9));
  for (const char *dated : {"/CreationDate (", "/ModDate (", "/Title ("})
    overwrite_padded(bytes, dated, ")", "");
  overwrite_padded(bytes, "/PageMode ", "/UseOutlines", "");
  return bytes;
}

}  // namespace dqmhub
