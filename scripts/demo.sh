#!/usr/bin/env bash
# npm run demo: makes a real image of a Python web application and slims it. Arguments are passed on to `trace-slim build`.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
output=${TRACE_SLIM_DEMO_DIR:-${TMPDIR:-/tmp}/trace-slim-demo}

bash "$repository/scripts/setup.sh" demo
fat=$("$repository/fixtures/images/build.sh" python-site)
mkdir -p "$output"

cat <<TEXT
A Flask shop behind gunicorn, with the compiler and editor a hurried Dockerfile leaves inside, is started and watched
while its pages are crawled and its HEALTHCHECK runs. What it used is kept; then the slim image has to answer alike.

  trace-slim build docker-archive:$fat -o docker-archive:$output/slim.tar --http-probe-cmd crawl:/

TEXT
node "$repository/bin/trace-slim.js" build "docker-archive:$fat" -o "docker-archive:$output/slim.tar" \
  --report "$output/report.json" --http-probe-cmd crawl:/ "$@"
cat <<TEXT

From this folder the program is node bin/trace-slim.js. Why is a file there, or why not?
  node bin/trace-slim.js explain /usr/share/zoneinfo/Europe/Lisbon
  node bin/trace-slim.js explain /usr/bin/git
TEXT
