#!/bin/sh
# Runs a command in the environment of a CMSSW release: enters it, sets its environment with its own tool, and becomes the command.
#
# CMSSW_RELEASE names the folder of the release, or a link to it such as /dqmdata/dqm_cmssw/current_production; without it the
# command runs as it is. CMSSW_SETTINGS (default /cvmfs/cms.cern.ch/cmsset_default.sh) makes `scram` known.
[ $# -gt 0 ] || { echo "Usage: in_release.sh COMMAND [ARGUMENT...]" >&2; exit 2; }
[ -n "$CMSSW_RELEASE" ] || exec "$@"
settings=${CMSSW_SETTINGS:-/cvmfs/cms.cern.ch/cmsset_default.sh}
cd "$CMSSW_RELEASE/src" || { echo "CMSSW_RELEASE=$CMSSW_RELEASE: it is not a release, which has a folder src" >&2; exit 1; }
if ! command -v scram >/dev/null; then
  [ -r "$settings" ] || { echo "CMSSW_SETTINGS: $settings cannot be read, and there is no command scram" >&2; exit 1; }
  . "$settings"
fi
environment=$(scram runtime -sh) || { echo "scram runtime -sh failed in $CMSSW_RELEASE/src" >&2; exit 1; }
eval "$environment"
exec "$@"
