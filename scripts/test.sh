#!/usr/bin/env bash
# npm test: sets up what the tests need, builds the fixture images, runs vitest. Arguments are passed on to vitest.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$repository"

bash scripts/setup.sh test
for image in nginx python-site git static musl traps; do
  fixtures/images/build.sh "$image" >/dev/null
done
exec node_modules/.bin/vitest run "$@"
