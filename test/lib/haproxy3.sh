#!/bin/sh
# Prints the paths of HAProxy 3 programs, joined by ":": the newest of every minor version that Debian has (experimental to stable),
# whatever this machine's own release is. The packages come from the mirror that apt is configured with, and lie unpacked with their
# libraries in a directory of their own; nothing is installed, no root is needed. Where that can't be, it says why and exits 1.
#
#   HAPROXY3=$(sh test/lib/haproxy3.sh) bun test test/e2e/haproxy3.test.ts
#
# Kept for a week in $XDG_CACHE_HOME/synprint or ~/.cache/synprint; SYNPRINT_TEST_CACHE names another directory.
set -eu

cache=${SYNPRINT_TEST_CACHE:-${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/synprint}/haproxy
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

say() { printf 'haproxy3: %s\n' "$*" >&2; }
# The programs that are there and start.
programs() {
  for program in "$cache"/haproxy-*; do
    if [ -x "$program" ] && "$program" -v >/dev/null 2>&1; then echo "$program"; fi
  done | sort -rV | paste -sd : -
}
give_up() {
  say "$*"
  # Better last week's than none.
  found=$(programs)
  if [ -n "$found" ]; then echo "$found" && exit 0; fi
  exit 1
}

if [ -n "$(find "$cache" -maxdepth 1 -name 'haproxy-*' -mtime -7 2>/dev/null)" ]; then
  found=$(programs)
  if [ -n "$found" ]; then echo "$found" && exit 0; fi
fi
for needed in apt-get apt-cache dpkg-deb; do
  command -v $needed >/dev/null || give_up "no $needed: only Debian's packages are known here"
done
[ -f $keyring ] || give_up "no $keyring: apt-get install debian-archive-keyring"
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m 1 '/debian/*$') ||
  give_up "apt is configured with no mirror of Debian"
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
mkdir -p "$cache" 2>/dev/null || give_up "$cache can't be made: SYNPRINT_TEST_CACHE names another directory"

# An apt of its own: other suites, no package installed, nothing shared with that of the machine.
mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" "$work/parts" "$work/tree"
for suite in experimental sid testing stable; do
  echo "deb [signed-by=$keyring] $mirror $suite main"
done >"$work/sources.list"
own="-o Dir::Etc::sourcelist=$work/sources.list -o Dir::Etc::sourceparts=$work/parts -o Dir::State=$work/state
  -o Dir::State::status=/dev/null -o Dir::Cache=$work/cache -o APT::Sandbox::User=root -o Acquire::Languages=none
  -o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20"
# shellcheck disable=SC2086 # words on purpose
apt_get() { apt-get -qq $own "$@" >"$work/log" 2>&1; }
# shellcheck disable=SC2086
apt_cache() { apt-cache $own "$@"; }
why() { grep -m 1 '^[EW]:' "$work/log" || echo "unknown reason"; }
apt_get update --error-on=any || give_up "no package lists of $mirror: $(why)"

# Shared libraries that a package needs, and those that they need.
libraries() {
  apt_cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$1" |
    grep -E '^(lib|zlib)[^ ]*$' | grep -v '^lib.*-perl$' | sort -u
}

for version in $(apt_cache madison haproxy | awk '{ print $3 }' | sort -rVu |
  awk -F. '$1 >= 3 && !seen[$1 "." $2]++'); do
  mkdir "$work/debs"
  # shellcheck disable=SC2046 # words on purpose
  if (cd "$work/debs" && apt_get download "haproxy=$version" $(libraries "haproxy=$version")); then
    for package in "$work"/debs/*.deb; do dpkg-deb -x "$package" "$work/tree"; done
    minor=$(echo "$version" | cut -d. -f1,2)
    mv "$work/tree/usr/sbin/haproxy" "$work/tree/haproxy-$minor"
    loader=$(cd "$work/tree" && find usr/lib -name 'ld-linux*.so.*' | head -n 1)
    paths=$(find "$work/tree" -name 'lib*.so.*' ! -name '*.py' -exec dirname {} + | sort -u | sed "s|^$work|$cache|" |
      paste -sd : -)
    printf '#!/bin/sh\n# HAProxy %s of Debian.\nexec "%s" --argv0 haproxy --library-path "%s" "%s" "$@"\n' "$version" \
      "$cache/tree/$loader" "$paths" "$cache/tree/haproxy-$minor" >"$work/haproxy-$minor"
    chmod 755 "$work/haproxy-$minor"
  else
    say "$version: $(why)"
  fi
  rm -rf "$work/debs"
done
ls "$work"/haproxy-* >/dev/null 2>&1 || give_up "no HAProxy of $mirror could be had"
rm -rf "$cache/tree" "$cache"/haproxy-*
mv "$work/tree" "$work"/haproxy-* "$cache"
for program in "$cache"/haproxy-*; do
  say "$("$program" -v 2>&1 | head -n 1)"
done
found=$(programs)
[ -n "$found" ] || give_up "none of them starts here"
echo "$found"
