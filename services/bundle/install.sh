#!/bin/sh
# Installs the release of DQM Hub beside this file, as the RPM packages do: needs Python 3.11, and no network.
# Without root only the release is installed, below --prefix: no user, no units, no /etc/dqmhub.
usage="Usage: install.sh [--prefix /opt/dqmhub] [--python /usr/bin/python3.11]"
prefix=/opt/dqmhub python=/usr/bin/python3.11
while [ $# -gt 0 ]; do
  case $1 in
    --prefix) prefix=$2; shift 2 ;;
    --python) python=$2; shift 2 ;;
    -h|--help) echo "$usage"; exit 0 ;;
    *) echo "$usage" >&2; exit 2 ;;
  esac
done
fail() { echo "install.sh: $1" >&2; exit 1; }

here=$(dirname "$(readlink -f "$0")")
version=$(basename "$(dirname "$here"/*/pyvenv.cfg)")
"$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || fail "$python is no Python 3.11; name one by --python"
[ ! -e "$prefix/$version" ] || fail "$prefix/$version exists: release $version is installed already"
umask 022
mkdir -p "$prefix" || fail "cannot write to $prefix; run this as root, or choose another --prefix"
part="$prefix/.part.$$"
cp -R -p "$here/$version" "$part" && ln -sfn "$python" "$part/bin/python3.11" || { rm -rf "$part"; fail "cannot copy the release to $prefix"; }
if [ "$(id -u)" = 0 ]; then chown -R root:root "$part"; fi
mv "$part" "$prefix/$version" || fail "cannot move the release to $prefix/$version"
[ -L "$prefix/current" ] || ln -s "$version" "$prefix/current"

if [ "$(id -u)" = 0 ]; then
  getent group dqmhub >/dev/null || groupadd --system dqmhub
  getent passwd dqmhub >/dev/null ||
    useradd --system --gid dqmhub --home-dir /var/lib/dqmhub --no-create-home --shell /sbin/nologin --comment "DQM Hub" dqmhub
  mkdir -p /etc/dqmhub /var/lib/dqmhub /usr/lib/systemd/system
  chown root:dqmhub /etc/dqmhub && chown dqmhub:dqmhub /var/lib/dqmhub && chmod 750 /etc/dqmhub /var/lib/dqmhub
  if [ ! -e /etc/dqmhub/dqmhub.toml ]; then
    cp "$here/dqmhub.toml" /etc/dqmhub/dqmhub.toml && chown root:dqmhub /etc/dqmhub/dqmhub.toml && chmod 640 /etc/dqmhub/dqmhub.toml
  fi
  for unit in "$here/$version"/services/systemd/dqmhub*.service "$here/$version"/services/systemd/dqmhub*.timer "$here/$version"/services/systemd/dqmhub*.target; do
    case ${unit##*/} in
      dqmhub-mirror*|dqmhub-transfer*) ;;
      *) cp "$unit" /usr/lib/systemd/system/ ;;
    esac
  done
  ln -sfn "$prefix/current/bin/dqmhub" /usr/bin/dqmhub
  if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
fi
used=$(readlink "$prefix/current")
if [ "$used" = "$version" ]; then
  echo "DQM Hub $version is installed: $prefix/current/bin/dqmhub"
else
  echo "DQM Hub $version is installed, and $used stays in use: dqmhub upgrade switches to the new release."
fi
