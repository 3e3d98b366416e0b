// Render plugins: loading a library, and calling the plugins that apply to a plot.
#pragma once
#include <TCanvas.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "DQMRenderPlugin.h"
#include "protocol.h"
#include "spec.h"

namespace dqmhub {

// Loads a library of plugins and returns their names; signals are handled afterwards as before. Throws std::runtime_error,
// without loading anything, if the library cannot be loaded, crashes, spoils the descriptors of this process, takes more than a
// minute, or `must_stop` before.
std::vector<std::string> load_plugins(const std::string &library, int argc, char **argv, const std::function<bool()> &must_stop);

// Sets the variable that holds the number of the running plugin, for other processes to read: negative when it has returned
// from a plot that is still drawn, 0 if there is none.
void set_active_plugin_slot(std::atomic<int32_t> &slot);

// Returns the name of a plugin by its number, "" for an invalid number.
const char *plugin_name(int32_t number);

// Returns ", in the plugin NAME" or ", after the plugin NAME" for the number of a running plugin, "" if there is none.
std::string plugin_mention(int32_t number);

// Returns the comma-separated names of the plugins that applied to the last plot, and clears them.
std::string take_applied_plugins();

// The plugins that apply to one plot.
class PlotPlugins {
 public:
  PlotPlugins(const Request &request, const Spec &spec, const std::vector<std::unique_ptr<TObject>> &objects);

  // Calls preDraw of the plugins, which may change the draw options and scale types in `spec` and replace `objects`.
  void pre_draw(TCanvas &canvas, Spec &spec, std::vector<std::unique_ptr<TObject>> &objects);
  void post_draw(TCanvas &canvas);

 private:
  void adopt_replacements(std::vector<std::unique_ptr<TObject>> &objects);
  void set_reference();

  VisDQMImgInfo image_;
  std::vector<size_t> applying_;
};

}  // namespace dqmhub
