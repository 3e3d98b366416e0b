#pragma once

#include <TH1.h>
#include <TH2.h>
#include <TProfile2D.h>

#include <string>
#include <utility>
#include <vector>

#include "demo_filler.h"

namespace dqmhub::demo {

// Fills the monitor elements of the detector: pixel, strips, calorimeters and muon chambers.
class DetectorFiller : protected Filler {
 protected:
  using Filler::Filler;

  void pixel() {
    for (int layer = 1; layer <= 4; ++layer) {
      const int ladders[] = {6, 14, 22, 32};
      Axis modules{"signed module", 18, -4.5, 4.5};
      Axis ladder{"signed ladder", 4 * ladders[layer - 1] + 2, -ladders[layer - 1] - 0.5, ladders[layer - 1] + 0.5};
      folder("PixelPhase1/Phase1_MechanicalView/PXBarrel");
      std::string name = text("digi_occupancy_per_SignedModuleCoord_per_SignedLadderCoord_PXLayer_%d", layer);
      map(name, "Digi occupancy", modules, ladder, 400. / layer);
      if (layer == 1)
        writer_.test(name, "deadROCs", 200, 0.94, "DeadChannelTest", "3.1% of the readout chips are silent: limit 3%");
      histogram(text("adc_PXLayer_%d", layer), "Digi ADC values", {"adc readout", 64, 0, 256}, landau(80 + 5 * layer, 18));
      trend(text("num_clusters_per_Lumisection_PXLayer_%d", layer), "Number of clusters", "clusters / event", 900. / layer, 60);
      folder("PixelPhase1/Tracks/PXBarrel");
      name = text("charge_PXLayer_%d", layer);
      const bool bad = layer == 3 && progress_.done() > 0.5;  // in a live run from the middle on
      histogram(name, "Corrected cluster charge (on track)", {"Charge (electrons)", 80, 0, 80000}, charge(layer), 8000);
      writer_.test(name, "mean", bad ? 300 : 100, bad ? 0 : 1, "MeanWithinExpected",
                   bad ? "mean 24512.3 outside of [18000, 24000]: tested by: 8012 entries" : "");
      histogram<TH1S>(text("size_PXLayer_%d", layer), "Total cluster size (on track)", {"size [pixels]", 30, 0, 30},
                      poisson(5.5 - layer / 2.));
      histogram<TH1D>(text("residual_x_PXLayer_%d", layer), "Track-hit residual x", {"x_rec - x_track [cm]", 60, -0.03, 0.03},
                      gaus(0, 0.004));
    }
    folder("PixelPhase1/Tracks/PXForward");
    for (int disk : {-3, -2, -1, 1, 2, 3}) {
      map<TH2F>(text("clusterposition_xy_ontrack_PXDisk_%+d", disk), "Position of the on-track clusters", {"Global x (cm)", 40, -18, 18},
                {"Global y (cm)", 40, -18, 18}, 12, 0.03, ring(0, 4.5, 16));
      histogram(text("charge_PXDisk_%+d", disk), "Corrected cluster charge (on track)", {"Charge (electrons)", 80, 0, 80000},
                landau(21000, 2600));
    }
  }

  // In a live run the voltage of one layer drops in the middle of the run.
  Shape charge(int layer) {
    const Shape good = landau(19000 + 700 * layer, 2500);
    if (layer != 3 || !live_)
      return good;
    return [good, left = int(4000 * statistics_)](TRandom &r) mutable { return (left-- > 0 ? 1 : 0.45) * good(r); };
  }

  void strips() {
    const std::vector<std::pair<const char *, int>> parts{{"TIB", 4}, {"TOB", 6}, {"TID", 3}, {"TEC", 9}};
    for (auto [part, layers] : parts)
      for (const char *side : part[2] == 'B' ? std::vector<const char *>{""} : std::vector<const char *>{"MINUS", "PLUS"})
        for (int layer = 1; layer <= layers; ++layer)
          strips(part, side, layer);
  }

  void strips(const char *part, const std::string &side, int layer) {
    folder(text("SiStrip/MechanicalView/%s/", part) + (side.empty() ? "layer" : side + "/wheel") + text("_%d", layer));
    const std::string tail = text("__%s__", part) + (side.empty() ? "" : side + "__") + text("%d", layer);
    const std::string name = "Summary_ClusterStoNCorr__OnTrack" + tail;
    histogram(name, "Cluster signal to noise, corrected for the angle", {"S/N", 50, 0, 100}, landau(21, 3));
    histogram<TH1S>("Summary_ClusterWidth__OnTrack" + tail, "Cluster width", {"strips", 20, 0, 20}, poisson(2.8));
    trend("NumberOfClusterProfile" + tail, "Number of clusters", "clusters / event", 300 - 20. * layer, 30);
    if (layer == 2)
      writer_.test(name, "mpv", 100, 1, "ContentsXRange", "");
  }

  void ecal() {
    for (int module = -18; module <= 18; ++module)
      if (module) {
        folder("EcalBarrel/EBTimingTask");
        std::string name = text("EBTMT timing EB%+03d", module);
        histogram(name, "Timing of the rec hits", {"time [ns]", 40, -20, 20}, gaus(0.1 * (module % 5), 2.5), 800);
        if (module % 6 == 0)
          writer_.test(name, "rms", module > 0 ? 100 : 70, 1, "RMSWithinExpected", module > 0 ? "" : "too few entries: 12 of 50");
      }
    Axis phi{"iphi / 5", 72, 0, 360}, eta{"ieta / 5", 34, -85, 85};
    folder("EcalBarrel/EBOccupancyTask");
    map("EBOT digi occupancy", "Digi occupancy", phi, eta, 60, 0.01);
    average<TProfile2D>("EBOT rec hit energy", "Mean energy of the rec hits", {"iphi", 36, 0, 360}, {"ieta", 17, -85, 85}, 1.7, 0.2);
    folder("EcalBarrel/EBSummaryClient");
    begin("EB global summary");
    TH2I quality("EB global summary", "Global quality: 0 bad, 1 good, 2 unknown", phi.bins, phi.low, phi.high, eta.bins, eta.low, eta.high);
    label(quality, phi, eta.title);
    for (int i = 1; i <= phi.bins; ++i)
      for (int j = 1; j <= eta.bins; ++j)
        quality.SetBinContent(i, j, permanent_.Uniform() < 0.01 ? 2 : random_.Uniform() > 0.005);
    writer_.put(quality);
    writer_.test("EB global summary", "goodChannels", 50, 0, "ContentsWithinExpected", "disabled: calibration run");
    for (const char *side : {"EE+", "EE-"})
      for (int module = 1; module <= 9; ++module) {
        folder("EcalEndcap/EEPedestalTask");
        histogram<TH1D>(text("EEPOT pedestal %s%02d", side, module), "Pedestal, gain 12", {"ADC counts", 50, 150, 250}, gaus(200, 4), 500);
      }
    folder("EcalEndcap/EEOccupancyTask");
    for (const char *side : {"EE+", "EE-"})
      map(text("EEOT digi occupancy %s", side), "Digi occupancy", {"ix", 50, 0, 100}, {"iy", 50, 0, 100}, 30, 0.02, ring(50, 11, 50));
  }

  void hcal() {
    for (int depth = 1; depth <= 4; ++depth) {
      folder("Hcal/DigiTask/Occupancy/depth");
      std::string name = text("depth%d", depth);
      map<TH2D>(name, "Digi occupancy", {"ieta", 83, -41.5, 41.5}, {"iphi", 36, 0.5, 72.5}, 20, 0.02);
      if (depth == 2)
        writer_.test(name, "dead", 60, 0, "DeadChannelTest", "wrong axis: 83 bins instead of 84");
      folder("Hcal/DigiTask/TimingCut");
      average<TProfile2D>(name, "Mean time slice", {"ieta", 41, -41.5, 41.5}, {"iphi", 36, 0.5, 72.5}, 3.9, 0.1);
    }
    for (const char *part : {"HB", "HE", "HF", "HO"}) {
      folder("Hcal/RecHitTask/Energy");
      histogram(part, "Energy of the rec hits", {"Energy [GeV]", 60, 0, 60}, falling(4));
      folder("Hcal/DigiTask/ADC");
      histogram<TH1I>(part, "ADC", {"ADC", 64, 0, 256}, landau(20, 5));
    }
  }

  void muon_chambers() {
    for (int wheel = -2; wheel <= 2; ++wheel) {
      folder(text("DT/02-Segments/Wheel%d", wheel));
      map<TH2I>(text("numberOfSegments_W%d", wheel), "Segments", {"Sector", 14, 0.5, 14.5}, {"Station", 4, 0.5, 4.5}, 200, 0.02);
      histogram(text("t0_W%d", wheel), "Segment t0", {"t0 [ns]", 50, -50, 50}, gaus(0, 6));
      stop_early();
      folder(text("RPC/AllHits/SummaryHistograms/Wheel_%d", wheel));
      map<TH2S>(text("Occupancy_for_Barrel_W%d", wheel), "Strip occupancy", {"Sector", 12, 0.5, 12.5}, {"Roll", 21, 0.5, 21.5}, 80, 0.04);
      update_every(1);
    }
    for (const char *station : {"-4/2", "-3/2", "-2/2", "-1/2", "+1/2", "+2/2", "+3/2", "+4/2"}) {
      folder(text("CSC/CSCOfflineMonitor/recHits/ME%c", station[0]));
      std::string name = text("hRHTiming_ME%c%c_%c", station[0], station[1], station[3]);
      histogram(name, "Timing of the rec hits", {"time [ns]", 60, -150, 150}, gaus(2, 18), 1500);
    }
    writer_.test("hRHTiming_ME+4_2", "mean", 90, 0, "MeanWithinExpected", "did not run: no reference");
    for (const char *layer : {"GE11-M-L1", "GE11-M-L2", "GE11-P-L1", "GE11-P-L2"}) {
      folder("GEM/Digis");
      map(text("occ_%s", layer), "Digi occupancy", {"Chamber", 36, 0.5, 36.5}, {"VFAT", 24, -0.5, 23.5}, 30, 0.05);
      folder("GEM/Efficiency/type1");
      turn_on(text("eff_muon_pt_%s", layer), "Efficiency of muon segments", {"p_{T} [GeV]", 30, 0, 60}, 5, 4, 0.94);
    }
  }
};

}  // namespace dqmhub::demo
