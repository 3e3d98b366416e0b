// Occupancy maps: parts of the detector without hits stay white, and the scale starts at the smallest content above 0.
#include "../src/DQMRenderPlugin.h"

#include <TH2.h>
#include <TStyle.h>

#include <algorithm>
#include <cctype>

class OccupancyMap : public DQMRenderPlugin {
 public:
  bool applies(const VisDQMObject &object, const VisDQMImgInfo &) override {
    std::string name = object.objname;
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    return name.find("occupancy") != name.npos && dynamic_cast<TH2 *>(object.object);
  }

  void preDraw(TCanvas *, const VisDQMObject &object, const VisDQMImgInfo &, VisDQMRenderInfo &how) override {
    const auto map = dynamic_cast<TH2 *>(object.object);
    gStyle->SetOptStat(0);
    map->SetStats(false);
    if (map->GetMaximum() > 0)
      map->SetMinimum(map->GetMinimum(0));  // the smallest content above 0
    if (how.drawOptions.empty())
      how.drawOptions = "COLZ";
  }
};

static OccupancyMap occupancy_map;
