#!/usr/bin/env bash
# Installs moto, a server that answers as AWS KMS does, from PyPI in the version of .ci/moto-kms, and puts it into a folder as
#   moto-kms   `moto-kms -H HOST -p PORT [-c CERTIFICATE -k KEY]`; it signs digests, which moto by itself hashes again
# Usage: fetch-kms.sh DIR     It comes from where pip is set up to look. Needs python3 with venv.
set -euo pipefail
dir=$(mkdir -p "$1" && cd "$1" && pwd)
lists=$(cd "$(dirname "$0")/moto-kms" && pwd)
stamp=$(cat "$lists/requirements.txt" "$lists/serve.py" | sha256sum)
[ "$(cat "$dir/moto-kms.sum" 2>/dev/null)" = "$stamp" ] && exit 0

python3 -m venv --clear "$dir/moto"
"$dir/moto/bin/pip" install --quiet --disable-pip-version-check --requirement "$lists/requirements.txt"
cp "$lists/serve.py" "$dir/moto/serve.py"
printf '#!/bin/sh\nexec %q %q "$@"\n' "$dir/moto/bin/python" "$dir/moto/serve.py" >"$dir/moto-kms"
chmod +x "$dir/moto-kms"
echo "$stamp" >"$dir/moto-kms.sum"
