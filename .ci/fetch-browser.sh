#!/usr/bin/env bash
# Puts Chromium of Debian's package into a folder as `chromium`, and installs the package if it is not here.
# Usage: fetch-browser.sh DIR     Needs apt, and root where the package has to be installed.
set -euo pipefail
dir=$(mkdir -p "$1" && cd "$1" && pwd)
if ! command -v chromium >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core
fi
ln -sf "$(command -v chromium)" "$dir/chromium"
