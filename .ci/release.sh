#!/usr/bin/env bash
# Builds the files of a release, byte for byte the same wherever the commit is the same and the toolchain is: programs, man
# pages and completions in one archive each, a list of components for each, and SHA256SUMS.
# Usage: release.sh OUT KIND...     KIND: standard (every platform), static (Linux)
# Reads: RCOSIGN_TARGET (default: the platform it runs on), CARGO_TARGET_DIR. docs/guides/reproduce.md says how to compare.
# Signing is sign-release.sh, because signatures differ each time.
set -euo pipefail
out=${1:?"usage: release.sh OUT KIND..."}; shift
for kind in "$@"; do
  case $kind in standard | static) ;; *) echo "release.sh: no such kind: $kind" >&2; exit 2 ;; esac
done
mkdir -p "$out"; out=$(cd "$out" && pwd -P)
cd "$(dirname "$0")/.."
here=$(pwd -P)
python=$(command -v python3 || command -v python)
host=$(rustc -vV | sed -n 's/^host: //p')
target=${RCOSIGN_TARGET:-$host}
built=${CARGO_TARGET_DIR:-$here/target}
mkdir -p "$built"; built=$(cd "$built" && pwd -P)
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)

# What `rcosign version` shows, and the time in every archive: of the commit, never of the build.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
RCOSIGN_GIT_COMMIT=$(git rev-parse HEAD)
RCOSIGN_GIT_TREE_STATE=clean
[ -z "$(git status --porcelain --untracked-files=no)" ] || RCOSIGN_GIT_TREE_STATE=dirty
RCOSIGN_BUILD_DATE=$("$python" -c "import sys, time; print(time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(int(sys.argv[1]))))" "$SOURCE_DATE_EPOCH")
export SOURCE_DATE_EPOCH RCOSIGN_GIT_COMMIT RCOSIGN_GIT_TREE_STATE RCOSIGN_BUILD_DATE

# Folders of the machine get fixed names, in Rust and in the C of the TLS library.
native() { if command -v cygpath >/dev/null; then cygpath -w "$1"; else printf %s "$1"; fi; }
maps=("$(native "${CARGO_HOME:-$HOME/.cargo}")=/cargo" "$(native "$(rustc --print sysroot)")=/rust" "$(native "$built")=/target" "$(native "$here")=/rcosign")
rust=() c=()
for map in "${maps[@]}"; do rust+=("--remap-path-prefix=$map") c+=("$(printf %q "-ffile-prefix-map=$map")"); done
unset RUSTFLAGS CARGO_BUILD_RUSTFLAGS
# A panic ends the program: nobody unwinds, through C or through Rust.
case $target in
  *-linux-*) c+=(-fno-asynchronous-unwind-tables -fno-unwind-tables); rust+=(-C force-unwind-tables=no) ;;
esac
case $target in *-msvc) ;; *) export CFLAGS="${c[*]}" CC_SHELL_ESCAPED_FLAGS=1 ;; esac
exe=; case $target in *-windows-*) exe=.exe ;; esac
# Without it Microsoft's linker writes the time into the program.
case $target in *-msvc) rust+=(-C link-arg=/Brepro) ;; esac

for kind in "$@"; do
  flags=("${rust[@]}"); name=rcosign-$version-$target
  case $kind in
    standard) ;;
    static) flags+=(-C target-feature=+crt-static); name=$name-static ;;
  esac
  # Relocations of a program that the system's loader never sees may be packed (older loaders cannot read that), functions
  # that are the same need be there but once, and tables for unwinding, which the standard library brings along, not at all: 2.5 MB
  # less. Functions that most runs execute stand together (order.py). Rust's own linker can do all four on this platform. Flags count
  # in the names of symbols: the paths are relative. With `relro-level=full` the compiler calls each function of another crate
  # through a table, of which the loader would fill 17,000 entries at each start; `partial` calls them directly, and `-z now` protects
  # what is relocated all the same.
  case $kind-$target in
    static-x86_64-unknown-linux-gnu)
      flags+=(-C relro-level=partial -C link-arg=-Wl,-z,now -C link-arg=-Wl,-z,pack-relative-relocs -C link-arg=-Wl,--icf=all)
      flags+=(-C link-arg=-Wl,-T,.ci/no-tables.ld -C link-arg=-Wl,-T,.ci/order.ld)
      ;;
  esac
  # One folder for each kind: the flags belong to every crate in it.
  CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f'; printf %s "${flags[*]}")
  export CARGO_ENCODED_RUSTFLAGS CARGO_TARGET_DIR=$built/release-$kind
  # Our own crate is made small: its functions have little to compute. What is done to all crates together at the end goes by the
  # level of the program alone, which has to be the highest: without it scrypt takes twice as long, whatever its own level is. A
  # level for one package takes `strip` of the profile away from it.
  cargo rustc --release --locked --target "$target" --bin rcosign --config 'profile.release.package.rcosign.opt-level="s"' \
    -- -C opt-level=3 -C strip=symbols
  program=$CARGO_TARGET_DIR/$target/release/rcosign$exe

  tree=$CARGO_TARGET_DIR/$name; rm -rf "$tree"; mkdir -p "$tree/completions"
  cp "$program" "$tree"
  # What the README leads to, so that its links work in the archive.
  git ls-files -z -- LICENSE README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md docs examples | tar --null -T - -cf - | tar -xf - -C "$tree"
  if [ "$target" = "$host" ]; then
    "$program" help --man "$tree/man"
    for shell in bash fish powershell elvish; do "$program" completion $shell >"$tree/completions/rcosign.$shell"; done
    "$program" completion zsh >"$tree/completions/_rcosign" # the name that zsh looks for
  fi
  "$python" .ci/pack.py "$tree" "$out/$name.tar.gz"
  "$python" .ci/sbom.py "$target" "$program" >"$out/$name.cdx.json"
  unset CARGO_ENCODED_RUSTFLAGS
done
(cd "$out" && "$python" "$here/.ci/sums.py" ./*.tar.gz ./*.cdx.json >SHA256SUMS && cat SHA256SUMS)
