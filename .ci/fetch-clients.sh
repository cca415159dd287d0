#!/usr/bin/env bash
# Installs the Sigstore clients of PyPI and npm, in the versions of .ci/sigstore-clients, and the validators of reports, in those of
# .ci/report-validators, and puts three programs into a folder:
#   sigstore-python   the Python interpreter that has the package `sigstore`
#   validators        one that has `jsonschema` and `xmlschema`
#   sigstore-js       `sigstore` of the package `@sigstore/cli`
# Usage: fetch-clients.sh DIR     They come from where pip and npm are set up to look. Needs python3 with venv, node and npm.
set -euo pipefail
dir=$(mkdir -p "$1" && cd "$1" && pwd)
lists=$(cd "$(dirname "$0")/sigstore-clients" && pwd)
validators=$(cd "$(dirname "$0")/report-validators" && pwd)/requirements.txt
stamp=$(cat "$lists/requirements.txt" "$lists/package-lock.json" "$validators" | sha256sum)
[ "$(cat "$dir/sigstore-clients.sum" 2>/dev/null)" = "$stamp" ] && exit 0

python3 -m venv --clear "$dir/python"
"$dir/python/bin/pip" install --quiet --disable-pip-version-check --requirement "$lists/requirements.txt"
python3 -m venv --clear "$dir/python-validators"
"$dir/python-validators/bin/pip" install --quiet --disable-pip-version-check --requirement "$validators"
mkdir -p "$dir/js"; cp "$lists/package.json" "$lists/package-lock.json" "$dir/js/"
npm ci --prefix "$dir/js" --no-audit --no-fund --loglevel=error
program() { printf '#!/bin/sh\nexec %q "$@"\n' "$2" >"$dir/$1"; chmod +x "$dir/$1"; }
program sigstore-python "$dir/python/bin/python"
program validators "$dir/python-validators/bin/python"
program sigstore-js "$dir/js/node_modules/.bin/sigstore"
echo "$stamp" >"$dir/sigstore-clients.sum"
