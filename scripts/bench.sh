#!/usr/bin/env bash
# npm run bench: medians per stage of building and verifying three images. RUNS=5 by default; arguments name images.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
images=("$@")
((${#images[@]} > 0)) || images=(nginx python-site large)

bash "$repository/scripts/setup.sh" demo
archives=()
for image in "${images[@]}"; do
  archives+=("$image=$("$repository/fixtures/images/build.sh" "$image")")
done
exec node "$repository/scripts/bench.mjs" "${archives[@]}"
