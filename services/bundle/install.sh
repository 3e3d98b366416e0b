#!/bin/sh
# Installs the release of DQM Hub beside this file, as the RPM packages do: needs Python 3.11, and no network.
# Without root only the release is installed, below --prefix: no user, no units, no /etc/dqmhub.
usage="Usage: install.sh [--prefix /opt/dqmhub] [--python /usr/bin/python3.11]"
prefix=/opt/dqmhub python=/usr/bin/python3.11
fail() { echo "install.sh: $1" >&2; exit 1; }
while [ $# -gt 0 ]; do
  case $1 in -h|--help) echo "$usage"; exit 0 ;; esac
  [ $# -gt 1 ] || { echo "$usage" >&2; exit 2; }
  case $1 in
    --prefix) prefix=$2 ;;
    --python) python=$2 ;;
    *) echo "$usage" >&2; exit 2 ;;
  esac
  shift 2
done

here=$(dirname "$(readlink -f "$0")")
version=$(basename "$(dirname "$here"/*/pyvenv.cfg)")
systemd=$here/$version/services/systemd
path='import os, sys; print(os.path.abspath(sys.executable)); sys.exit(sys.version_info[:2] != (3, 11))'
program=$("$python" -c "$path" 2>/dev/null) || fail "$python is no Python 3.11; name one by --python"
linked=$(readlink -e /usr/bin/dqmhub) used=${linked%/*/bin/dqmhub}
# All units run /usr/bin/dqmhub: a link to another prefix would give them other releases, without an upgrade.
if [ "$(id -u)" = 0 ] && [ -L /usr/bin/dqmhub ] && [ "$linked" ] && [ "$used" != "$(readlink -m "$prefix")" ]; then
  fail "DQM Hub is installed in $used: give --prefix $used, or remove /usr/bin/dqmhub first"
fi
umask 022
mkdir -p "$prefix" && prefix=$(readlink -f "$prefix") || fail "cannot write to $prefix; run this as root, or choose another --prefix"
if [ -e "$prefix/$version" ]; then
  echo "Release $version is in $prefix already, and stays as it is."
else
  part="$prefix/.part.$$"
  # Whoever unpacked the bundle may have had a umask by which nobody else can read it.
  cp -R -p "$here/$version" "$part" && chmod -R u=rwX,go=rX "$part" && ln -sfn "$program" "$part/bin/python3.11" ||
    { rm -rf "$part"; fail "cannot copy the release to $prefix"; }
  if [ "$(id -u)" = 0 ]; then chown -R root:root "$part"; fi
  mv "$part" "$prefix/$version" || fail "cannot move the release to $prefix/$version"
fi

set -e
trap '[ $? = 0 ] || echo "install.sh: the installation is incomplete: remove the cause, and run this again" >&2' EXIT
[ -L "$prefix/current" ] || ln -s "$version" "$prefix/current"
if [ "$(id -u)" = 0 ]; then
  getent group dqmhub >/dev/null || groupadd --system dqmhub
  getent passwd dqmhub >/dev/null ||
    useradd --system --gid dqmhub --home-dir /var/lib/dqmhub --no-create-home --shell /sbin/nologin --comment "DQM Hub" dqmhub
  install -d -o root -g dqmhub -m 750 /etc/dqmhub /etc/dqmhub/conf.d
  install -d -o dqmhub -g dqmhub -m 750 /var/lib/dqmhub
  [ -e /etc/dqmhub/dqmhub.toml ] || install -o root -g dqmhub -m 640 "$here/dqmhub.toml" /etc/dqmhub/dqmhub.toml
  install -D -m 644 "$systemd/dqmhub.sysusers" /usr/lib/sysusers.d/dqmhub.conf
  install -D -m 644 "$systemd/dqmhub.tmpfiles" /usr/lib/tmpfiles.d/dqmhub.conf
  for unit in "$systemd"/dqmhub*.service "$systemd"/dqmhub*.timer "$systemd"/dqmhub*.target; do
    case ${unit##*/} in
      dqmhub-mirror*|dqmhub-transfer*) ;;
      *) install -D -m 644 "$unit" "/usr/lib/systemd/system/${unit##*/}" ;;
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
