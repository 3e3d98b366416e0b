// Render plugins: which are loaded, and what they do to one plot.
#pragma once
#include <TCanvas.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "DQMRenderPlugin.h"
#include "protocol.h"
#include "spec.h"

namespace dqmhub {

// Loads a library of plugins and gives their names. Throws std::runtime_error when it cannot be loaded, or would bring
// this process down; nothing is loaded then.
std::vector<std::string> load_plugins(const std::string &library, int argc, char **argv);

// Keeps the number of the plugin that is at work at `place`, 0 while none is, so that another process can see it.
void watch_plugins(std::atomic<int32_t> &place);

// The name of a plugin by its number, "" for 0 and for what is no number of a plugin.
const char *plugin_name(int32_t number);

// The names of the plugins that applied to the last plot, with commas; asking forgets them.
std::string take_applied();

// The plugins that apply to one plot, around its drawing.
class Plugged {
 public:
  Plugged(const Request &request, const Spec &spec, const std::vector<std::unique_ptr<TObject>> &objects);

  // Lets the plugins have their say. They may change the draw options and the kinds of the scales in `spec`, and put
  // others in place of `objects`.
  void before(TCanvas &canvas, Spec &spec, std::vector<std::unique_ptr<TObject>> &objects);
  void after(TCanvas &canvas);

 private:
  void take_back(std::vector<std::unique_ptr<TObject>> &objects) const;

  VisDQMImgInfo image_;
  std::vector<size_t> applying_;
};

}  // namespace dqmhub
