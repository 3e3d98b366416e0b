// Report summary maps: the good fraction of each part of the detector, from red (0) over yellow to green (1). Parts without
// a result, which have a negative content, stay white.
#include "../src/DQMRenderPlugin.h"

#include <TColor.h>
#include <TH2.h>
#include <TStyle.h>

#include <array>

class ReportSummaryMap : public DQMRenderPlugin {
  std::array<int, 60> palette_;

 public:
  // Creates the colours once, before the first plot, so that all worker processes have the same ones.
  void initialise(int, char **) override {
    for (size_t i = 0; i < palette_.size(); ++i) {
      const float share = float(i) / (palette_.size() - 1);
      const float red = share < 0.5f ? 0.9f : 1.8f * (1 - share), green = share < 0.5f ? 1.6f * share : 0.8f;
      palette_[i] = TColor::GetColor(red, green, 0.1f);
    }
  }

  bool applies(const VisDQMObject &object, const VisDQMImgInfo &) override {
    return object.objname.compare(0, 16, "reportSummaryMap") == 0 && dynamic_cast<TH2 *>(object.object);
  }

  void preDraw(TCanvas *, const VisDQMObject &object, const VisDQMImgInfo &, VisDQMRenderInfo &how) override {
    const auto map = dynamic_cast<TH2 *>(object.object);
    gStyle->SetPalette(palette_.size(), palette_.data());
    gStyle->SetOptStat(0);
    map->SetStats(false);
    map->SetMinimum(-1e-15);  // with a minimum of 0 ROOT would leave cells with content 0 white
    map->SetMaximum(1);
    if (how.drawOptions.empty())
      how.drawOptions = "COLZ";
  }
};

static ReportSummaryMap report_summary_map;
