// The base class of render plugins: code of a subsystem that decides how its monitor elements look. A plugin is a
// static instance in a shared library; making it registers it.
#ifndef DQMHUB_RENDER_PLUGIN_H
#define DQMHUB_RENDER_PLUGIN_H

// Plugin sources rely on these being included here; some on what older versions of ROOT brought along.
#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>
#include <map>
#include <sstream>
#include <vector>

#include "Objects.h"

class TCanvas;

class DQMRenderPlugin {
  static std::vector<DQMRenderPlugin *> *s_list;

 public:
  DQMRenderPlugin();
  virtual ~DQMRenderPlugin();

  // Where plugins that are made from now on are put; the service calls it before it loads a library.
  static void master(std::vector<DQMRenderPlugin *> *list);

  // Called once, after all plugins of a library are made, with the service's command line.
  virtual void initialise(int argc, char **argv);
  // Whether the plugin wants a say in this plot.
  virtual bool applies(const VisDQMObject &object, const VisDQMImgInfo &image) = 0;
  // Called before and after the plot is drawn on the canvas, which is the current pad.
  virtual void preDraw(TCanvas *canvas, const VisDQMObject &object, const VisDQMImgInfo &image, VisDQMRenderInfo &how);
  virtual void postDraw(TCanvas *canvas, const VisDQMObject &object, const VisDQMImgInfo &image);
};

#endif
