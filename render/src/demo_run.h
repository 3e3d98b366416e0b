#pragma once

#include <TH1.h>
#include <TH2.h>
#include <TH3.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "demo_detector.h"
#include "demo_event_info.h"

namespace dqmhub::demo {

// Monitor elements of all subsystems, after some lumisections of a live run or at its end.
class DemoRun : DetectorFiller {
 public:
  DemoRun(Writer &writer, int run, unsigned seed, Progress progress, bool live, Conditions conditions)
      : DetectorFiller(writer, run, seed, progress, live),
        run_(run),
        conditions_(std::move(conditions)),
        event_info_(writer, run, progress, live, conditions_) {}

  int write(int mes) {
    info();
    hlt();
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
    writer_.string("CMSSW", conditions_.release);
    writer_.string("Globaltag", conditions_.global_tag(run_ > 1 ? "dataRun3_Prompt_v3" : "mcRun3_v1"));
    writer_.integer("runIsComplete", !progress_.ongoing());
    writer_.string("hostName", "demo");
    event_info_.write("Info", progress_.lumi, long((250000 + random_.Poisson(3000)) * progress_.done()));
    folder("Info/EventInfo");
    writer_.string("note", "Cuts: p_{T} > 5 GeV & |eta| < 2.4; \"tight\" <selection>\nSecond line of the note");
    if (live_)
      lumisections();
    else
      histogram<TH1I>("ProcessedLS", "Events per lumisection", {"Lumisection", 450, 0.5, 450.5}, flat(0, 450), 9000);
  }

  // Clients of the online system write it into the folders of their subsystems.
  void event_info(const std::string &subsystem) {
    if (subsystem == "Hcal")
      update_every(4);
    else if (subsystem == "RPC")
      stop_early();
    if (live_)
      event_info_.write(subsystem, updated_.lumi, 200L * updated_.lumi);
    update_every(1);
  }

  void hlt() {
    if (!live_)
      return;
    event_info("HLT");
    folder("HLT/EventInfo");
    writer_.real("reportSummary", 0.98);
    writer_.real("CertificationSummary", 0.98);
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
      event_info(subsystem);
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
  Conditions conditions_;
  EventInfo event_info_;
};

}  // namespace dqmhub::demo
