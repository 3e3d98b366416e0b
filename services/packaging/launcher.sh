#!/bin/sh
# Runs the product that this file belongs to, wherever it lies, with its own packages and nothing of the caller's Python.
tree=$(dirname "$(dirname "$(readlink -f "$0")")")
unset PYTHONHOME PYTHONPATH PYTHONSTARTUP PYTHONSAFEPATH PYTHONNOUSERSITE
if [ ! -x "$tree/bin/python3.11" ]; then
  echo "${0##*/}: $(readlink "$tree/bin/python3.11") does not exist: install Python 3.11, or let $tree/bin/python3.11 lead to it" >&2
  exit 1
fi
exec "$tree/bin/python3.11" -I -m @MODULE@ "$@"
