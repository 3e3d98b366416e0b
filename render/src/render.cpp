#include "render.h"

#include <TBufferJSON.h>
#include <TError.h>
#include <TH1.h>
#include <TObjString.h>
#include <TROOT.h>
#include <TSystem.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "blacklist.h"
#include "canvas.h"
#include "decode.h"
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
  std::vector<std::unique_ptr<TObject>> list;
  bool damaged = false;  // the first of them
};

// Throws TooManyBins.
Objects decode_all(const Request &request) {
  Objects all;
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

std::string to_json(const std::vector<std::unique_ptr<TObject>> &objects) {
  auto json = [](const TObject *object) { return std::string(object ? TBufferJSON::ConvertToJSON(object).Data() : "null"); };
  if (objects.size() < 2)
    return objects.empty() || !objects[0] ? "" : json(objects[0].get());
  std::string list;
  for (const auto &object : objects)
    list += (list.empty() ? "" : ",\n") + json(object.get());
  return "{ \"objects\": [" + list + "] }";
}

void draw_missing(TCanvas &canvas, std::string_view name, bool damaged) {
  draw_text(canvas, label(name) + (damaged ? "\nis damaged in its file" : "\nis not available now"), damaged ? kRed + 1 : kGrey);
}

void draw_objects(TCanvas &canvas, const Objects &decoded, const Request &request, const Spec &spec) {
  const auto &objects = decoded.list;
  if (const auto text = dynamic_cast<TObjString *>(objects[0].get())) {
    draw_text(canvas, text->GetString().Data(), kBlack);
    return;
  }
  const auto main = dynamic_cast<TH1 *>(objects[0].get());
  if (!main) {
    draw_missing(canvas, request.name, decoded.damaged);
    return;
  }
  std::vector<TH1 *> references;
  for (size_t i = 1; i < objects.size() && spec.reference != Reference::object; ++i)
    references.push_back(dynamic_cast<TH1 *>(objects[i].get()));
  Plot plot(*main, references, spec);
  Plugged plugins(request, spec, objects);
  plot.draw(canvas, plugins.before(canvas, spec.options), spec.norm != "False" && !(request.flags & kEfficiency));
  plugins.after(canvas);
}

std::string draw(const Request &request, const Objects &objects, const Spec &spec, bool blacklisted) {
  restore_style();
  TCanvas canvas(make_canvas(spec.width, spec.height));
  if (blacklisted)
    draw_text(canvas, label(request.name) + "\nis blacklisted", kRed + 1);
  else if (!request.scalar())
    draw_objects(canvas, objects, request, spec);
  else if (request.text.empty())
    draw_missing(canvas, request.name, false);
  else
    draw_text(canvas, request.text, kBlack);
  return picture(canvas);
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
    const Objects objects = blacklisted ? Objects() : decode_all(request);
    std::string payload = spec->json == "True" ? to_json(objects.list) : draw(request, objects, *spec, blacklisted);
    return {complaints.code(), std::move(payload)};
  } catch (const TooManyBins &) {
    return refusal(kTooManyBins);
  }
}

}  // namespace dqmhub
