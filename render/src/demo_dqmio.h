#pragma once

#include <TClass.h>
#include <TFile.h>
#include <TTree.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "demo_filler.h"

namespace dqmhub::demo {

// Writer of DQMIO files: one tree per type of monitor element, and a tree with the range of entries of each lumisection;
// see docs/developers/formats.md. Histograms of lumisections are summed for the whole run; of scalars and strings the last one counts.
class DqmioWriter : public Writer {
 public:
  DqmioWriter(TFile &file, double start) : ranges_(new TTree("Indices", "Indices")), start_(start) {
    ranges_->SetDirectory(&file);
    ranges_->Branch("Run", &run_, "Run/i");
    for (auto [name, value] : {std::pair{"Lumi", &lumi_}, {"ProcessHistoryIndex", &history_}, {"Type", &type_}})
      ranges_->Branch(name, value);
    for (auto [name, value] : {std::pair{"BeginTime", &begin_}, {"EndTime", &end_}, {"FirstIndex", &first_}, {"LastIndex", &last_}})
      ranges_->Branch(name, value);
    for (const char *name : {"Ints", "Floats", "Strings", "TH1Fs", "TH1Ss", "TH1Ds", "TH2Fs", "TH2Ss", "TH2Ds", "TH3Fs", "TProfiles",
                             "TProfile2Ds", "TH1Is", "TH2Is"})
      add(name, file);
  }

  void folder(const std::string &path) override { folder_ = path + "/"; }
  void efficiency(const std::string &name) override { entries_.at(folder_ + name).flags |= 0x00200000; }

  // Ends a lumisection: writes everything put since the last call.
  void end(int run, int lumi) {
    for (auto &[path, entry] : entries_) {
      fill(path, entry);
      sum(path, entry);
    }
    write(run, lumi);
    entries_.clear();
  }

  void end_run(int run) {
    for (const auto &[path, entry] : sums_)
      fill(path, entry);
    write(run, 0);
  }

 private:
  struct Entry {
    std::string tree;
    std::shared_ptr<TObject> object;
    std::string value;
    unsigned flags = 0;
  };

  struct Tree {
    TTree *tree;
    void *object = nullptr;
    Long64_t ended = 0;
  };

  void add(const std::string &name, TFile &file) {
    Tree &added = trees_.emplace_back(Tree{new TTree(name.c_str(), name.c_str())});
    indices_[name] = trees_.size() - 1;
    added.tree->SetDirectory(&file);
    added.tree->Branch("FullName", &name_pointer_);
    added.tree->Branch("Flags", &flags_);
    if (name == "Ints")
      added.tree->Branch("Value", &integer_);
    else if (name == "Floats")
      added.tree->Branch("Value", &real_);
    else if (name == "Strings")
      added.tree->Branch("Value", &text_pointer_);
    else
      objects_.push_back(name);
  }

  // Adds the branches of objects after all trees have been created, because branches store the addresses of objects in
  // `trees_`.
  void branch_objects() {
    for (const std::string &name : objects_) {
      Tree &tree = trees_[indices_.at(name)];
      tree.tree->Branch("Value", name.substr(0, name.size() - 1).c_str(), &tree.object, 128 * 1024, 0);
    }
    objects_.clear();
  }

  void write(const TObject &object) override {
    entries_[folder_ + object.GetName()] = {std::string(object.ClassName()) + "s", std::shared_ptr<TObject>(object.Clone()), ""};
  }

  // DQMIO files contain no quality tests, so these are skipped.
  void tag(const std::string &name, const std::string &value) override {
    const std::map<std::string, const char *> scalars{{"i=", "Ints"}, {"f=", "Floats"}, {"s=", "Strings"}};
    if (auto found = scalars.find(value.substr(0, 2)); found != scalars.end())
      entries_[folder_ + name] = {found->second, nullptr, value.substr(2)};
  }

  void fill(const std::string &path, const Entry &entry) {
    branch_objects();
    Tree &tree = trees_[indices_.at(entry.tree)];
    name_ = path;
    flags_ = entry.flags;
    integer_ = std::atol(entry.value.c_str());
    real_ = std::atof(entry.value.c_str());
    text_ = entry.value;
    tree.object = dynamic_cast<void *>(entry.object.get());
    tree.tree->Fill();
  }

  void sum(const std::string &path, Entry &entry) {
    auto [found, is_new] = sums_.try_emplace(path, entry);
    if (auto all = dynamic_cast<TH1 *>(found->second.object.get()); all && !is_new)
      all->Add(dynamic_cast<TH1 *>(entry.object.get()));
    else
      found->second = entry;
  }

  void write(int run, int lumi) {
    run_ = run;
    lumi_ = lumi;
    begin_ = ULong64_t(start_ + 23 * lumi) << 32;
    end_ = ULong64_t(start_ + 23 * (lumi + 1)) << 32;
    for (type_ = 0; type_ < trees_.size(); ++type_) {
      Tree &tree = trees_[type_];
      if (tree.tree->GetEntries() == tree.ended)
        continue;
      first_ = tree.ended;
      tree.ended = tree.tree->GetEntries();
      last_ = tree.ended - 1;
      ranges_->Fill();
    }
  }

  TTree *ranges_;
  double start_;  // of the run, Unix s UTC
  unsigned run_ = 0, lumi_ = 0, history_ = 0, type_ = 0, flags_ = 0;
  ULong64_t begin_ = 0, end_ = 0, first_ = 0, last_ = 0;
  std::string name_, text_, *name_pointer_ = &name_, *text_pointer_ = &text_;
  Long64_t integer_ = 0;
  double real_ = 0;
  std::vector<Tree> trees_;
  std::map<std::string, size_t> indices_;
  std::vector<std::string> objects_;
  std::string folder_;
  std::map<std::string, Entry> entries_, sums_;
};

// Monitor elements of one lumisection. The rate falls and the charge drifts; in one lumisection a pixel layer is off.
class LumiSection : Filler {
 public:
  LumiSection(Writer &writer, int run, unsigned seed, int lumi, int lumis, double start)
      : Filler(writer, run, seed + 1000u * unsigned(lumi), {1, 1}, false),
        run_(run),
        lumi_(lumi),
        start_(start),
        drift_(double(lumi) / lumis),
        bad_(lumi == 2 * lumis / 3) {}

  void write() {
    info();
    pixel();
    strips();
    calorimeters();
    tracking();
  }

  // Fills up to `mes` monitor elements in total.
  void modules(int mes) {
    TH1F h("h", "Per module", 50, 0, 50);
    for (int number = 0; writer_.me_count() < mes; ++number) {
      writer_.folder(text("PixelPhase1/Modules/PXLayer_%d/Ladder_%03d/Module_%d", 1 + number / 160 % 4, number / 640, number / 20 % 8 + 1));
      h.Reset();
      for (int bin = 5; bin < 20; ++bin)
        h.SetBinContent(bin, random_.Integer(40));
      h.SetEntries(300);
      h.SetName(text("quantity_%02d", number % 20).c_str());
      writer_.put(h);
    }
  }

 private:
  void info() {
    writer_.folder("Info/EventInfo");
    writer_.integer("iRun", run_);
    writer_.integer("iLumiSection", lumi_);
    writer_.integer("processedEvents", 600 + random_.Poisson(40));
    writer_.real("eventTimeStamp", start_ + 23.31 * lumi_);
    writer_.string("detectors", bad_ ? "PXB layer 2 off" : "all on");
  }

  void pixel() {
    for (int layer = 1; layer <= 4; ++layer) {
      const bool dead = bad_ && layer == 2;
      writer_.folder("PixelPhase1/Phase1_MechanicalView/PXBarrel");
      map(text("digi_occupancy_per_SignedModuleCoord_per_SignedLadderCoord_PXLayer_%d", layer), "Digi occupancy",
          {"signed module", 18, -4.5, 4.5}, {"signed ladder", 8 * layer + 5, -4. * layer - 2.5, 4. * layer + 2.5},
          dead ? 0.2 : 20 - 6 * drift_);
      histogram(text("adc_PXLayer_%d", layer), "Digi ADC values", {"adc readout", 64, 0, 256}, landau(80 + 5 * layer, 18), dead ? 5 : 400);
      writer_.folder("PixelPhase1/Tracks/PXBarrel");
      histogram(text("charge_PXLayer_%d", layer), "Corrected cluster charge (on track)", {"Charge (electrons)", 80, 0, 80000},
                landau(19000 + 700 * layer - 3000 * drift_, 2500), dead ? 8 : 500);
      histogram<TH1S>(text("size_PXLayer_%d", layer), "Total cluster size (on track)", {"size [pixels]", 30, 0, 30},
                      poisson(5.5 - layer / 2.), dead ? 8 : 500);
    }
  }

  void strips() {
    for (const char *part : {"TIB", "TOB", "TID", "TEC"}) {
      writer_.folder(text("SiStrip/MechanicalView/%s", part));
      histogram(text("Summary_ClusterStoNCorr__OnTrack__%s", part), "Cluster signal to noise, corrected for the angle", {"S/N", 50, 0, 100},
                landau(21 - drift_, 3), 300);
      histogram<TH1D>(text("Summary_ClusterCharge__OnTrack__%s", part), "Cluster charge", {"ADC counts", 50, 0, 500}, landau(110, 18), 300);
    }
  }

  void calorimeters() {
    writer_.folder("EcalBarrel/EBOccupancyTask");
    map<TH2S>("EBOT digi occupancy", "Digi occupancy", {"iphi / 5", 72, 0, 360}, {"ieta / 5", 34, -85, 85}, 3 - drift_, 0.01);
    average<TProfile2D>("EBOT rec hit energy", "Mean energy of the rec hits", {"iphi", 36, 0, 360}, {"ieta", 17, -85, 85}, 1.7, 0.2);
    writer_.folder("Hcal/DigiTask/Occupancy/depth");
    for (int depth = 1; depth <= 2; ++depth)
      map<TH2D>(text("depth%d", depth), "Digi occupancy", {"ieta", 83, -41.5, 41.5}, {"iphi", 36, 0.5, 72.5}, 2, 0.02);
    writer_.folder("Hcal/DigiTask/ADC");
    histogram<TH1I>("HB", "ADC", {"ADC", 64, 0, 256}, landau(20, 5), 300);
  }

  void tracking() {
    writer_.folder("Tracking/TrackParameters/generalTracks/GeneralProperties");
    histogram("NumberOfTracks_GenTk", "Tracks per event", {"tracks", 60, 0, 1200}, gaus(bad_ ? 310 : 620 - 120 * drift_, 70), 400);
    histogram("TrackPt_ImpactPoint_GenTk", "Track p_{T}", {"p_{T} [GeV]", 60, 0, 30}, falling(1.6, 0.3), 500);
    histogram("TrackEta_ImpactPoint_GenTk", "Track #eta", {"#eta", 60, -3, 3}, gaus(0, 1.5), 500);
    writer_.folder("OfflinePV/offlinePrimaryVertices");
    histogram("vtxNbr", "Primary vertices per event", {"vertices", 80, 0, 80}, poisson(48 - 12 * drift_), 400);
    writer_.folder("HLT/EGM/Ele32_WPTight");
    turn_on("efficiency_pt", "Efficiency of HLT_Ele32_WPTight_Gsf", {"p_{T} [GeV]", 40, 10, 90}, 33, 5, 0.93);
  }

  int run_, lumi_;
  double start_;
  double drift_;
  bool bad_;
};

}  // namespace dqmhub::demo
