#!/usr/bin/env bash
# Builds the fat image (once, some minutes; needs root and PyPI), then runs the command lines of README.md on it.
#   examples/azure-cli-script/run.sh [FOLDER]
set -euo pipefail

example=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:-$(mktemp -d)}
trace_slim=(node "$example/../../bin/trace-slim.js")

ln -sf "$("$example/../../fixtures/images/build.sh" azure-cli)" "$folder/azure-cli.tar"
cp "$example/slim-exec.sh" "$example/slim-paths.txt" "$folder"
cd "$folder"

common=(--http-probe=false --continue-after=exec --exec-file=slim-exec.sh --target=docker-archive:azure-cli.tar)

"${trace_slim[@]}" build "${common[@]}" --include-shell --include-bin=/bin/bash --include-bin=/opt/azcopy/azcopy \
  --include-bin=/usr/local/bin/az --include-path=/usr/local/lib/python3.11 --include-path=/script.sh \
  --output=docker-archive:by-hand.tar
"${trace_slim[@]}" build "${common[@]}" --include-path-file=slim-paths.txt --output=docker-archive:by-list.tar
"${trace_slim[@]}" build "${common[@]}" --output=docker-archive:azure-cli.slim.tar
