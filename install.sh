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
  --timeout SECONDS     give up a download that stands still so long; else 30  NECTAR_TIMEOUT
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

# Makes a folder that may be written, and that programs may be run in: $work. /tmp need not be one.
make_work() {
  for folder in "${TMPDIR:-/tmp}" /var/tmp /usr/local "${HOME:-/root}"; do
    work=$(mktemp -d "$folder/nectarcollector.XXXXXX" 2>/dev/null) || continue
    if (printf '#!/bin/sh\n' >"$work/try" && chmod 700 "$work/try" && "$work/try") 2>/dev/null; then
      rm "$work/try"
      return
    fi
    rm -rf "$work"
  done
  work=''
  fail 'no folder for temporary files: each is full, may not be written, or runs no programs' \
    'make room (df -h /tmp /var/tmp), or name a folder: TMPDIR=FOLDER'
}

no_room() {
  fail "there is no room in $folder" \
    "free some: df -h $folder; or name another folder: TMPDIR=FOLDER"
}

# fetch URL FILE
fetch() {
  code=0
  if command -v curl >/dev/null 2>&1; then
    said=$(curl --fail --silent --show-error --location --connect-timeout "$timeout" \
      --speed-limit 100 --speed-time "$timeout" --retry 1 --retry-delay 1 \
      --output "$2" "$1" 2>&1) || code=$?
    [ "$code" -ne 23 ] || no_room
  else
    said=$(wget --no-verbose --timeout="$timeout" --tries=2 --output-document="$2" "$1" 2>&1) ||
      code=$?
    [ "$code" -ne 3 ] || no_room
  fi
  [ "$code" -eq 0 ] && return
  said=$(printf '%s\n' "$said" | tail -n 1)
  said=${said:-'the connection broke off or stood still'}
  fail "$1 could not be fetched: ${said#curl: }" \
    'mend the network, or fetch it elsewhere, and: install.sh --offline FILE'
}

# unpack ARCHIVE: into $work/unpacked.
unpack() {
  [ "$(od -An -tx1 -N2 "$1" | tr -d ' ')" = 1f8b ] ||
    fail "$source is no archive but something else, such as a proxy's page that wants a login" \
      'look at it; or fetch the archive elsewhere, and: install.sh --offline FILE'
  mkdir "$work/unpacked"
  said=$(LC_ALL=C tar -xzf "$1" -C "$work/unpacked" nectarcollector SHA256SUMS SHA256SUMS.sig 2>&1) ||
    case $said in
      *'No space left'*) no_room ;;
      *) fail "$source is damaged: it cannot be unpacked" 'fetch it again' ;;
    esac
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
  timeout=${NECTAR_TIMEOUT:-30}
  without_signature=${NECTAR_WITHOUT_SIGNATURE:-0}
  while [ $# -gt 0 ]; do
    case $1 in
      --help)
        usage
        exit 0
        ;;
      --dry-run) dry_run=1 ;;
      --without-signature) without_signature=1 ;;
      --fips | --instance | --nats | --version | --base-url | --offline | --root | --timeout)
        [ $# -gt 1 ] || fail "$1 needs a value" 'see install.sh --help'
        case $1 in
          --fips) fips=$2 ;;
          --instance) instance=$2 ;;
          --nats) nats=$2 ;;
          --version) version=$2 ;;
          --base-url) url=$2 ;;
          --offline) offline=$2 ;;
          --root) root=$2 ;;
          --timeout) timeout=$2 ;;
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
  for program in mktemp od tr tail sha256sum; do need "$program" coreutils; done
  need tar tar
  need gzip gzip
  if [ -z "$release_key" ] && [ "$without_signature" != 1 ]; then
    fail 'this install.sh is of no release: it has no key' 'take the one beside the archives'
  fi

  work=''
  trap '[ -z "$work" ] || rm -rf "$work"' EXIT
  trap 'exit 1' HUP INT TERM
  make_work
  if [ -n "$offline" ]; then
    if [ ! -f "$offline" ] || [ ! -r "$offline" ]; then
      fail "$offline cannot be read" 'name the archive: --offline FILE'
    fi
    source=$offline
    unpack "$offline"
  else
    if [ -z "$version" ] || [ -z "$url" ]; then
      fail 'it is not said what to fetch' 'give --version and --base-url, or --offline FILE'
    fi
    command -v curl >/dev/null 2>&1 || command -v wget >/dev/null 2>&1 ||
      fail 'neither curl nor wget is there' 'apt-get install curl, or fetch it elsewhere: --offline FILE'
    source=${url%/}/nectarcollector-$version-linux-$kind.tar.gz
    echo "fetching $source"
    fetch "$source" "$work/archive"
    unpack "$work/archive"
    rm "$work/archive"
  fi
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
        "unpack the archive, and see what it says: ./nectarcollector --version"
      ;;
  esac
}

{ main "$@"; }
