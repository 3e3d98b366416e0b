#include "render.h"

#include <TError.h>
#include <TH1.h>
#include <TObjString.h>
#include <TROOT.h>
#include <TStyle.h>
#include <TSystem.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "blacklist.h"
#include "canvas.h"
#include "decode.h"
#include "difference.h"
#include "output.h"
#include "plot.h"
#include "plugins.h"
#include "png.h"
#include "spec.h"
#include "text.h"

namespace dqmhub {
namespace {

constexpr Color_t kGrey = 922;  // kGray + 2: readable on white

// What ROOT complained of since the request began. A corrupt object can make it complain for ever.
class Complaints {
 public:
  void set_log(std::function<void(const std::string &)> log) { log_ = std::move(log); }
  void begin(std::string_view name) {
    name_ = name;
    code_ = kOk;
    count_ = 0;
  }
  int32_t code() const { return code_; }
  int count() const { return count_; }

  void add(int32_t code, const std::string &what) {
    constexpr int logged = 5, bearable = 1000;
    code_ = code_ == kNoStreamer ? code_ : code;
    if (++count_ <= logged)
      log_(what + ", drawing '" + std::string(name_) + "'" + (count_ == logged ? "; more is not logged" : ""));
    if (count_ > bearable)
      throw std::runtime_error("ROOT complains without end");
  }

 private:
  std::function<void(const std::string &)> log_;
  std::string_view name_;
  int32_t code_ = kOk;
  int count_ = 0;
} complaints;

void hear(int level, Bool_t abort, const char *where, const char *what) {
  if (level < kWarning)
    return;
  const bool streamer = std::string_view(what).find("Could not find the StreamerInfo") != std::string_view::npos;
  complaints.add(streamer ? kNoStreamer : kError, std::string(where) + ": " + what);
  if (abort)
    std::abort();
}

struct TooManyBins {};

struct Objects {
  ObjectList list;
  bool damaged = false;  // the first of them
};

// Throws TooManyBins.
Objects decode_all(const Request &request) {
  Objects all;
  if (request.scalar())
    all.list.push_back(request.text.empty() ? nullptr : std::make_unique<TObjString>(std::string(request.text).c_str()));
  for (const auto &encoded : request.encoded) {
    const int complaints_before = complaints.count();
    auto decoded = decode(encoded);
    if (decoded.too_large)
      throw TooManyBins();
    if (decoded.broken)
      complaints.add(kError, "not an object that can be drawn, " + std::to_string(encoded.bytes.size()) + " bytes");
    // What ROOT could only read in part looks like a plot, often an empty one, and would be taken for the truth.
    const bool damaged = complaints.count() > complaints_before && complaints.code() == kError;
    if (damaged)
      decoded.object.reset();
    all.damaged |= damaged && all.list.empty();
    all.list.push_back(std::move(decoded.object));
  }
  return all;
}

void draw_missing(TCanvas &canvas, std::string_view name, bool damaged) {
  draw_text(canvas, label(name) + (damaged ? "\nis damaged in its file" : "\nis not available now"), damaged ? kRed + 1 : kGrey);
}

void draw_histograms(TCanvas &canvas, const ObjectList &objects, const Request &request, const Spec &spec) {
  std::vector<TH1 *> references;
  for (size_t i = 1; i < objects.size() && spec.reference != Reference::object; ++i)
    references.push_back(dynamic_cast<TH1 *>(objects[i].get()));
  Plot plot(dynamic_cast<TH1 &>(*objects[0]), references, spec);
  plot.draw(canvas, spec.norm != "False" && !(request.flags & kEfficiency));
}

// Plugins may change the specification, and put other objects in place of these.
void draw_objects(TCanvas &canvas, ObjectList &objects, const Request &request, Spec spec) {
  for (const auto &object : objects)
    if (const auto histogram = dynamic_cast<TH1 *>(object.get()))
      restyle(*histogram);
  Plugged plugins(request, spec, objects);
  plugins.before(canvas, spec, objects);
  gStyle->SetOptStat(spec.stats);  // the user's wish, or else the service's own, as in the DQM GUI
  if (const auto text = dynamic_cast<TObjString *>(objects[0].get()))
    draw_text(canvas, text->GetString().Data(), kBlack);
  else
    draw_histograms(canvas, objects, request, spec);
  plugins.after(canvas);
}

// Plugins have no say in it: their scales are those of the contents.
void draw_difference(TCanvas &canvas, ObjectList &objects, const Request &request, const Spec &spec) {
  const auto one = dynamic_cast<TH1 *>(objects[0].get());
  const auto other = objects.size() > 1 ? dynamic_cast<TH1 *>(objects[1].get()) : nullptr;
  std::unique_ptr<TH1> left = one && other ? difference(*one, *other) : nullptr;
  if (!left) {
    draw_text(canvas, label(request.name) + (one && other ? "\nhas other bins there" : "\nhas nothing to be compared with"), kGrey);
    return;
  }
  restyle(*left);
  left->SetStats(kFALSE);  // entries and mean of a difference mean nothing
  objects.clear();
  objects.push_back(std::move(left));  // which lives until the canvas is painted
  draw_histograms(canvas, objects, request, spec);
}

// In a drawing each cell of a map is an element of its own, and readers of such files have their limits, too.
bool too_many_for_drawing(const Objects &objects) {
  return std::any_of(objects.list.begin(), objects.list.end(), [](const auto &object) {
    const auto histogram = dynamic_cast<const TH1 *>(object.get());
    return histogram && histogram->GetNcells() > kMostDrawnBins;
  });
}

std::string draw(const Request &request, Objects &objects, const Spec &spec, bool blacklisted) {
  restore_style();
  TCanvas canvas(make_canvas(spec.width, spec.height));
  if (blacklisted)
    draw_text(canvas, label(request.name) + "\nis blacklisted", kRed + 1);
  else if (objects.list[0] && spec.reference == Reference::difference)
    draw_difference(canvas, objects.list, request, spec);
  else if (objects.list[0])
    draw_objects(canvas, objects.list, request, spec);
  else
    draw_missing(canvas, request.name, objects.damaged);
  switch (spec.format) {
    case Format::svg: return svg(canvas, request.name);
    case Format::pdf: return pdf(canvas);
    default: return picture(canvas);
  }
}

// The request's objects in the format that is asked for; "" when there are none and the format is not a drawing.
Answer answer(const Request &request, const Spec &spec, bool blacklisted) {
  Objects objects = blacklisted ? Objects() : decode_all(request);
  if (spec.format == Format::png || spec.format == Format::svg || spec.format == Format::pdf) {
    if (spec.format != Format::png && too_many_for_drawing(objects))
      return {kTooManyBins, "at most " + std::to_string(kMostDrawnBins) + " bins in an SVG or PDF"};
    std::string drawn = draw(request, objects, spec, blacklisted);
    return {complaints.code(), std::move(drawn)};
  }
  std::string made = spec.format == Format::root ? root_file(objects.list, request.name) : to_json(objects.list);
  return {complaints.code(), std::move(made)};
}

}  // namespace

void start_root(std::function<void(const std::string &)> log) {
  complaints.set_log(std::move(log));
  gROOT->SetBatch();
  // With ROOT's handlers a crash takes most of a second for a stack trace, and hides its signal from the master.
  for (int number : {SIGBUS, SIGSEGV, SIGSYS, SIGPIPE, SIGILL, SIGABRT, SIGQUIT, SIGINT, SIGWINCH, SIGALRM, SIGCHLD, SIGURG, SIGFPE,
                     SIGTERM, SIGUSR1, SIGUSR2})
    std::signal(number, SIG_DFL);
  std::signal(SIGPIPE, SIG_IGN);
  SetErrorHandler(hear);
  TH1::AddDirectory(kFALSE);
  remember_style();
}

Answer render(const Request &request, Blacklist &blacklist) {
  const auto spec = parse_spec(request.spec);
  if (!spec)
    return {kError, ""};
  if (spec->width > kLargestSide || spec->height > kLargestSide)
    return refusal(spec->width > kLargestSide ? kTooWide : kTooHigh);
  if (spec->width == 0 || spec->height == 0) {
    const uint32_t white = 0xffffffff;
    return {kError, encode_png(&white, 1, 1)};
  }
  complaints.begin(request.name);
  if (!read_streamers(request.streamers))
    complaints.add(kNoStreamer, "cannot read the streamers of " + std::string(request.streamers[0] ? request.streamers : "the request"));
  const bool blacklisted = blacklist.holds(request.name);
  try {
    return answer(request, *spec, blacklisted);
  } catch (const TooManyBins &) {
    return refusal(kTooManyBins);
  }
}

}  // namespace dqmhub
