#pragma once

#include <TH1.h>
#include <TH2.h>
#include <TMath.h>
#include <TProfile.h>
#include <TRandom3.h>
#include <TString.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "demo_book.h"

namespace dqmhub::demo {

using Shape = std::function<double(TRandom &)>;
using Region = std::function<bool(double, double)>;

struct Axis {
  const char *title;
  int bins;
  double low, high;
};

// How far a run is: after `lumi` of `lumis` lumisections.
struct Progress {
  int lumi, lumis;

  bool goesOn() const { return lumi < lumis; }
  double done() const { return double(lumi) / lumis; }
};

// Fills histograms that look like those of a detector, and puts them into the book. With the same run and seed those of a
// later lumisection have the entries of an earlier one, and more.
class Fill {
protected:
  Fill(Book &book, int run, unsigned seed, Progress now, bool live)
      : book_(book), seed_(seed * 7919u + unsigned(run)), random_(seed_), now_(now), seen_(now), live_(live) {}

  // From here on histograms are as they were when this many lumisections had last passed.
  void updatedEvery(int lumis) { seen_.lumi = now_.lumi - (live_ ? now_.lumi % lumis : 0); }

  void folder(const std::string &path) { book_.folder(folder_ = path); }

  // In a live run a histogram has chance of its own, for the one before takes another share of it in each lumisection.
  void begin(const std::string &name) {
    if (live_)
      random_.SetSeed((seed_ ^ TString((folder_ + "/" + name).c_str()).Hash()) | 1);
  }

  // ---- shapes -------------------------------------------------------------------------------------------------------
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
  // What a disk of a detector covers: a ring around (centre, centre).
  static Region ring(double centre, double inner, double outer) {
    return [=](double x, double y) {
      double radius = std::hypot(x - centre, y - centre);
      return inner < radius && radius < outer;
    };
  }

  // ---- histograms ---------------------------------------------------------------------------------------------------
  template <class H> static void label(H &h, const Axis &x, const char *y) {
    h.GetXaxis()->SetTitle(x.title);
    h.GetYaxis()->SetTitle(y);
  }

  template <class H = TH1F>
  void one(const std::string &name, const char *title, const Axis &x, const Shape &shape, int entries = 3000) {
    begin(name);
    H h(name.c_str(), title, x.bins, x.low, x.high);
    label(h, x, "Entries");
    int filled = int(random_.Poisson(entries * statistics_) * seen_.done());
    for (int i = 0; i < filled; ++i)
      h.Fill(shape(random_));
    book_.put(h);
  }

  // Hits per module: a smooth rate, some modules dead in every run, and now and then a hot one.
  template <class H = TH2F>
  void map(const std::string &name, const char *title, const Axis &x, const Axis &y, double rate, double dead = 0.03,
           const Region &region = everywhere) {
    begin(name);
    H h(name.c_str(), title, x.bins, x.low, x.high, y.bins, y.low, y.high);
    label(h, x, y.title);
    for (int i = 1; i <= x.bins; ++i)
      for (int j = 1; j <= y.bins; ++j) {
        double middle = 1 + 0.4 * std::cos(TMath::Pi() * (i - 0.5 - x.bins / 2.) / x.bins);
        double hot = random_.Uniform() < 0.002 ? 4 : 1;
        bool off = lasting_.Uniform() < dead;
        if (!off && region(h.GetXaxis()->GetBinCenter(i), h.GetYaxis()->GetBinCenter(j)))
          h.SetBinContent(i, j, std::floor(random_.Poisson(rate * middle * hot * statistics_) * seen_.done()));
      }
    h.SetEntries(h.Integral());
    book_.put(h);
  }

  void trend(const std::string &name, const char *title, const char *y, double mean, double spread) {
    begin(name);
    const Axis x{"Lumisection", std::min(100, seen_.lumis), 0, seen_.lumis / 0.9};
    TProfile h(name.c_str(), title, x.bins, x.low, x.high);
    label(h, x, y);
    for (int lumi = 1; lumi < seen_.lumi; ++lumi)
      for (int i = 0; i < 4; ++i)
        h.Fill(lumi, random_.Gaus(mean * (1 - lumi / 2500.), spread));
    book_.put(h);
  }

  void turnOn(const std::string &name, const char *title, const Axis &x, double threshold, double width, double plateau) {
    begin(name);
    TProfile h(name.c_str(), title, x.bins, x.low, x.high);
    label(h, x, "Efficiency");
    for (int i = 0; i < 4000 * seen_.done(); ++i) {
      double value = random_.Uniform(x.low, x.high);
      h.Fill(value, random_.Uniform() < plateau * 0.5 * (1 + TMath::Erf((value - threshold) / width)));
    }
    book_.put(h);
    book_.efficiency(name);
  }

  template <class H> void average(const std::string &name, const char *title, const Axis &x, const Axis &y, double mean, double spread) {
    begin(name);
    H h(name.c_str(), title, x.bins, x.low, x.high, y.bins, y.low, y.high);
    label(h, x, y.title);
    for (int i = 1; i <= x.bins; ++i)
      for (int j = 1; j <= y.bins; ++j)
        if (lasting_.Uniform() > 0.02)
          h.Fill(h.GetXaxis()->GetBinCenter(i), h.GetYaxis()->GetBinCenter(j), random_.Gaus(mean, spread));
    book_.put(h);
  }

  Book &book_;
  unsigned seed_;
  TRandom3 random_, lasting_{4711};
  double statistics_ = random_.Uniform(0.7, 1.1);
  Progress now_, seen_;
  bool live_;
  std::string folder_;
};

} // namespace dqmhub::demo
