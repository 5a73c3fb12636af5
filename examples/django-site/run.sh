#!/usr/bin/env bash
# Builds the fat image (once, two minutes; needs root), then runs the command lines of README.md on it.
#   examples/django-site/run.sh [FOLDER]
set -euo pipefail

example=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:-$(mktemp -d)}
trace_slim=(node "$example/../../bin/trace-slim.js")

ln -sf "$("$example/../../fixtures/images/build.sh" django-site)" "$folder/django-site.tar"
cp "$example/held-out.yaml" "$folder"
cd "$folder"

"${trace_slim[@]}" build django-site.tar
"${trace_slim[@]}" verify django-site.tar django-site.slim.tar --probe held-out.yaml
"${trace_slim[@]}" explain /usr/lib/python3/dist-packages/django/contrib/admin/templates/admin/login.html
"${trace_slim[@]}" build django-site.tar --no-verify --output=docker-archive:without.tar \
  --disable-rule python-import --disable-rule python-name --disable-rule python-templates --disable-rule templates \
  --disable-rule own-translations
"${trace_slim[@]}" verify django-site.tar without.tar --probe held-out.yaml || echo "exit status $?, as expected"
