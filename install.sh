#!/bin/sh
# Installs NectarCollector on this machine, or brings it up to another version:
#
#   curl -fsSL URL/install.sh | sudo sh -s -- --fips 1429010002
#   sudo sh install.sh --offline /media/usb/nectarcollector-0.1.0-linux-x86_64.tar.gz
#
# It fetches one archive, proves where it comes from, and calls `nectarcollector install` of what is
# in it. Nothing is run before the last line has arrived.

set -eu

# Filled in when a release is made.
release_version=''
release_url=''
release_key=''

usage() {
  cat <<'END'
Usage: install.sh [options]

  --fips CODE           FIPS code for the first configuration, ten digits      NECTAR_FIPS
  --instance NAME       instance id for it; else the machine's name            NECTAR_INSTANCE
  --nats URL            NATS server for it                                     NECTAR_NATS
  --version VERSION     which version; else this script's own                  NECTAR_VERSION
  --base-url URL        where the archives are                                 NECTAR_BASE_URL
  --offline FILE        install from this archive; needs no network            NECTAR_OFFLINE
  --root FOLDER         install into the system below this folder              NECTAR_ROOT
  --dry-run             only say what would be done                            NECTAR_DRY_RUN=1
  --without-signature   trust the SHA-256 sum alone                            NECTAR_WITHOUT_SIGNATURE=1
  --help                this text

Each option can be given by the variable beside it. Nothing is ever asked.
Exit codes: 0 installed, 1 failed, and the machine is as it was, 2 the configuration has problems.
END
}

# One message, and what to do.
fail() {
  echo "error: $1" >&2
  echo "→ $2" >&2
  exit 1
}

need() {
  command -v "$1" >/dev/null 2>&1 || fail "$1 is missing" "apt-get install $2"
}

machine_kind() {
  case "$(uname -s) $(uname -m)" in
    'Linux x86_64' | 'Linux amd64') echo x86_64 ;;
    'Linux aarch64' | 'Linux arm64') echo aarch64 ;;
    *)
      fail "this machine is $(uname -s) on $(uname -m)" \
        'NectarCollector is for Linux on x86_64 or aarch64: take another machine'
      ;;
  esac
}

check_libc() {
  libc=$(getconf GNU_LIBC_VERSION 2>/dev/null) ||
    fail 'the C library is not glibc' 'take a Debian, Ubuntu, Red Hat or SUSE system'
  libc=${libc#glibc }
  major=${libc%%.*}
  minor=${libc#*.}
  minor=${minor%%.*}
  if [ "$major" -lt 2 ] || { [ "$major" -eq 2 ] && [ "$minor" -lt 27 ]; }; then
    fail "glibc is $libc; 2.27 is needed" 'bring the system up to Debian 10, Ubuntu 18.04 or later'
  fi
}

check_system() {
  if [ "$(id -u)" -ne 0 ]; then
    fail 'root is needed' 'call it by sudo: curl -fsSL URL/install.sh | sudo sh'
  fi
  if [ ! -d /run/systemd/system ]; then
    fail 'systemd does not run here' \
      'take a system with systemd, or prepare one: install.sh --root FOLDER'
  fi
}

# fetch URL FILE
fetch() {
  if command -v curl >/dev/null 2>&1; then
    curl --fail --silent --show-error --location --connect-timeout 20 --retry 2 --output "$2" "$1"
  else
    wget --quiet --timeout=20 --tries=3 --output-document="$2" "$1"
  fi
}

# In the folder that holds the unpacked archive.
verify() {
  if [ "$without_signature" = 1 ]; then
    echo 'warning: the signature is not looked at' >&2
  else
    case "$(openssl version 2>/dev/null)" in
      'OpenSSL 0'* | 'OpenSSL 1'* | 'LibreSSL'* | '')
        fail 'the signature cannot be looked at: OpenSSL 3 is missing' \
          'apt-get install openssl; or trust the SHA-256 sum alone: --without-signature'
        ;;
    esac
    printf '%s\n' "$release_key" >release.pem
    openssl pkeyutl -verify -pubin -inkey release.pem -rawin -in SHA256SUMS \
      -sigfile SHA256SUMS.sig >/dev/null 2>&1 ||
      fail 'the signature is wrong: this is not what was released' \
        'fetch install.sh and the archive again, and tell whoever released it'
  fi
  sha256sum --check --strict --status SHA256SUMS 2>/dev/null ||
    fail 'the SHA-256 sum is wrong: the archive is damaged' 'fetch it again'
  case "$(od -An -tx1 -j18 -N2 nectarcollector | tr -d ' ')" in
    3e00) made_for=x86_64 ;;
    b700) made_for=aarch64 ;;
    *) made_for='another kind of machine' ;;
  esac
  [ "$made_for" = "$kind" ] ||
    fail "the archive is for $made_for; this machine is $kind" "take the archive for $kind"
}

main() {
  fips=${NECTAR_FIPS:-}
  instance=${NECTAR_INSTANCE:-}
  nats=${NECTAR_NATS:-}
  version=${NECTAR_VERSION:-$release_version}
  url=${NECTAR_BASE_URL:-$release_url}
  offline=${NECTAR_OFFLINE:-}
  root=${NECTAR_ROOT:-}
  dry_run=${NECTAR_DRY_RUN:-0}
  without_signature=${NECTAR_WITHOUT_SIGNATURE:-0}
  while [ $# -gt 0 ]; do
    case $1 in
      --help)
        usage
        exit 0
        ;;
      --dry-run) dry_run=1 ;;
      --without-signature) without_signature=1 ;;
      --fips | --instance | --nats | --version | --base-url | --offline | --root)
        [ $# -gt 1 ] || fail "$1 needs a value" 'see install.sh --help'
        case $1 in
          --fips) fips=$2 ;;
          --instance) instance=$2 ;;
          --nats) nats=$2 ;;
          --version) version=$2 ;;
          --base-url) url=$2 ;;
          --offline) offline=$2 ;;
          --root) root=$2 ;;
        esac
        shift
        ;;
      *) fail "there is no option $1" 'see install.sh --help' ;;
    esac
    shift
  done

  kind=$(machine_kind)
  check_libc
  [ -n "$root" ] || [ "$dry_run" = 1 ] || check_system
  for program in mktemp od tr sha256sum; do need "$program" coreutils; done
  need tar tar
  need gzip gzip
  if [ -z "$release_key" ] && [ "$without_signature" != 1 ]; then
    fail 'this install.sh is of no release: it has no key' 'take the one beside the archives'
  fi

  work=$(mktemp -d) || fail 'there is no room for temporary files' 'free some: df -h /tmp'
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' HUP INT TERM
  if [ -n "$offline" ]; then
    [ -r "$offline" ] || fail "$offline cannot be read" 'name the archive: --offline FILE'
    archive=$offline
  else
    if [ -z "$version" ] || [ -z "$url" ]; then
      fail 'it is not said what to fetch' 'give --version and --base-url, or --offline FILE'
    fi
    command -v curl >/dev/null 2>&1 || command -v wget >/dev/null 2>&1 ||
      fail 'neither curl nor wget is there' 'apt-get install curl, or fetch it elsewhere: --offline FILE'
    archive=$work/archive
    name=nectarcollector-$version-linux-$kind.tar.gz
    echo "fetching $url/$name"
    fetch "$url/$name" "$archive" ||
      fail "$url/$name could not be fetched" \
        "see why: curl -fI $url/$name; df -h $work; or fetch it elsewhere: --offline FILE"
  fi
  mkdir "$work/unpacked"
  tar -xzf "$archive" -C "$work/unpacked" nectarcollector SHA256SUMS SHA256SUMS.sig 2>/dev/null ||
    fail 'the archive cannot be unpacked' "fetch it again; is there room: df -h $work"
  (cd "$work/unpacked" && verify) || exit 1

  set -- install
  [ -z "$fips" ] || set -- "$@" --fips "$fips"
  [ -z "$instance" ] || set -- "$@" --instance "$instance"
  [ -z "$nats" ] || set -- "$@" --nats "$nats"
  [ -z "$root" ] || set -- "$@" --root "$root"
  [ "$dry_run" != 1 ] || set -- "$@" --dry-run
  code=0
  "$work/unpacked/nectarcollector" "$@" </dev/null || code=$?
  case $code in
    0 | 1 | 2) exit "$code" ;;
    *)
      fail "nectarcollector cannot be run here (exit code $code)" \
        'may programs in /tmp be run? else name another folder: TMPDIR=/var/tmp'
      ;;
  esac
}

{ main "$@"; }
