// Messages of the service to systemd (man sd_notify); without systemd they do nothing. Where something else watches, such as
// the probes of Kubernetes, the file DQMHUB_ALIVE_FILE has the time at which the service was last alive.
#pragma once

namespace dqmhub {

// Reports that the service has started and serves.
void notify_ready();

// Reports that the service works. To be called in each step of the loop that must not hang; most calls send nothing.
void notify_alive();

// Reports that the service has begun to stop.
void notify_stopping();

}  // namespace dqmhub
