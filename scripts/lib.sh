# What scripts/run and scripts/test share: finding Swift, installing only what is missing, saying what happens.

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

need_swift() {
  command -v swift >/dev/null 2>&1 || die "Swift 6.3 is needed and was not found.
  Get the toolchain for Debian 12 from https://www.swift.org/install/linux/ (a tar file: unpack it and put its
  usr/bin on PATH), then run this command again."
  local version
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
  case "$version" in
    6.[3-9] | 6.[1-9][0-9] | [7-9].*) ;;
    *) die "Swift 6.3 or later is needed; this is ${version:-unknown}. See https://www.swift.org/install/linux/" ;;
  esac
}

# How releases are built, the same for everybody, so that nothing is built twice. Swift's own libraries are linked in: the
# program runs without the toolchain, starts sooner and calls them without a detour. That nobody changes a value while
# another reads it is checked at run time in debug builds, which all tests are, and not here.
release_options=(
  -c release --static-swift-stdlib -Xswiftc -use-ld=lld -Xswiftc -enforce-exclusivity=unchecked
  -Xswiftc -Xfrontend -Xswiftc -function-sections -Xlinker --no-warn-symbol-ordering
  -Xlinker --symbol-ordering-file="$PWD/scripts/functions.order")

# The release build of one product. The compiler knows from measured calls which ways the program goes and how often
# (scripts/calls.profdata); what it says of functions that are others today is passed over.
build_release() {
  # Objects of another profile would be taken again: only what they are made from is compared.
  local profile
  profile=$(cksum <scripts/calls.profdata)
  if [ "$(cat .build/profile-of-release 2>/dev/null)" != "$profile" ]; then
    rm -rf "$(readlink -f .build/release)"
    mkdir -p .build
    printf '%s\n' "$profile" >.build/profile-of-release
  fi
  swift build "${release_options[@]}" -Xswiftc -Xfrontend -Xswiftc -ir-profile-use="$PWD/scripts/calls.profdata" \
    --product "$1" >&2
}

# Installs those of the named Debian packages that are not there yet; root or sudo is needed only then.
need_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  say "Installing Debian packages: ${missing[*]}"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || die "these packages are missing and neither root nor sudo is at hand:
  apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

build_packages=(
  libssl-dev libsrtp2-dev libuv1-dev libsqlite3-dev zlib1g-dev libc-ares-dev libspandsp-dev libopus-dev
  libspeexdsp-dev libsndfile1-dev libopusenc-dev libcurl4-openssl-dev libpq-dev libhiredis-dev
  libprotobuf-c-dev libgoogle-perftools-dev pkg-config tzdata)
# The server that the tests of the store run, unprivileged and for themselves.
test_packages=(postgresql)
# The other sides of the calls of Tests/Interop; the compiler and python3-dev are for PESQ, which comes as source.
peer_packages=(
  python3 python3-venv python3-dev gcc chromium firefox-esr baresip sip-tester iproute2 linphone-cli kamailio
  kamailio-tls-modules dnsmasq-base espeak-ng rtpengine-daemon redis-server prometheus)
