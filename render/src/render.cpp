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
#include "streamers.h"
#include "subtraction.h"
#include "text_plot.h"

namespace dqmhub {
namespace {

constexpr Color_t kGrey = 922;  // kGray + 2, readable on white

// Warnings and errors of ROOT since the start of the request. A corrupt object can cause an endless number of them.
class RootMessages {
 public:
  void set_log(std::function<void(const std::string &)> log) { log_ = std::move(log); }
  void begin(std::string_view name) {
    name_ = name;
    code_ = kOk;
    undescribed_ = false;
    count_ = 0;
    begin_object();
  }
  int32_t code() const { return undescribed_ ? kNoStreamer : code_; }
  void mark_undescribed() { undescribed_ = true; }
  int count() const { return count_; }
  void begin_object() { first_of_object_.clear(); }
  // The class version that ROOT misses in an object, such as "version 8 of the class TAxis"; empty if its first complaint is
  // another one: in a damaged object anything can look like a version.
  std::string undescribed_version() const {
    static const std::string missing = "Could not find the StreamerInfo for ";
    const auto at = first_of_object_.find(missing + "version ");
    const auto start = at + missing.size();
    return at == std::string::npos ? "" : first_of_object_.substr(start, first_of_object_.find(',', at) - start);
  }

  void add(const std::string &what) {
    constexpr int max_logged = 5, max_count = 1000;
    code_ = kError;
    if (first_of_object_.empty())
      first_of_object_ = what;
    if (++count_ <= max_logged)
      log_(what + ", drawing '" + std::string(name_) + "'" + (count_ == max_logged ? "; further messages are not logged" : ""));
    if (count_ > max_count)
      throw std::runtime_error("caused more than " + std::to_string(max_count) + " errors in ROOT");
  }

 private:
  std::function<void(const std::string &)> log_;
  std::string_view name_;
  int32_t code_ = kOk;
  bool undescribed_ = false;  // an object may be readable with its StreamerInfo
  std::string first_of_object_;
  int count_ = 0;
} root_messages;

void handle_root_message(int level, Bool_t abort, const char *where, const char *what) {
  if (level < kWarning)
    return;
  root_messages.add(std::string(where) + ": " + what);
  if (abort)
    std::abort();
}

struct TooManyBins {};

struct NotSubtracted {
  std::string reason;  // "" if the snapshot cannot be read without its StreamerInfo
  size_t place = 0;    // of the object in the request
};

struct DecodedObjects {
  ObjectList list;
  bool damaged = false;     // whether the first object is damaged
  std::string undescribed;  // its class version, if no file describes it
};

// Returns the class versions described by a request; null if it describes none.
const ClassVersions *described_versions(const Request &request) {
  if (request.streamers.empty())
    return nullptr;
  const auto versions = load_streamers(request.streamers);
  root_messages.begin(request.name);  // ROOT complains about a list only the first time that a process reads it
  if (versions)
    return versions;
  root_messages.add("cannot read the streamers of " + std::string(request.streamers[0] ? request.streamers : "the request"));
  root_messages.mark_undescribed();
  return nullptr;
}

// Decodes an object. Sets `damaged` if there is any complaint: a partially read object would look like a valid, often empty,
// plot. Without the StreamerInfo of its file, an object of an older class version cannot be told from a damaged one; with it,
// `undescribed` names the class version that even the file does not describe.
std::unique_ptr<TObject> decode_one(const EncodedObject &encoded, const ClassVersions *described, bool &damaged, std::string &undescribed) {
  static const ClassVersions none;
  const int count_before = root_messages.count();
  root_messages.begin_object();
  auto decoded = decode(encoded, described ? *described : none);
  if (decoded.too_large)
    throw TooManyBins();
  damaged = decoded.fault != Fault::none || root_messages.count() > count_before;
  if (damaged && !described && decoded.fault != Fault::frame)
    root_messages.mark_undescribed();
  else if (damaged && !(undescribed = decoded.undescribed.empty() ? root_messages.undescribed_version() : decoded.undescribed).empty())
    root_messages.add("the file does not describe " + undescribed);
  else if (decoded.fault != Fault::none)
    root_messages.add("not an object that can be drawn, " + std::to_string(encoded.bytes.size()) + " bytes");
  return damaged ? nullptr : std::move(decoded.object);
}

// Takes an earlier snapshot out of the object at a place of the request; a missing one had no entries. Throws NotSubtracted,
// TooManyBins.
void subtract_earlier(TObject &object, const EncodedObject &encoded, size_t place, const ClassVersions *described) {
  if (encoded.bytes.empty())
    return;
  bool damaged = false;
  std::string undescribed;
  const auto earlier = decode_one(encoded, described, damaged, undescribed);
  if (damaged)
    throw NotSubtracted{root_messages.code() == kNoStreamer ? "" : "its earlier snapshot is damaged", place};
  const auto late = dynamic_cast<TH1 *>(&object), early = dynamic_cast<TH1 *>(earlier.get());
  if (!late)
    throw NotSubtracted{"it is a text", place};
  const std::string reason = early ? subtract(*late, *early) : "its class has changed";
  if (!reason.empty())
    throw NotSubtracted{reason, place};
}

// Decodes the objects of a request. Throws TooManyBins, NotSubtracted.
DecodedObjects decode_all(const Request &request) {
  DecodedObjects all;
  if (request.scalar())
    all.list.push_back(request.text.empty() ? nullptr : std::make_unique<TObjString>(std::string(request.text).c_str()));
  const auto described = described_versions(request);
  for (size_t i = 0; i < request.objects.size(); ++i) {
    bool damaged = false;
    std::string undescribed;
    auto object = decode_one(request.objects[i], described, damaged, undescribed);
    if (object && i < request.earlier.size())
      subtract_earlier(*object, request.earlier[i], i, described);
    if (all.list.empty())
      all.damaged = damaged, all.undescribed = undescribed;
    all.list.push_back(std::move(object));
  }
  return all;
}

void draw_missing(TCanvas &canvas, std::string_view name, const DecodedObjects &objects) {
  const std::string why = !objects.undescribed.empty() ? "has " + objects.undescribed + ",\nwhich its file does not describe"
                          : objects.damaged            ? "is damaged in its file"
                                                       : "is not available now";
  draw_text(canvas, short_name(name) + "\n" + why, objects.damaged ? kRed + 1 : kGrey);
}

// Returns whether references are scaled to the area of the plot; an efficiency has none.
bool normalises(const Request &request, const Spec &spec) { return spec.norm != "False" && !(request.flags & kEfficiency); }

void draw_histograms(TCanvas &canvas, const ObjectList &objects, const Request &request, const Spec &spec) {
  std::vector<TH1 *> references;
  for (size_t i = 1; i < objects.size() && spec.reference != Reference::object; ++i)
    references.push_back(dynamic_cast<TH1 *>(objects[i].get()));
  Plot plot(dynamic_cast<TH1 &>(*objects[0]), references, spec);
  plot.draw(canvas, normalises(request, spec));
}

// Plugins may change the specification and replace the objects.
void draw_objects(TCanvas &canvas, ObjectList &objects, const Request &request, Spec spec) {
  for (const auto &object : objects)
    if (const auto histogram = dynamic_cast<TH1 *>(object.get()))
      apply_current_style(*histogram);
  PlotPlugins plugins(request, spec, objects);
  plugins.pre_draw(canvas, spec, objects);
  gStyle->SetOptStat(spec.stats);  // the user's choice or the default overrides the plugins, as in the DQM GUI
  if (const auto text = dynamic_cast<TObjString *>(objects[0].get()))
    draw_text(canvas, text->GetString().Data(), kBlack);
  else
    draw_histograms(canvas, objects, request, spec);
  plugins.post_draw(canvas);
}

// Draws without plugins, because their scales are meant for the contents and not for differences.
void draw_difference(TCanvas &canvas, ObjectList &objects, const Request &request, const Spec &spec) {
  const auto first = dynamic_cast<TH1 *>(objects[0].get());
  const auto second = objects.size() > 1 ? dynamic_cast<TH1 *>(objects[1].get()) : nullptr;
  std::unique_ptr<TH1> result = first && second ? difference(*first, *second, normalises(request, spec)) : nullptr;
  if (!result) {
    draw_text(canvas, short_name(request.name) + (first && second ? "\nhas other bins there" : "\nhas nothing to be compared with"), kGrey);
    return;
  }
  apply_current_style(*result);
  result->SetStats(kFALSE);  // entries and mean of a difference are meaningless
  objects.clear();
  objects.push_back(std::move(result));  // keeps it alive until the canvas is painted
  draw_histograms(canvas, objects, request, spec);
}

// SVG and PDF hold one element per cell of a map, and viewers cannot handle arbitrarily many.
bool has_too_many_bins_for_vectors(const DecodedObjects &objects) {
  return std::any_of(objects.list.begin(), objects.list.end(), [](const auto &object) {
    const auto histogram = dynamic_cast<const TH1 *>(object.get());
    return histogram && histogram->GetNcells() > kMaxVectorBins;
  });
}

std::string draw(const Request &request, DecodedObjects &objects, const Spec &spec, bool blacklisted) {
  gROOT->SetBatch();  // a plugin may have ended batch mode
  restore_default_style();
  PlotCanvas canvas(spec.width, spec.height);
  if (blacklisted)
    draw_text(canvas, short_name(request.name) + "\nis blacklisted", kRed + 1);
  else if (objects.list[0] && spec.reference == Reference::difference)
    draw_difference(canvas, objects.list, request, spec);
  else if (objects.list[0])
    draw_objects(canvas, objects.list, request, spec);
  else
    draw_missing(canvas, request.name, objects);
  if (spec.after && objects.list[0] && !blacklisted)
    draw_corner_text(canvas, "after LS " + std::to_string(*spec.after));
  switch (spec.format) {
    case Format::svg: return to_svg(canvas, request.name);
    case Format::pdf: return to_pdf(canvas);
    default: return to_png(canvas);
  }
}

// Returns the request's objects in the requested format; empty if there are none and the format is `root` or `json`.
Response make_response(const Request &request, const Spec &spec, bool blacklisted) {
  DecodedObjects objects = blacklisted ? DecodedObjects() : decode_all(request);
  if (spec.format == Format::png || spec.format == Format::svg || spec.format == Format::pdf) {
    if (spec.format != Format::png && has_too_many_bins_for_vectors(objects))
      return {kTooManyBins, "at most " + std::to_string(kMaxVectorBins) + " bins in an SVG or PDF"};
    std::string content = draw(request, objects, spec, blacklisted);
    return {root_messages.code(), std::move(content)};
  }
  if (!objects.undescribed.empty())
    return {kUndescribed, "it has " + objects.undescribed + ", which its file does not describe"};
  std::string content = spec.format == Format::root ? to_root_file(objects.list, request.name) : to_json(objects.list);
  return {root_messages.code(), std::move(content)};
}

}  // namespace

void start_root(std::function<void(const std::string &)> log) {
  root_messages.set_log(std::move(log));
  gROOT->SetBatch();
  // ROOT's handlers print a stack trace, which takes most of a second, and hide the signal from the master.
  for (int number : {SIGBUS, SIGSEGV, SIGSYS, SIGPIPE, SIGILL, SIGABRT, SIGQUIT, SIGINT, SIGWINCH, SIGALRM, SIGCHLD, SIGURG, SIGFPE,
                     SIGTERM, SIGUSR1, SIGUSR2})
    std::signal(number, SIG_DFL);
  std::signal(SIGPIPE, SIG_IGN);
  SetErrorHandler(handle_root_message);
  TH1::AddDirectory(kFALSE);
  save_default_style();
}

Response render(const Request &request, Blacklist &blacklist) {
  const auto spec = parse_spec(request.spec);
  if (!spec)
    return {kError, ""};
  if (spec->width > kMaxSide || spec->height > kMaxSide)
    return error_response(spec->width > kMaxSide ? kTooWide : kTooHigh);
  if (spec->width == 0 || spec->height == 0) {
    const uint32_t white = 0xffffffff;
    return {kError, encode_png(&white, 1, 1)};
  }
  root_messages.begin(request.name);
  const bool blacklisted = blacklist.contains(request.name);
  try {
    return make_response(request, *spec, blacklisted);
  } catch (const TooManyBins &) {
    return error_response(kTooManyBins);
  } catch (const NotSubtracted &refusal) {
    if (refusal.reason.empty())
      return {kNoStreamer, ""};
    return {kNotSubtracted, refusal.reason + "\n" + std::to_string(refusal.place)};
  }
}

}  // namespace dqmhub
