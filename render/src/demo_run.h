#pragma once

#include <TH1.h>
#include <TH2.h>
#include <TH3.h>
#include <TProfile2D.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "demo_filler.h"

namespace dqmhub::demo {

// Monitor elements of all subsystems, after some lumisections of a live run or at its end.
class DemoRun : Filler {
 public:
  DemoRun(Writer &writer, int run, unsigned seed, Progress progress, bool live) : Filler(writer, run, seed, progress, live), run_(run) {}

  int write(int mes) {
    info();
    pixel();
    strips();
    ecal();
    update_every(4);
    hcal();
    update_every(1);
    muon_chambers();
    trigger();
    muons();
    egamma();
    jets();
    tracking();
    summaries();
    modules(mes);
    return writer_.me_count();
  }

 private:
  void info() {
    folder("Info/ProvInfo");
    writer_.string("CMSSW", run_ > 1 ? "CMSSW_13_0_10" : "CMSSW_14_0_0");
    writer_.string("Globaltag", run_ > 1 ? "130X_dataRun3_Prompt_v3" : "140X_mcRun3_v1");
    writer_.integer("runIsComplete", !progress_.ongoing());
    writer_.string("hostName", "demo");
    folder("Info/EventInfo");
    writer_.string("processName", "RECO");
    writer_.integer("iRun", run_);
    writer_.integer("iLumiSection", progress_.lumi);
    writer_.integer("iEvent", long((1000000 + 37L * run_) * progress_.done()));
    writer_.integer("processedEvts", long((250000 + random_.Poisson(3000)) * progress_.done()));
    double start = 1683000000. + (run_ > 1 ? (run_ - 367000) * 3600. : 0);
    writer_.real("runStartTimeStamp", start);
    writer_.real("eventTimeStamp", start + progress_.lumi * 23.31);
    writer_.real("processTimeStamp", start + progress_.lumi * 23.31 + (live_ ? 12 : 86400));
    writer_.string("note", "Cuts: p_{T} > 5 GeV & |eta| < 2.4; \"tight\" <selection>\nSecond line of the note");
    if (live_)
      lumisections();
    else
      histogram<TH1I>("ProcessedLS", "Events per lumisection", {"Lumisection", 450, 0.5, 450.5}, flat(0, 450), 9000);
  }

  void lumisections() {
    begin("ProcessedLS");
    TH1I all("ProcessedLS", "Events per lumisection", progress_.lumis, 0.5, progress_.lumis + 0.5);
    for (int lumi = 1; lumi <= progress_.lumi; ++lumi)
      for (int events = random_.Poisson(200); events > 0; --events)
        all.Fill(lumi);
    label(all, {"Lumisection", progress_.lumis, 0.5, progress_.lumis + 0.5}, "Events");
    writer_.put(all);
    begin(text("this lumisection %d", progress_.lumi));
    TH1F last("EventsInLumisection", text("Events of lumisection %d", progress_.lumi).c_str(), 23, 0, 23);
    for (int events = random_.Poisson(200); events > 0; --events)
      last.Fill(random_.Uniform(23.31));
    label(last, {"time since its start [s]", 23, 0, 23}, "Events");
    writer_.put(last);
    writer_.of_one_lumi("EventsInLumisection");
  }

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
      folder(text("RPC/AllHits/SummaryHistograms/Wheel_%d", wheel));
      map<TH2S>(text("Occupancy_for_Barrel_W%d", wheel), "Strip occupancy", {"Sector", 12, 0.5, 12.5}, {"Roll", 21, 0.5, 21.5}, 80, 0.04);
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

  void trigger() {
    for (const char *object : {"EGamma", "Muon", "Jet", "Tau"}) {
      folder(text("L1T/L1TStage2CaloLayer2/Central%s", object));
      histogram<TH1D>(text("%sRank", object), "Transverse energy", {"E_{T} [GeV]", 64, 0, 256}, falling(25, 5));
      map(text("%sOcc", object), "Occupancy", {"eta", 46, -3, 3}, {"phi", 36, 0, 6.2832}, 12, 0.01);
      folder(text("L1T/L1TObjects/L1T%s/L1TriggerVsReco", object));
      turn_on(text("efficiency%sET_24", object), "Level-1 efficiency, threshold 24 GeV", {"offline E_{T} [GeV]", 40, 0, 80}, 26, 6, 0.985);
    }
    folder("L1T/L1TStage2CaloLayer1");
    histogram("ecal.hcal mismatch", "Trigger towers that disagree", {"Lumisection", 50, 0, 500}, flat(0, 450), 40);
    writer_.test("ecal.hcal mismatch", "l1t.mismatch", 30, 0.5, "MismatchTest", "other: <mask> & \"veto\" not read: see 12:30");
    for (const char *stream : {"Physics", "Scouting", "Parking", "Calibration"}) {
      folder(text("HLT/TimerService/stream %s", stream));
      histogram<TH1D>("event time_real", "Event processing time", {"time [ms]", 100, 0, 1000}, landau(180, 40));
      trend("event time_real_byls", "Event processing time", "time [ms]", 320, 50);
    }
    folder("HLT/EGM/Ele32_WPTight");
    turn_on("efficiency_pt", "Efficiency of HLT_Ele32_WPTight_Gsf", {"p_{T} [GeV]", 40, 10, 90}, 33, 5, 0.93);
  }

  void muons() {
    for (const char *kind : {"Glb", "Tk", "Sta"}) {
      folder(text("Muons/MuonRecoAnalyzer/%sMuon", kind));
      histogram<TH1D>(text("%sMuon_eta", kind), "Pseudorapidity", {"#eta", 50, -2.5, 2.5}, gaus(0, 1.2));
      histogram<TH1D>(text("%sMuon_phi", kind), "Azimuth", {"#phi [rad]", 50, -3.1416, 3.1416}, flat(-3.1416, 3.1416));
      histogram<TH1D>(text("%sMuon_pt", kind), "Transverse momentum", {"p_{T} [GeV]", 60, 0, 120}, falling(14, 3));
    }
    folder("Muons/diMuonHistograms");
    histogram("GlbGlbMuon_HM", "Di-muon mass", {"m [GeV]", 70, 55, 125}, [](TRandom &r) { return r.BreitWigner(91.19, 3); });
    writer_.test("GlbGlbMuon_HM", "peak", 100, 1, "MeanWithinExpected", "");
    writer_.test("GlbGlbMuon_HM", "width", 200, 0.8, "RMSWithinExpected", "RMS 9.1 outside of [5, 9]");
  }

  void egamma() {
    for (const char *kind : {"Photons", "Electrons"}) {
      folder(text("Egamma/%s/Pt Cut 10", kind));
      histogram("Et", "Transverse energy", {"E_{T} [GeV]", 60, 0, 120}, falling(18, 10));
      histogram("Eta", "Pseudorapidity", {"#eta", 50, -2.5, 2.5}, gaus(0, 1.3));
      histogram("r9", "R9", {"R9", 55, 0, 1.1}, [](TRandom &r) { return 1 - r.Exp(0.08); });
      histogram("hOverE", "H / E", {"H / E", 50, 0, 0.2}, falling(0.02));
    }
    folder("Egamma/Photons/Converted");
    histogram("invMass", "Mass of converted pairs (no candidate yet)", {"m [GeV]", 50, 0, 200}, flat(0, 1), 0);
  }

  void jets() {
    folder("JetMET/Jet/Cleanedak4PFJetsCHS");
    histogram("Pt", "Jet p_{T}", {"p_{T} [GeV]", 60, 0, 300}, falling(35, 20), 6000);
    histogram("Eta", "Jet #eta", {"#eta", 60, -5, 5}, gaus(0, 1.9), 6000);
    histogram("Phi", "Jet #phi", {"#phi [rad]", 50, -3.1416, 3.1416}, flat(-3.1416, 3.1416));
    histogram("CHFrac", "Charged hadron fraction", {"fraction", 50, 0, 1}, gaus(0.6, 0.15));
    histogram("Fraction > 5% of \xce\xa3 E_T? (#1)", "Energy sharing", {"fraction", 50, 0, 1}, gaus(0.3, 0.1));
    map<TH2S>("PhiVsEta", "Jets", {"#eta", 50, -5, 5}, {"#phi", 36, -3.1416, 3.1416}, 9, 0.01);
    writer_.test("Pt", "shape", 100, 0.99, "Comp2RefKolmogorov", "");
    folder("JetMET/MET/pfMETT1");
    histogram("MET", "Missing transverse energy", {"MET [GeV]", 60, 0, 180}, falling(22));
    histogram("METSig", "Significance", {"significance", 50, 0, 25}, falling(3));
  }

  void tracking() {
    folder("Tracking/TrackParameters/generalTracks/GeneralProperties");
    histogram("TrackPt_ImpactPoint_GenTk", "Track p_{T}", {"p_{T} [GeV]", 60, 0, 30}, falling(1.6, 0.3), 8000);
    histogram("TrackEta_ImpactPoint_GenTk", "Track #eta", {"#eta", 60, -3, 3}, gaus(0, 1.5), 8000);
    histogram("Chi2oNDF_GenTk", "Track #chi^{2} / ndf", {"#chi^{2} / ndf", 50, 0, 5}, gaus(1.1, 0.35));
    trend("NumberOfTracksVsLS_GenTk", "Tracks per event", "tracks / event", 620, 80);
    writer_.test("TrackPt_ImpactPoint_GenTk", "shape", 300, 0.01, "Comp2RefChi2", "chi2/ndf 14.2: limit 5");
    begin("DxySignificance_GenTk");
    TH1F broken("DxySignificance_GenTk", "d_{xy} significance", 50, -10, 10);
    broken.FillRandom("gaus", int(2000 * updated_.done()), &random_);
    broken.SetBinContent(12, std::numeric_limits<double>::quiet_NaN());
    label(broken, {"d_{xy} / #sigma", 50, -10, 10}, "Entries");
    writer_.put(broken);
    folder("OfflinePV/offlinePrimaryVertices");
    begin("vertex_xyz");
    TH3F vertices("vertex_xyz", "Primary vertices", 12, 0, 0.2, 12, -0.1, 0.1, 12, -15, 15);
    vertices.SetXTitle("x [cm]");
    vertices.SetYTitle("y [cm]");
    vertices.SetZTitle("z [cm]");
    for (int i = 0; i < 3000 * updated_.done(); ++i)
      vertices.Fill(random_.Gaus(0.09, 0.02), random_.Gaus(-0.02, 0.02), random_.Gaus(0, 4));
    writer_.put(vertices);
    histogram("vtxNbr", "Primary vertices per event", {"vertices", 80, 0, 80}, poisson(38));
  }

  void summaries() {
    const std::vector<std::pair<const char *, std::vector<const char *>>> parts{{"PixelPhase1", {"PXBarrel", "PXForward"}},
                                                                                {"SiStrip", {"TIB", "TOB", "TID", "TEC"}},
                                                                                {"EcalBarrel", {"EB+", "EB-"}},
                                                                                {"EcalEndcap", {"EE+", "EE-"}},
                                                                                {"Hcal", {"HB", "HE", "HF", "HO"}},
                                                                                {"DT", {"W-2", "W-1", "W0", "W1", "W2"}},
                                                                                {"CSC", {"ME+", "ME-"}},
                                                                                {"RPC", {"Barrel", "Endcap"}},
                                                                                {"GEM", {"GE11-M", "GE11-P"}},
                                                                                {"L1T", {"EGamma", "Muon", "Jet"}}};
    for (const auto &[subsystem, names] : parts) {
      folder(text("%s/EventInfo", subsystem));
      begin("reportSummaryMap");
      TH2F summary("reportSummaryMap", text("%s report summary", subsystem).c_str(), int(names.size()), 0, names.size(), 10, 0, 10);
      double total = 0;
      std::vector<double> fractions;
      for (size_t i = 0; i < names.size(); ++i) {
        fractions.push_back(std::min(1., random_.Gaus(0.98, 0.015)));
        total += fractions[i] / names.size();
        summary.GetXaxis()->SetBinLabel(i + 1, names[i]);
        for (int j = 1; j <= 10; ++j)
          summary.SetBinContent(i + 1, j,
                                random_.Uniform() < 0.04 ? random_.Uniform(0.5, 0.9) : std::min(1., random_.Gaus(fractions[i], 0.01)));
      }
      writer_.put(summary);
      writer_.real("reportSummary", total);
      writer_.test("reportSummaryMap", "ContentsYRange", total > 0.975 ? 100 : 200, total, "ContentsYRange",
                   total > 0.975 ? "" : text("fraction %.3f: below 0.975", total));
      folder(text("%s/EventInfo/reportSummaryContents", subsystem));
      for (size_t i = 0; i < names.size(); ++i)
        writer_.real(text("%s_%s", subsystem, names[i]), fractions[i]);
    }
  }

  // Fills up to `mes` monitor elements with the same few histograms for each module of the pixel detector.
  void modules(int mes) {
    const char *const quantities[] = {"adc",        "charge",     "size",          "num_digis",      "num_clusters",
                                      "residual_x", "residual_y", "template_prob", "hit_efficiency", "sizeX"};
    TH1F h("h", "Per module", 50, 0, 50);
    for (int module = 0; writer_.me_count() < mes; ++module) {
      int ladder = module / 8;
      folder(text("PixelPhase1/Modules/PXLayer_%d/Ladder_%03d/Module_%d", 1 + ladder % 4, ladder / 4, module % 8 + 1));
      for (int i = 0; i < 20 && writer_.me_count() < mes; ++i) {
        h.Reset();
        for (int bin = 5; bin < 20; ++bin)
          h.SetBinContent(bin, random_.Integer(40));
        h.SetEntries(300);
        h.SetName(text("%s_%s", quantities[i % 10], i < 10 ? "inner" : "outer").c_str());
        writer_.put(h);
      }
    }
  }

  int run_;
};

}  // namespace dqmhub::demo
