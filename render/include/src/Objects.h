// Description of a plot passed to render plugins. Names and layout are those of the CMS DQM GUI, so that plugin sources
// written for it compile unchanged.
#ifndef DQMHUB_OBJECTS_H
#define DQMHUB_OBJECTS_H

#include <cstdint>
#include <string>
#include <vector>

class TObject;

static const uint32_t DQM_PROP_TYPE_MASK = 0x000000ff;
static const uint32_t DQM_PROP_TYPE_SCALAR = 0x0000000f;
static const uint32_t DQM_PROP_REPORT_ERROR = 0x00000100;
static const uint32_t DQM_PROP_REPORT_WARN = 0x00000200;
static const uint32_t DQM_PROP_REPORT_OTHER = 0x00000400;
static const uint32_t DQM_PROP_REPORT_ALARM = DQM_PROP_REPORT_ERROR | DQM_PROP_REPORT_WARN | DQM_PROP_REPORT_OTHER;

// Settings that a plugin may change before the plot is drawn.
struct VisDQMRenderInfo {
  std::string drawOptions;
  bool blacklisted;
};

// An axis: `type` is "def", "lin" or "log"; unset limits are NaN.
struct VisDQMAxisInfo {
  std::string type;
  double min;
  double max;
};

enum VisDQMReference { DQM_REF_OBJECT, DQM_REF_OVERLAY, DQM_REF_OVERLAY_RATIO, DQM_REF_STACKED };

// Quantities of strip charts, a feature of the first DQM GUI. Always DQM_TREND_OBJECT here.
enum VisDQMStripTrend {
  DQM_TREND_OBJECT,
  DQM_TREND_LS_VALUE,
  DQM_TREND_NUM_ENTRIES,
  DQM_TREND_NUM_BINS,
  DQM_TREND_NUM_BYTES,
  DQM_TREND_X_MEAN,
  DQM_TREND_X_MIN,
  DQM_TREND_X_MAX,
  DQM_TREND_X_MEAN_RMS,
  DQM_TREND_X_MEAN_MIN_MAX,
  DQM_TREND_X_NUM_BINS,
  DQM_TREND_Y_MEAN,
  DQM_TREND_Y_MIN,
  DQM_TREND_Y_MAX,
  DQM_TREND_Y_MEAN_RMS,
  DQM_TREND_Y_MEAN_MIN_MAX,
  DQM_TREND_Y_NUM_BINS,
  DQM_TREND_Z_MEAN,
  DQM_TREND_Z_MIN,
  DQM_TREND_Z_MAX,
  DQM_TREND_Z_MEAN_RMS,
  DQM_TREND_Z_MEAN_MIN_MAX,
  DQM_TREND_Z_NUM_BINS
};

// One monitor element: its path (name), the parts of the path (dirname, objname), and the object, null if it is missing. The
// drawn element comes with the object of its first reference, under the name that plugins of the production GUI use.
struct VisDQMObject {
  uint32_t flags;
  uint64_t version;
  std::string dirname;
  std::string objname;
  std::string name;
  TObject *object;
  TObject *reference = nullptr;
};

// The requested plot and all its objects.
struct VisDQMImgInfo {
  std::string imgspec;
  std::string drawOptions;
  std::vector<std::string> reflabels;
  std::vector<VisDQMObject> objects;
  VisDQMReference reference;
  VisDQMStripTrend trend;
  int width;
  int height;
  int showstats;
  int showerrbars;
  double ktest;
  VisDQMAxisInfo xaxis;
  VisDQMAxisInfo yaxis;
  VisDQMAxisInfo zaxis;
  std::string refnorm;
  std::string json;
};

#endif
