#!/usr/bin/env bash
# Signs what release.sh built, by the rcosign that it built: FILE.sigstore.json beside every file, and for every archive a
# statement of its provenance, FILE.provenance.sigstore.json. Then verifies all of it.
# Usage: sign-release.sh OUT PROGRAM
# Reads: RCOSIGN_RELEASE_KEY (text of an encrypted key, PEM), COSIGN_PASSWORD, RCOSIGN_SOURCE (address of the repository;
# default: where this clone comes from).
set -euo pipefail
out=$(cd "${1:?"usage: sign-release.sh OUT PROGRAM"}" && pwd); program=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
cd "$(dirname "$0")/.."
: "${RCOSIGN_RELEASE_KEY:?has to hold the key}" "${COSIGN_PASSWORD?has to hold the password of the key}"
python=$(command -v python3 || command -v python)
export RCOSIGN_SOURCE=${RCOSIGN_SOURCE:-$(git remote get-url origin)} RCOSIGN_GIT_COMMIT
RCOSIGN_GIT_COMMIT=$(git rev-parse HEAD)
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
"$program" public-key --key env://RCOSIGN_RELEASE_KEY --outfile "$out/rcosign-release.pub"
for file in "$out"/*.tar.gz "$out"/*.cdx.json "$out/SHA256SUMS"; do
  "$program" sign-blob --key env://RCOSIGN_RELEASE_KEY --offline --bundle "$file.sigstore.json" "$file" >/dev/null
  "$program" verify-blob --key "$out/rcosign-release.pub" --no-log --bundle "$file.sigstore.json" "$file"
done
for file in "$out"/*.tar.gz; do
  name=$(basename "$file" .tar.gz); target=${name#rcosign-"$version"-} kind=standard
  case $target in *-static) target=${target%-static} kind=static ;; esac
  "$python" .ci/provenance.py "$kind" "$target" >"$work/predicate.json"
  "$program" attest-blob --key env://RCOSIGN_RELEASE_KEY --offline --type slsaprovenance1 --predicate "$work/predicate.json" \
    --bundle "$file.provenance.sigstore.json" "$file" >/dev/null
  "$program" verify-blob-attestation --key "$out/rcosign-release.pub" --no-log --type slsaprovenance1 \
    --bundle "$file.provenance.sigstore.json" "$file"
done
chmod a+r "$out"/* # bundles are made for their owner alone
