// Severity levels of quality tests, with the names used by plugins of the production GUI.
#ifndef DQMHUB_DQM_DEFINITIONS_H
#define DQMHUB_DQM_DEFINITIONS_H

namespace dqm {
namespace qstatus {
static const int OTHER = 30;
static const int DISABLED = 50;
static const int INVALID = 60;
static const int INSUF_STAT = 70;
static const int DID_NOT_RUN = 90;
static const int STATUS_OK = 100;
static const int WARNING = 200;
static const int ERROR = 300;
}  // namespace qstatus
}  // namespace dqm

#endif
