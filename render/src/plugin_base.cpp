// The base class of render plugins, as far as it is not abstract. Needs nothing of ROOT, so that a library of plugins can
// be checked against it.
#include "DQMRenderPlugin.h"

std::vector<DQMRenderPlugin *> *DQMRenderPlugin::s_list = nullptr;

DQMRenderPlugin::DQMRenderPlugin() { s_list->push_back(this); }
DQMRenderPlugin::~DQMRenderPlugin() = default;
void DQMRenderPlugin::master(std::vector<DQMRenderPlugin *> *list) { s_list = list; }
void DQMRenderPlugin::initialise(int, char **) {}
void DQMRenderPlugin::preDraw(TCanvas *, const VisDQMObject &, const VisDQMImgInfo &, VisDQMRenderInfo &) {}
void DQMRenderPlugin::postDraw(TCanvas *, const VisDQMObject &, const VisDQMImgInfo &) {}
