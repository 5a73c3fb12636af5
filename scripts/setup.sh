#!/usr/bin/env bash
# Installs what is missing, then the Node packages, then compiles; each only when needed. Prints to stderr.
#   scripts/setup.sh [demo] [test] [engines] [lint]
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
readonly EXIT_ENVIRONMENT=6

# Group, programs any of which will do, Debian package, why.
needs() {
  cat <<'TABLE'
run   strace       strace      watches which files the image uses
run   runc,crun    runc        starts containers
run   tar          tar         packs and unpacks layers
run   find         findutils   lists the files of an image
run   mount        mount       mounts layers over each other
run   nsenter      util-linux  reaches a container's network
images mmdebstrap  mmdebstrap  builds example images out of Debian packages
test  setcap       libcap2-bin gives a program in a test image a capability
test  musl-gcc     musl-tools  compiles a test image's program with another C library
test  as           binutils    assembles and links that program; reads ELF files in its own way
test  docker       docker.io   runs this program as its plugin
test  skopeo       skopeo      has to accept the written images
test  python3      python3     reads extended attributes in its own way
engines dockerd    docker.io   an engine that tests run on
engines podman     podman      another one
engines socat      socat       reaches the ports of containers on other machines
engines curl       curl        asks daemons whether they are up
lint  shellcheck   shellcheck  checks shell scripts
TABLE
}

main() {
  local groups=" run ${*/#demo/images} "
  [[ $groups != *' test '* ]] || groups+='images '
  check_node
  install_packages "$groups"
  # One set-up at a time: a test run and a demo may start together.
  exec 9<"$repository/package.json"
  flock 9
  install_modules
  compile
}

say() { printf 'setup: %s\n' "$*" >&2; }

stop() {
  say "$@"
  exit "$EXIT_ENVIRONMENT"
}

check_node() {
  has_all node npm ||
    stop 'Node 20.19 or newer with npm is needed: https://nodejs.org, or apt-get install nodejs npm on Debian 13'
  node -e 'const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' ||
    stop "Node 20.19 or newer is needed; this is $(node --version)"
}

has_all() {
  local program
  for program in "$@"; do command -v "$program" >/dev/null || return 1; done
}

install_packages() {
  local packages=() reasons=() group programs package why
  while read -r group programs package why; do
    if [[ $1 == *" $group "* ]] && ! has_any "$programs"; then
      packages+=("$package")
      reasons+=("  $package: $why")
    fi
  done < <(needs)
  ((${#packages[@]} > 0)) || return 0

  say 'these Debian packages are missing:'
  printf '%s\n' "${reasons[@]}" >&2
  if ! command -v apt-get >/dev/null; then
    stop "there is no apt-get here; install with your system's package manager: ${packages[*]}"
  fi
  if ((EUID != 0)); then
    stop "only root can install them; run: sudo apt-get update && sudo apt-get install --no-install-recommends ${packages[*]}"
  fi
  say 'installing them ...'
  apt_install "${packages[@]}"
}

has_any() {
  local program
  for program in ${1//,/ }; do
    if command -v "$program" >/dev/null; then return 0; fi
  done
  return 1
}

# Package lists may be absent (as in container images) or too old: they are fetched when the first try fails.
apt_install() {
  local log
  log=$(mktemp)
  if ! apt_get install "$@" >"$log" 2>&1 && ! { apt_get update && apt_get install "$@"; } >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    rm "$log"
    stop "apt-get could not install: $*"
  fi
  rm "$log"
}

apt_get() {
  DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=300 --no-install-recommends "$@" </dev/null
}

install_modules() {
  local stamp=$repository/node_modules/.package-lock.json
  if [[ -f $stamp && ! $repository/package-lock.json -nt $stamp ]]; then return 0; fi
  say 'installing Node packages (npm ci) ...'
  (cd "$repository" && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=10000 >&2) ||
    stop 'npm ci failed; it needs a reachable npm registry (npm config get registry)'
  touch "$stamp"
}

compile() {
  local stamp=$repository/node_modules/.compiled
  if [[ -f $repository/dist/cli/main.js && -f $stamp ]] && ! newer_source "$stamp"; then return 0; fi
  say 'compiling ...'
  (cd "$repository" && npm run --silent build >&2)
  touch "$stamp"
}

# Folders count too: their times change when a file is deleted.
newer_source() {
  [[ -n $(find "$repository/src" "$repository"/tsconfig*.json "$repository/package-lock.json" -newer "$1" -print -quit) ]]
}

main "$@"
