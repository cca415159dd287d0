#!/usr/bin/env bash
# Runs a static rcosign alone in an empty root file system: no /dev, /etc, /proc or /tmp, no library, no shell.
# Usage: empty-root.sh PROGRAM      Needs root, or user namespaces, or sudo; binutils, openssl, strace, script.
set -euo pipefail
program=$(realpath "$1")
cd "$(dirname "$0")/.."
home=$PWD
root=$(mktemp -d); server=
trap 'rm -rf "$root"; [ -z "$server" ] || kill "$server"' EXIT
fail() { printf 'empty-root: %s\n' "$*" >&2; exit 1; }

if readelf -lW "$program" | grep -q INTERP; then fail "$program has a program interpreter"; fi
if readelf -dW "$program" | grep -q NEEDED; then fail "$program needs libraries"; fi

enter=(chroot)
if [ "$(id -u)" != 0 ]; then
  if unshare -r true 2>/dev/null; then enter=(unshare -r chroot); else enter=(sudo --preserve-env chroot); fi
fi
enter[-1]=$(PATH=$PATH:/usr/sbin:/sbin command -v chroot)
cp "$program" "$root/rcosign"
cp testdata/conformance/a.txt testdata/conformance/happy-path-v0.3/bundle.sigstore.json testdata/tls/authority.pem "$root"
cd "$root"
# Nothing of the environment but what a line sets for itself. The folder is the root inside as well.
rcosign() { env -i "${with[@]}" "${enter[@]}" "$root" /rcosign "$@"; }
with=()
# expect CODE WORDS COMMAND...: the exit code, and words on either output
expect() {
  local code=0 want=$1 words=$2; shift 2
  "$@" >"$root/.out" 2>&1 </dev/null || code=$?
  [ "$code" = "$want" ] || { cat "$root/.out" >&2; fail "exit code $code, not $want: $*"; }
  [ -z "$words" ] || grep -qF -- "$words" "$root/.out" || { cat "$root/.out" >&2; fail "without the words '$words': $*"; }
  rm "$root/.out"
}

echo '- help of every command and topic, version'
expect 0 GitVersion rcosign version
rcosign help >.help
expect 0 Usage: rcosign help
for command in $(sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p' .help); do expect 0 '' rcosign help "$command"; done
rm .help

echo '- the quick start of the README'
# The first block: the second one needs a registry.
quick=$(awk '/^## /{on=($0=="## Quick start")} on&&/^```/{fences++;next} on&&fences==1' "$home/README.md")
[ -n "$quick" ] || fail 'the README has no quick start'
with=(COSIGN_PASSWORD='choose one')
eval "$quick" >.quick 2>&1 </dev/null || { cat .quick >&2; fail 'the quick start failed'; }
[ "$(grep -c '^Verified OK$' .quick)" = 2 ] || fail 'the quick start verified something else than twice'
rm .quick
printf x >>artifact.txt
expect 12 error rcosign verify-blob --key cosign.pub --no-log --bundle artifact.sigstore.json artifact.txt
with=()

echo '- a keyless bundle with the trusted root that is built in'
identity=(--certificate-identity-regexp '^https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/'
  --certificate-oidc-issuer https://token.actions.githubusercontent.com)
expect 0 'Verified OK' rcosign verify-blob --offline --bundle bundle.sigstore.json "${identity[@]}" a.txt
expect 12 error rcosign verify-blob --offline --bundle bundle.sigstore.json "${identity[@]}" artifact.txt

echo '- the toolbox around bundles, and the air-gap kit'
expect 0 sha256 rcosign bundle inspect bundle.sigstore.json
expect 0 '' rcosign trusted-root create --with-default-services --offline --out root.json
expect 0 'https://rekor.sigstore.dev' rcosign trusted-root inspect root.json
expect 0 '' rcosign signing-config create --with-default-services --offline --out config.json
expect 0 'Verified OK' rcosign verify-blob --trusted-root root.json --bundle bundle.sigstore.json "${identity[@]}" a.txt
expect 0 Packed rcosign pack --out kit.tar --bundle bundle.sigstore.json --trusted-root root.json a.txt
expect 0 'Verified OK' rcosign unpack --verify "${identity[@]}" --trusted-root root.json --dir kit kit.tar
cmp a.txt kit/artifacts/a.txt
rm -r kit kit.tar root.json config.json

echo '- passwords without a terminal'
expect 6 'no password' rcosign generate-key-pair --output-key-prefix none
printf 'env -i %s %s /rcosign generate-key-pair --output-key-prefix none\n' "${enter[*]}" "$root" >.line
expect 6 /dev/tty script -qec "$(cat .line)" /dev/null
rm .line

echo '- servers: names and authorities without a single file of the system'
expect 5 'there is no `/etc/resolv.conf`' rcosign public-key --key https://name.example/key
cp "$home/testdata/keys/p256.pub.pem" key.pub
openssl s_server -accept 127.0.0.1:0 -WWW -cert "$home/testdata/tls/server.pem" -key "$home/testdata/tls/server.key" >.server 2>&1 &
server=$!
port=; for _ in $(seq 100); do port=$(sed -n 's/^ACCEPT.*:\([0-9]*\)$/\1/p' .server); [ -n "$port" ] && break; sleep 0.1; done
[ -n "$port" ] || { cat .server >&2; fail 'no server'; }
# The store is read when a server shows a certificate.
with=(SSL_CERT_FILE=/missing.pem)
expect 4 '`/missing.pem` (SSL_CERT_FILE) cannot be used' rcosign public-key --key "https://127.0.0.1:$port/key.pub"
for host in 127.0.0.1 localhost; do
  with=()
  expect 5 'nobody who is trusted issued the certificate' rcosign public-key --key "https://$host:$port/key.pub" # the authorities that are built in
  with=(SSL_CERT_FILE=/authority.pem)
  expect 3 'a private key is needed' rcosign public-key --key "https://$host:$port/key.pub"
done
with=()
# What nsswitch.conf names was made for another glibc: loading it ends the program.
mkdir etc; echo 'hosts: files myhostname resolve dns' >etc/nsswitch.conf
strace -f -qq -e trace=openat -o .trace env -i "${enter[@]}" "$root" /rcosign public-key --key https://name.example/key >.out 2>&1 || true
grep -q 'could not connect' .out || { cat .out >&2; fail 'no attempt to connect'; }
if grep -E 'nsswitch|libnss' .trace; then fail 'the program loads modules for names'; fi
kill "$server"; wait "$server" 2>/dev/null || true; server=
rm -rf etc .trace .out .server key.pub

echo '- no other file was made'
left=$(find . -mindepth 1 | sort | tr '\n' ' ')
want='./a.txt ./artifact.att.json ./artifact.sigstore.json ./artifact.txt ./authority.pem ./bundle.sigstore.json ./cosign.key ./cosign.pub ./predicate.json ./rcosign '
[ "$left" = "$want" ] || fail "in the folder are: $left"
echo 'empty root: all of it works'
