#!/usr/bin/env bash
# Builds the release twice, from two clean clones in different folders with crates in different places, and compares.
# Usage: reproducible.sh OUT KIND...     KIND as in release.sh; OUT is missing or empty; the first build's files stay in OUT,
# its programs in OUT/programs
# A tree that was changed is built as it is, in both.
set -euo pipefail
out=${1:?"usage: reproducible.sh OUT KIND..."}; shift
for kind in "$@"; do
  case $kind in standard | static) ;; *) echo "reproducible.sh: no such kind: $kind (standard, static)" >&2; exit 2 ;; esac
done
[ $# -gt 0 ] || { echo 'reproducible.sh: name a kind: standard, static' >&2; exit 2; }
# Nothing of somebody else's is removed, or mixed with what is built.
if [ -e "$out" ] && ! { [ -d "$out" ] && [ -z "$(ls -A "$out")" ]; }; then
  echo "reproducible.sh: $out is there and is not an empty folder" >&2; exit 2
fi
mkdir -p "$out"; out=$(cd "$out" && pwd -P)
cd "$(dirname "$0")/.."
here=$(pwd -P)
target=$(rustc -vV | sed -n 's/^host: //p')
commit=$(git -c safe.directory='*' rev-parse HEAD)
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cargo fetch --locked --target "$target"
for clone in one "two/longer name"; do
  tree=$work/$clone/rcosign
  git -c safe.directory='*' clone -q --no-hardlinks --no-checkout "$here" "$tree"
  git -C "$tree" checkout -q --detach "$commit"
  git -C "$here" -c safe.directory='*' diff --binary HEAD | git -C "$tree" apply --allow-empty
  build=("$tree/.ci/release.sh" "$work/$clone/out" "$@")
  if [ "$clone" = one ]; then
    env -u CARGO_TARGET_DIR "${build[@]}"
  else
    # Another home of cargo, so that the crates lie elsewhere too; what was fetched is not fetched again.
    mkdir -p "$work/cargo/registry"
    cp -R "${CARGO_HOME:-$HOME/.cargo}"/registry/{index,cache} "$work/cargo/registry/"
    env CARGO_HOME="$work/cargo" CARGO_NET_OFFLINE=true CARGO_TARGET_DIR="$work/elsewhere" "${build[@]}"
  fi
done
first=$work/one second="$work/two/longer name"
if ! diff -r "$first/out" "$second/out"; then echo 'reproducible: the builds differ' >&2; exit 1; fi
mkdir "$out/programs"
for kind in "$@"; do
  program=$first/rcosign/target/release-$kind/$target/release/rcosign
  # Neither folder, nor the home of cargo or of this user, is in the program.
  if strings -a "$program" | grep -F -e "$work" -e "${CARGO_HOME:-$HOME/.cargo}/" -e "$(rustc --print sysroot)" -e "$here/"; then
    echo "reproducible: the $kind program names folders of this machine" >&2; exit 1
  fi
  cp "$program" "$out/programs/rcosign-$kind"
done
cp "$first"/out/* "$out"
echo 'reproducible: both builds are the same'
