#include "plugins.h"

#include <dlfcn.h>

#include <limits>
#include <stdexcept>

std::vector<DQMRenderPlugin *> *DQMRenderPlugin::s_list = nullptr;

DQMRenderPlugin::DQMRenderPlugin() { s_list->push_back(this); }
DQMRenderPlugin::~DQMRenderPlugin() = default;
void DQMRenderPlugin::master(std::vector<DQMRenderPlugin *> *list) { s_list = list; }
void DQMRenderPlugin::initialise(int, char **) {}
void DQMRenderPlugin::preDraw(TCanvas *, const VisDQMObject &, const VisDQMImgInfo &, VisDQMRenderInfo &) {}
void DQMRenderPlugin::postDraw(TCanvas *, const VisDQMObject &, const VisDQMImgInfo &) {}

namespace dqmhub {
namespace {

std::vector<DQMRenderPlugin *> plugins;

VisDQMAxisInfo axis_info(const AxisSpec &axis) {
  constexpr double unset = std::numeric_limits<double>::quiet_NaN();
  return {axis.type, axis.min.value_or(unset), axis.max.value_or(unset)};
}

VisDQMObject object_info(const Request &request, TObject *object) {
  const std::string name(request.name);
  const auto slash = name.rfind('/');
  const bool nested = slash != name.npos;
  return {request.flags, request.version, nested ? name.substr(0, slash) : "", nested ? name.substr(slash + 1) : name, name, object};
}

VisDQMReference reference_info(Reference reference) {
  switch (reference) {
    case Reference::object:
      return DQM_REF_OBJECT;
    case Reference::ratio:
      return DQM_REF_OVERLAY_RATIO;
    case Reference::stacked:
      return DQM_REF_STACKED;
    default:
      return DQM_REF_OVERLAY;
  }
}

}  // namespace

size_t load_plugins(const std::string &library, int argc, char **argv) {
  DQMRenderPlugin::master(&plugins);
  if (!dlopen(library.c_str(), RTLD_LAZY | RTLD_GLOBAL))
    throw std::runtime_error(std::string("cannot load the plugins: ") + dlerror());
  for (const auto plugin : plugins)
    plugin->initialise(argc, argv);
  return plugins.size();
}

Plugged::Plugged(const Request &request, const Spec &spec, const std::vector<std::unique_ptr<TObject>> &objects) {
  if (plugins.empty())
    return;
  image_.imgspec = request.spec;
  image_.drawOptions = spec.options;
  image_.reflabels.assign(spec.labels.begin(), spec.labels.end());
  for (const auto &object : objects)
    image_.objects.push_back(object_info(request, object.get()));
  image_.reference = reference_info(spec.reference);
  image_.trend = DQM_TREND_OBJECT;
  image_.width = spec.width;
  image_.height = spec.height;
  image_.showstats = spec.stats;
  image_.showerrbars = spec.errors;
  image_.ktest = spec.ktest;
  image_.xaxis = axis_info(spec.x);
  image_.yaxis = axis_info(spec.y);
  image_.zaxis = axis_info(spec.z);
  image_.refnorm = spec.norm;
  image_.json = spec.json;
  for (const auto plugin : plugins)
    if (plugin->applies(image_.objects[0], image_))
      applying_.push_back(plugin);
}

std::string Plugged::before(TCanvas &canvas, const std::string &options) {
  VisDQMRenderInfo how = {options, false};
  for (const auto plugin : applying_)
    plugin->preDraw(&canvas, image_.objects[0], image_, how);
  return how.drawOptions;
}

void Plugged::after(TCanvas &canvas) {
  for (const auto plugin : applying_)
    plugin->postDraw(&canvas, image_.objects[0], image_);
}

}  // namespace dqmhub
