#pragma once

#include <TH1.h>
#include <TH2.h>
#include <TMath.h>
#include <TProfile.h>
#include <TRandom3.h>
#include <TString.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <string>

#include "demo_writer.h"

namespace dqmhub::demo {

using Shape = std::function<double(TRandom &)>;
using Region = std::function<bool(double, double)>;

struct Axis {
  const char *title;
  int bins;
  double low, high;
};

// Progress of a run: `lumi` of `lumis` lumisections are finished.
struct Progress {
  int lumi, lumis;

  bool ongoing() const { return lumi < lumis; }
  double done() const { return double(lumi) / lumis; }
};

// When and with which release of CMSSW a run was taken.
struct Conditions {
  double start;  // Unix s UTC
  std::string release;
  double written = 0;  // time of the snapshot, Unix s UTC; 0: that of its last lumisection

  // Run 1 stands for simulated collisions, others for runs of May 2023.
  static Conditions of_run(int run) {
    return {1683000000. + (run > 1 ? (run - 367000) * 3600. : 0), run > 1 ? "CMSSW_13_0_10" : "CMSSW_14_0_0", 0};
  }

  // The global tag of the release: 130X_... for CMSSW_13_0_10.
  std::string global_tag(const char *rest) const {
    int cycle = 0, series = 0;
    std::sscanf(release.c_str(), "CMSSW_%d_%d", &cycle, &series);
    return std::to_string(cycle) + std::to_string(series) + "X_" + rest;
  }
};

// Fills histograms that look like those of a detector and passes them to a writer. With the same run and seed, histograms
// after a later lumisection contain the entries of those after an earlier one.
class Filler {
 protected:
  Filler(Writer &writer, int run, unsigned seed, Progress progress, bool live)
      : writer_(writer), seed_(seed * 7919u + unsigned(run)), random_(seed_), progress_(progress), updated_(progress), live_(live) {}

  // From here on histograms are updated only every `lumis` lumisections.
  void update_every(int lumis) { updated_.lumi = progress_.lumi - (live_ ? progress_.lumi % lumis : 0); }

  // From here on histograms are not updated after a third of the run.
  void stop_early() { updated_.lumi = live_ ? std::min(progress_.lumi, progress_.lumis / 3) : progress_.lumi; }

  void folder(const std::string &path) { writer_.folder(folder_ = path); }

  // Seeds the generator per histogram in a live run, because the previous histogram consumes a different amount of random
  // numbers in each lumisection.
  void begin(const std::string &name) {
    if (live_)
      random_.SetSeed((seed_ ^ TString((folder_ + "/" + name).c_str()).Hash()) | 1);
  }

  // Shapes.
  static Shape gaus(double mean, double sigma) {
    return [=](TRandom &r) { return r.Gaus(mean, sigma); };
  }
  static Shape landau(double peak, double width) {
    return [=](TRandom &r) { return r.Landau(peak, width); };
  }
  static Shape falling(double scale, double threshold = 0) {
    return [=](TRandom &r) { return threshold + r.Exp(scale); };
  }
  static Shape flat(double low, double high) {
    return [=](TRandom &r) { return r.Uniform(low, high); };
  }
  static Shape poisson(double mean) {
    return [=](TRandom &r) { return double(r.Poisson(mean)); };
  }

  static bool everywhere(double, double) { return true; }
  // Area of a detector disk: a ring around (centre, centre).
  static Region ring(double centre, double inner, double outer) {
    return [=](double x, double y) {
      double radius = std::hypot(x - centre, y - centre);
      return inner < radius && radius < outer;
    };
  }

  // Histograms.
  template <class H> static void label(H &h, const Axis &x, const char *y) {
    h.GetXaxis()->SetTitle(x.title);
    h.GetYaxis()->SetTitle(y);
  }

  template <class H = TH1F>
  void histogram(const std::string &name, const char *title, const Axis &x, const Shape &shape, int entries = 3000) {
    begin(name);
    H h(name.c_str(), title, x.bins, x.low, x.high);
    label(h, x, "Entries");
    int filled = int(random_.Poisson(entries * statistics_) * updated_.done());
    for (int i = 0; i < filled; ++i)
      h.Fill(shape(random_));
    writer_.put(h);
  }

  // Hits per module: a smooth rate, some modules that are dead in every run, and occasionally a hot one.
  template <class H = TH2F>
  void map(const std::string &name, const char *title, const Axis &x, const Axis &y, double rate, double dead_fraction = 0.03,
           const Region &region = everywhere) {
    begin(name);
    H h(name.c_str(), title, x.bins, x.low, x.high, y.bins, y.low, y.high);
    label(h, x, y.title);
    for (int i = 1; i <= x.bins; ++i)
      for (int j = 1; j <= y.bins; ++j) {
        double middle = 1 + 0.4 * std::cos(TMath::Pi() * (i - 0.5 - x.bins / 2.) / x.bins);
        double hot = random_.Uniform() < 0.002 ? 4 : 1;
        bool is_dead = permanent_.Uniform() < dead_fraction;
        if (!is_dead && region(h.GetXaxis()->GetBinCenter(i), h.GetYaxis()->GetBinCenter(j)))
          h.SetBinContent(i, j, std::floor(random_.Poisson(rate * middle * hot * statistics_) * updated_.done()));
      }
    h.ResetStats();  // as of a filled map: entries and sums of weights add up to the contents
    writer_.put(h);
  }

  void trend(const std::string &name, const char *title, const char *y, double mean, double spread) {
    begin(name);
    const Axis x{"Lumisection", std::min(100, updated_.lumis), 0, updated_.lumis / 0.9};
    TProfile h(name.c_str(), title, x.bins, x.low, x.high);
    label(h, x, y);
    for (int lumi = 1; lumi < updated_.lumi; ++lumi)
      for (int i = 0; i < 4; ++i)
        h.Fill(lumi, random_.Gaus(mean * (1 - lumi / 2500.), spread));
    writer_.put(h);
  }

  void turn_on(const std::string &name, const char *title, const Axis &x, double threshold, double width, double plateau) {
    begin(name);
    TProfile h(name.c_str(), title, x.bins, x.low, x.high);
    label(h, x, "Efficiency");
    for (int i = 0; i < 4000 * updated_.done(); ++i) {
      double value = random_.Uniform(x.low, x.high);
      h.Fill(value, random_.Uniform() < plateau * 0.5 * (1 + TMath::Erf((value - threshold) / width)));
    }
    writer_.put(h);
    writer_.efficiency(name);
  }

  template <class H> void average(const std::string &name, const char *title, const Axis &x, const Axis &y, double mean, double spread) {
    begin(name);
    H h(name.c_str(), title, x.bins, x.low, x.high, y.bins, y.low, y.high);
    label(h, x, y.title);
    for (int i = 1; i <= x.bins; ++i)
      for (int j = 1; j <= y.bins; ++j)
        if (permanent_.Uniform() > 0.02)
          h.Fill(h.GetXaxis()->GetBinCenter(i), h.GetYaxis()->GetBinCenter(j), random_.Gaus(mean, spread));
    writer_.put(h);
  }

  Writer &writer_;
  unsigned seed_;
  TRandom3 random_, permanent_{4711};
  double statistics_ = random_.Uniform(0.7, 1.1);
  Progress progress_, updated_;
  bool live_;
  std::string folder_;
};

}  // namespace dqmhub::demo
