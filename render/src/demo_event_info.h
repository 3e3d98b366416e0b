#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "demo_filler.h"

namespace dqmhub::demo {

// What the client of a subsystem writes into its folder EventInfo about the run and itself, under the names of the
// module DQMEventInfo of CMSSW.
class EventInfo {
 public:
  EventInfo(Writer &writer, int run, Progress progress, bool live, Conditions conditions)
      : writer_(writer), run_(run), progress_(progress), live_(live), conditions_(std::move(conditions)) {}

  // Of a client that has processed so many lumisections and events.
  void write(const std::string &subsystem, int lumi, long events) const {
    writer_.folder(subsystem + "/EventInfo");
    writer_.integer("iRun", run_);
    writer_.integer("iLumiSection", lumi ? lumi : -1);
    writer_.integer("iEvent", lumi ? long((1000000 + 37L * run_) * double(lumi) / progress_.lumis) : -1);
    writer_.integer("processedEvents", events);
    writer_.real("processEventRate", lumi ? events / (lumi * lumi_seconds()) : -1);
    writer_.real("runStartTimeStamp", conditions_.start);
    writer_.real("eventTimeStamp", lumi ? processed_at(lumi) - delay() : 0);
    writer_.real("processTimeStamp", lumi ? processed_at(lumi) + (live_ ? 0 : 86400) : -1);
    writer_.real("processStartTimeStamp", conditions_.start - 60 + (live_ ? 0 : 86400));
    writer_.real("processLatency", 0.25);
    writer_.integer("processID", 4711);
    writer_.string("processName", subsystem);
    writer_.string("hostName", "demo");
    writer_.string("workingDir", "/demo");
    writer_.string("CMSSW_Version", conditions_.release);
  }

 private:
  double lumi_seconds() const {
    return conditions_.written > conditions_.start ? (conditions_.written - conditions_.start) / progress_.lumi : 23.31;
  }

  // Seconds from an event to its processing.
  double delay() const { return std::min(12., lumi_seconds() / 2); }

  // When the client processed its last event.
  double processed_at(int lumi) const {
    const double now = conditions_.written > 0 ? conditions_.written : conditions_.start + progress_.lumi * 23.31 + delay();
    return now - (progress_.lumi - lumi) * lumi_seconds();
  }

  Writer &writer_;
  int run_;
  Progress progress_;
  bool live_;
  Conditions conditions_;
};

}  // namespace dqmhub::demo
