#!/usr/bin/env bash
# Starts the container engines that tests run on, where they are installed and not running. Prints to stderr.
#   scripts/daemons.sh [docker] [podman]
set -euo pipefail

export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
readonly LOGS=${TMPDIR:-/tmp}

main() {
  local engine
  for engine in "${@:-docker}"; do "start_$engine"; done
}

start_docker() {
  answers /var/run/docker.sock && return
  setsid dockerd >"$LOGS/trace-slim-dockerd.log" 2>&1 </dev/null &
  await /var/run/docker.sock "$LOGS/trace-slim-dockerd.log"
}

# Podman's default limits cannot be raised to in every container that tests run in; runc knows every cgroup layout.
start_podman() {
  answers /run/podman/podman.sock && return
  mkdir -p /run/podman
  cat >/run/podman/trace-slim-containers.conf <<CONF
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
CONF
  CONTAINERS_CONF=/run/podman/trace-slim-containers.conf setsid podman system service --time=0 \
    unix:///run/podman/podman.sock >"$LOGS/trace-slim-podman.log" 2>&1 </dev/null &
  await /run/podman/podman.sock "$LOGS/trace-slim-podman.log"
}

answers() { curl -sf --max-time 5 --unix-socket "$1" http://localhost/_ping >/dev/null; }

# SOCKET LOG: up to 60 s.
await() {
  local deadline=$((SECONDS + 60))
  until answers "$1"; do
    if ((SECONDS >= deadline)); then
      printf 'daemons: %s does not answer\n' "$1" >&2
      tail -n 20 "$2" >&2
      exit 1
    fi
    sleep 0.1
  done
  printf 'daemons: %s answers\n' "$1" >&2
}

main "$@"
