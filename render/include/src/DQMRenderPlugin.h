// Base class of render plugins, with which subsystems change how their monitor elements are drawn. A plugin is a static
// instance in a shared library; its constructor registers it.
#ifndef DQMHUB_RENDER_PLUGIN_H
#define DQMHUB_RENDER_PLUGIN_H

// Plugin sources rely on these includes; they came with the headers of the GUI or of older ROOT versions.
#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iomanip>
#include <iostream>
#include <limits>
#include <list>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "DQMNet.h"
#include "Objects.h"

class TCanvas;

// The number is part of the names of symbols, so that a library built with other headers is refused and not misread. Count it
// up after each change of the classes here and in Objects.h.
inline namespace dqmhub_interface_2 {

class DQMRenderPlugin {
  static std::vector<DQMRenderPlugin *> *s_list;

 public:
  DQMRenderPlugin();
  virtual ~DQMRenderPlugin();

  // Sets the list to which new plugins are added. The service calls it before it loads a library.
  static void master(std::vector<DQMRenderPlugin *> *list);

  // Called once with the command line of the service, after all plugins of a library have been constructed.
  virtual void initialise(int argc, char **argv);
  // Returns whether the plugin applies to this plot.
  virtual bool applies(const VisDQMObject &object, const VisDQMImgInfo &image) = 0;
  // Called before and after the plot is drawn on the canvas, which is the current pad.
  virtual void preDraw(TCanvas *canvas, const VisDQMObject &object, const VisDQMImgInfo &image, VisDQMRenderInfo &how);
  virtual void postDraw(TCanvas *canvas, const VisDQMObject &object, const VisDQMImgInfo &image);
};

}  // namespace dqmhub_interface_2

#endif
