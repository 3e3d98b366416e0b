// Render plugins: which are loaded, and what they do to one plot.
#pragma once
#include <TCanvas.h>

#include <memory>
#include <string>
#include <vector>

#include "DQMRenderPlugin.h"
#include "protocol.h"
#include "spec.h"

namespace dqmhub {

// Loads a library of plugins; returns how many it has. Throws std::runtime_error when it cannot be loaded.
size_t load_plugins(const std::string &library, int argc, char **argv);

// The plugins that apply to one plot, around its drawing.
class Plugged {
 public:
  Plugged(const Request &request, const Spec &spec, const std::vector<std::unique_ptr<TObject>> &objects);

  // Gives the draw options as the plugins want them.
  std::string before(TCanvas &canvas, const std::string &options);
  void after(TCanvas &canvas);

 private:
  VisDQMImgInfo image_;
  std::vector<DQMRenderPlugin *> applying_;
};

}  // namespace dqmhub
