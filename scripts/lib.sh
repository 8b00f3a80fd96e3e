# shellcheck shell=bash
# Shell functions shared by the scripts beside it; sourced, never run. Here live speaking, logging with
# progress, and bringing Debian packages; what each script is for stands in its own header.
# Expects bash with `set -euo pipefail`; sets ROOT (the project) and LOGS (where logs of this run go).

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
LOGS=$ROOT/build/logs
cd "$ROOT"
# A clone in another folder finds what was compiled before.
export CCACHE_BASEDIR=$ROOT CCACHE_NOHASHDIR=true

say() { printf '%s\n' "$*"; }
warn() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { warn "$@"; exit 1; }
on_terminal() { [[ -t 1 && ${TERM:-dumb} != dumb ]]; }
minutes() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

# Reads a program's output and shows that it lives: one changing line on a terminal, else a line each 15 s.
show_progress() {
  local label=$1 line='' last='' begun=$SECONDS told=$SECONDS status width=${COLUMNS:-$(tput cols 2>/dev/null || echo 80)}
  while true; do
    status=0
    IFS= read -r -t 5 line || status=$?
    if ((status == 0)); then last=$line; elif ((status <= 128)); then break; fi
    if on_terminal; then
      printf '\r\033[K%.*s' $((width - 1)) "  $label, $(minutes $((SECONDS - begun))): $last"
    elif ((SECONDS - told >= 15)); then
      printf '%.*s\n' 150 "  $label, $(minutes $((SECONDS - begun))): $last"
      told=$SECONDS
    fi
  done
  if on_terminal; then printf '\r\033[K'; fi
}

# logged LABEL LOG COMMAND…: runs it with its output in LOG; where it fails, tells the end of LOG and where it is.
logged() {
  local label=$1 log=$2 status begun=$SECONDS
  shift 2
  mkdir -p "$(dirname "$log")"
  set +e
  "$@" 2>&1 < /dev/null | tee "$log" | show_progress "$label"
  status=${PIPESTATUS[0]}
  set -e
  if ((status == 0)); then
    say "  $label: done in $(minutes $((SECONDS - begun)))"
    return 0
  fi
  # Ninja's first broken edge says more than what other jobs printed after it.
  local first
  first=$(grep -n -m1 '^FAILED: ' "$log" | cut -d: -f1 || true)
  if [[ -n $first ]]; then
    warn "$label failed (exit $status). From its first failure:"
    sed -n "$first,$((first + 45))p" "$log" | cut -c1-400 >&2
  else
    warn "$label failed (exit $status). The end of its log:"
    tail -n 40 "$log" | cut -c1-400 >&2
  fi
  warn "the whole log: $log"
  return "$status"
}

# ---- packages -----------------------------------------------------------------------------------------

# Debian 12's libboost-dev is 1.74, too old for us; later releases have no 1.81.
boost_package() {
  local id version
  id=$(. /etc/os-release && echo "${ID:-}")
  version=$(. /etc/os-release && echo "${VERSION_ID:-}")
  if [[ $id == debian && $version == 12 ]]; then echo libboost1.81-dev; else echo libboost-dev; fi
}

# packages KIND: what a kind of work needs; why each is there stands in docs/decisions.md.
packages() {
  case $1 in
    build)
      echo clang-19 lld-19 ccache ninja-build cmake pkg-config "$(boost_package)" libssl-dev libsqlite3-dev libsasl2-dev \
        libsasl2-modules libinih-dev libc-ares-dev libcli11-dev libfmt-dev libspdlog-dev libsystemd-dev catch2
      ;;
    sanitizers) echo libclang-rt-19-dev llvm-19 ;;
    test) echo python3 openssl ;;
    format) echo clang-format-19 python3 ;;
    tidy) echo clang-tidy-19 ;;
    servers)
      echo postfix sasl2-bin dovecot-core dovecot-submissiond swaks msmtp curl s-nail mutt git git-email \
        libmailtools-perl debootstrap iproute2 strace procps ca-certificates systemd
      ;;
    *) die "no such kind of packages: $1" ;;
  esac
}

# absent PACKAGE…: those of them that are not installed.
absent() {
  local name
  for name in "$@"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null || true) == installed ]] || echo "$name"
  done
}

as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# want_root PACKAGE…: sees to it that as_root will work, for the installation of these.
want_root() {
  ((EUID != 0)) || return 0
  command -v sudo > /dev/null || die "this needs root, and there is no sudo. Run this as root:
  apt-get install --no-install-recommends $*"
  sudo -n true 2> /dev/null && return
  say '  (sudo asks for your password; only packages are installed with it)'
  sudo -v || die "no root by sudo. An administrator can run: apt-get install --no-install-recommends $*"
}

# apt_get ARGUMENT…: apt-get, waiting for another installation and asking nothing.
apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none NEEDRESTART_SUSPEND=1 \
    apt-get -o DPkg::Lock::Timeout=300 -y "$@"
}

is_debian_like() {
  local like
  [[ -r /etc/os-release ]] && command -v apt-get dpkg-query > /dev/null || return 1
  like=" $(. /etc/os-release && echo "${ID:-} ${ID_LIKE:-}") "
  [[ $like == *' debian '* || $like == *' ubuntu '* ]]
}

known_to_apt() {
  local name
  for name in "$@"; do
    apt-cache show --no-all-versions "$name" > /dev/null 2>&1 || return 1
  done
}

# Installs without starting any service and without removing anything (another MTA, say).
install_packages() {
  if ! known_to_apt "$@"; then
    logged 'apt-get update' "$LOGS/apt-update.log" apt_get update || return
    local name
    for name in "$@"; do
      known_to_apt "$name" || die "$(. /etc/os-release && echo "$PRETTY_NAME") has no package $name. homeward" \
        'needs Debian 12 or 13, or Ubuntu 24.04 or later (or a newer repository that brings it).'
    done
  fi
  local install=(apt_get install --no-install-recommends --no-remove "$@")
  logged "apt-get install" "$LOGS/apt-install.log" "${install[@]}" && return
  say 'Trying once more with fresh package lists.'
  logged 'apt-get update' "$LOGS/apt-update.log" apt_get update && logged 'apt-get install' "$LOGS/apt-install.log" "${install[@]}"
}

# need KIND…: sees to it that the packages of these kinds are there; says what it installs, and why.
need() {
  local kind wanted=() missing
  for kind in "$@"; do wanted+=($(packages "$kind")); done
  if ! is_debian_like; then
    [[ -n ${HOMEWARD_NO_INSTALL:-} ]] && return
    warn "this is no Debian or Ubuntu, so what is needed can't be installed from here. Please install what these" \
      'packages hold, then run this again with HOMEWARD_NO_INSTALL=1:'
    warn "  ${wanted[*]}"
    exit 69
  fi
  missing=($(absent "${wanted[@]}"))
  ((${#missing[@]})) || return 0
  if [[ -n ${HOMEWARD_NO_INSTALL:-} ]]; then
    warn "going on without these packages, as HOMEWARD_NO_INSTALL is set: ${missing[*]}"
    return
  fi
  say "Installing what is missing for: $*"
  say "  ${missing[*]}" | fold -s -w 110
  want_root "${missing[@]}"
  install_packages "${missing[@]}" || die 'the packages could not be installed; what apt-get said stands above.'
}

# ---- building -----------------------------------------------------------------------------------------

# One job a core, and 1.3 GB of memory for each (a file that sees TLS streams, with a sanitizer, takes that).
jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable/ {print int($2 / 1300000)}' /proc/meminfo)
  ((memory >= 1)) || memory=1
  echo $((cores < memory ? cores : memory))
}

# configure PRESET. Ninja itself configures again when a CMake file changes; a changed preset it can't see.
configure() {
  local build=$ROOT/build/$1
  [[ ! -e $build/build.ninja || CMakePresets.json -nt $build/.configured ]] || return 0
  logged "configure $1" "$LOGS/configure-$1.log" cmake --preset "$1" && touch "$build/.configured"
}
