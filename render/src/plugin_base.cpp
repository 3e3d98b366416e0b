// The non-abstract part of the base class of render plugins. It does not depend on ROOT, so that make_plugins can link
// against it.
#include "DQMRenderPlugin.h"

std::vector<DQMRenderPlugin *> *DQMRenderPlugin::s_list = nullptr;

DQMRenderPlugin::DQMRenderPlugin() { s_list->push_back(this); }
DQMRenderPlugin::~DQMRenderPlugin() = default;
void DQMRenderPlugin::master(std::vector<DQMRenderPlugin *> *list) { s_list = list; }
void DQMRenderPlugin::initialise(int, char **) {}
void DQMRenderPlugin::preDraw(TCanvas *, const VisDQMObject &, const VisDQMImgInfo &, VisDQMRenderInfo &) {}
void DQMRenderPlugin::postDraw(TCanvas *, const VisDQMObject &, const VisDQMImgInfo &) {}
