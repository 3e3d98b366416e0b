// Re-implementation of the DQM GUI's renderer for comparison: a new canvas per plot, painted by Update() and a second time
// into a TImageDump, then encoded as RGB by libpng with its default filters and level (6). Reads requests of the render
// service from standard input and writes responses to standard output; run by render.py.
#include <TBufferFile.h>
#include <TBufferJSON.h>
#include <TCanvas.h>
#include <TError.h>
#include <TH1.h>
#include <TImage.h>
#include <TImageDump.h>
#include <TObjString.h>
#include <TPaveText.h>
#include <TROOT.h>
#include <TStyle.h>
#include <TVirtualPS.h>
#include <png.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Objects = std::vector<std::unique_ptr<TObject>>;

std::unique_ptr<TStyle> make_style() {
  gStyle->Reset();
  gStyle->SetFillColor(10);
  gStyle->SetCanvasColor(10);
  gStyle->SetPadColor(10);
  gStyle->SetTitleFillColor(10);
  gStyle->SetStatColor(10);
  gStyle->SetFrameFillColor(10);
  gStyle->SetTitleBorderSize(0);
  gStyle->SetOptStat(1111);
  gStyle->SetStatBorderSize(1);
  gStyle->SetNumberContours(100);
  gStyle->SetLabelSize(0.04);
  return std::unique_ptr<TStyle>(static_cast<TStyle *>(gStyle->Clone()));
}

void draw_text(const TString &text) {
  const auto pave = new TPaveText(0.03, 0.03, 0.97, 0.97, "NDC");
  pave->SetBit(TObject::kCanDelete);
  pave->SetBorderSize(0);
  pave->SetFillColor(10);
  pave->SetTextFont(63);
  pave->SetTextSize(16);
  std::istringstream lines(text.Data());
  for (std::string line; std::getline(lines, line);)
    pave->AddText(line.c_str());
  pave->Draw();
}

void draw_box(const TH1 &reference, int number) {
  const auto box = new TPaveText(0.78, 0.835 - 0.16 * (number + 1), 0.98, 0.835 - 0.16 * number, "NDC");
  box->SetBit(TObject::kCanDelete);
  box->SetBorderSize(1);
  box->SetFillColor(10);
  box->SetTextColor(reference.GetLineColor());
  box->AddText(Form("Entries = %g", reference.GetEntries()));
  box->AddText(Form("Mean  = %.4g", reference.GetMean()));
  box->AddText(Form("RMS   = %.4g", reference.GetRMS()));
  box->Draw();
}

void draw_histograms(Objects &objects, const std::string &options) {
  constexpr Color_t colours[] = {kGray, kAzure, kOrange + 7, kRed + 1, kMagenta + 2, kGreen - 3};
  const auto main = static_cast<TH1 *>(objects[0].get());
  double highest = main->GetMaximum();
  for (const auto &object : objects) {
    const auto histogram = static_cast<TH1 *>(object.get());
    histogram->UseCurrentStyle();
    histogram->SetMinimum();
    histogram->SetMaximum();
    const double scale = main->GetSumOfWeights() / histogram->GetSumOfWeights();
    highest = std::max(highest, histogram->GetMaximum() * scale);
  }
  if (objects.size() > 1) {
    main->SetLineWidth(2);
    main->SetMaximum(1.05 * highest);
  }
  main->Draw(options.c_str());
  for (size_t i = 1; i < objects.size(); ++i) {
    const auto reference = static_cast<TH1 *>(objects[i].get());
    reference->SetStats(kFALSE);
    reference->SetLineColor(colours[i % std::size(colours)]);
    reference->SetMarkerColor(colours[i % std::size(colours)]);
    reference->SetMarkerStyle(kStar);
    reference->SetMarkerSize(0.85);
    reference->DrawNormalized("same p", main->GetSumOfWeights());
    draw_box(*reference, i);
  }
}

void append(png_structp png, png_bytep bytes, png_size_t count) {
  static_cast<std::string *>(png_get_io_ptr(png))->append(reinterpret_cast<char *>(bytes), count);
}

std::string encode(const UInt_t *pixels, unsigned width, unsigned height) {
  std::string out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &out, append, nullptr);
  png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_compression_level(png, 6);
  png_write_info(png, info);
  std::string row(width * 3, '\0');
  for (unsigned y = 0; y < height; ++y) {
    for (unsigned x = 0; x < width; ++x, ++pixels) {
      row[3 * x] = char(*pixels >> 16);
      row[3 * x + 1] = char(*pixels >> 8);
      row[3 * x + 2] = char(*pixels);
    }
    png_write_row(png, reinterpret_cast<png_const_bytep>(row.data()));
  }
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return out;
}

std::string to_png(TCanvas &canvas) {
  constexpr int png_type = 114;
  canvas.Update();
  TImageDump dump("dump.png", png_type);
  dump.SetBit(TPad::kPrintingPS);
  gVirtualPS = &dump;
  canvas.Paint();
  TImage *image = dump.GetImage();
  if (!image || !image->GetArgbArray())
    throw std::runtime_error("ROOT painted no image");
  return encode(image->GetArgbArray(), image->GetWidth(), image->GetHeight());
}

// Returns the value of `key` in a specification like `w=600;h=400`, empty if it is missing.
std::string value(std::string_view spec, const std::string &key) {
  const std::string pairs = ";" + std::string(spec) + ";";
  const size_t at = pairs.find(";" + key + "=");
  const size_t begin = at + key.size() + 2;
  return at == pairs.npos ? "" : pairs.substr(begin, pairs.find(';', begin) - begin);
}

// Removes `length` bytes from the front of `rest` and returns them.
std::string_view take(std::string_view &rest, size_t length) {
  const auto part = rest.substr(0, length);
  rest.remove_prefix(part.size());
  return part;
}

uint32_t take_number(std::string_view &rest) {
  uint32_t number = 0;
  const auto bytes = take(rest, sizeof number);
  std::memcpy(&number, bytes.data(), bytes.size());
  return number;
}

Objects decode(std::string_view data, uint32_t count) {
  Objects objects;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t length = take_number(data);
    take_number(data);  // the displacement, always 0 here
    const auto bytes = take(data, length);
    TBufferFile buffer(TBuffer::kRead, bytes.size(), const_cast<char *>(bytes.data()), kFALSE);
    buffer.InitMap();
    objects.emplace_back(static_cast<TObject *>(buffer.ReadObjectAny(TObject::Class())));
  }
  return objects;
}

std::string respond(std::string_view rest, const TStyle &style) {
  constexpr int flags = 2, count = 5, streamers = 6, name = 7, spec_length = 8, numbers = 11;
  uint32_t header[numbers];
  for (uint32_t &number : header)
    number = take_number(rest);
  take(rest, header[streamers] + header[name]);
  const auto spec = take(rest, header[spec_length]);
  const bool scalar = (header[flags] & 0xff) <= 0x0f;
  Objects objects = scalar ? Objects() : decode(rest, header[count]);
  if (value(spec, "json") == "True")
    return TBufferJSON::ToJSON(objects.at(0).get()).Data();
  style.Copy(*gStyle);
  TCanvas canvas("canvas", "", std::stoi(value(spec, "w")) + 4, std::stoi(value(spec, "h")) + 28);
  if (scalar)
    draw_text(TString(rest.data(), rest.size()));
  else
    draw_histograms(objects, value(spec, "drawopts"));
  return to_png(canvas);
}

// Reads one request; empty at the end of the input.
std::string read_message() {
  std::string message;
  uint32_t total = sizeof total;
  while (message.size() < total) {
    char chunk[1 << 16];
    const ssize_t got = read(STDIN_FILENO, chunk, std::min(sizeof chunk, total - message.size()));
    if (got <= 0)
      return "";
    message.append(chunk, got);
    if (message.size() >= sizeof total)
      std::memcpy(&total, message.data(), sizeof total);
  }
  return message;
}

void write_all(const std::string &bytes) {
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t gone = write(STDOUT_FILENO, bytes.data() + sent, bytes.size() - sent);
    if (gone <= 0)
      throw std::runtime_error("Cannot write the response");
    sent += gone;
  }
}

}  // namespace

int main() {
  gROOT->SetBatch();
  gErrorIgnoreLevel = kError;
  TH1::AddDirectory(kFALSE);
  const auto style = make_style();
  for (std::string message = read_message(); !message.empty(); message = read_message()) {
    const std::string payload = respond(message, *style);
    const uint32_t head[] = {0, uint32_t(payload.size())};
    write_all(std::string(reinterpret_cast<const char *>(head), sizeof head) + payload);
  }
}
