#!/bin/sh
# Runs a command of the Procfile again whenever it ends, as systemd does for a service, until `dqmhub run` has ended.
while [ -e "/proc/$DQMHUB_SUPERVISOR_PID/exe" ]; do # a zombie has none
    "$@"
    sleep 2
done
