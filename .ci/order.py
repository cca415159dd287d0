#!/usr/bin/env python3
"""Writes order.ld, which puts next to each other in the static program the functions that most runs of it execute: a run then maps
fewer pages, and reads less of the file where nothing of it is cached yet. Functions that are not there any more do no harm in that
list, and new ones are only where they would be without it; make it anew now and then.

Usage: order.py PROGRAM >.ci/order.ld     PROGRAM: the static program with its symbols (`strip=none` in release.sh)
Needs valgrind, nm, and gcc to find the C library."""
import bisect, collections, os, pathlib, re, subprocess, sys, tempfile

# What is run, in a folder of its own; what many of them execute comes first.
RUNS = (
    ("version",),
    ("--help",),
    ("verify", "--help"),
    ("sign-blob", "--help"),
    ("generate-key-pair",),
    ("public-key", "--key", "cosign.key"),
    ("sign-blob", "--key", "cosign.key", "--offline", "--bundle", "bundle", "blob"),
    ("verify-blob", "--key", "cosign.pub", "--no-log", "--bundle", "bundle", "blob"),
)
# Functions of the same name but for its hash are named with any hash, so that the list outlives changes, where they are at most this
# many bytes together.
COPIES = 16384
# Functions with the same code, of which the linker keeps one, are all named where they would be at most this many bytes.
SAME = 4096


def executed(program, run, folder):
    """Addresses of the instructions that a run executes."""
    out = folder / "calls"
    command = ["valgrind", "--tool=callgrind", "--dump-instr=yes", f"--callgrind-out-file={out}", program, *run]
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, env={**os.environ, "COSIGN_PASSWORD": "x"})
    if done.returncode:
        sys.exit(f"order.py: {' '.join(run)}: {done.stderr.decode(errors='replace')[-400:]}")
    found, at = set(), 0
    for address in re.findall(r"^(0x[0-9a-f]+|[+-]\d+|\*) \S+ \d+$", out.read_text(errors="replace"), re.M):
        if address != "*":
            at = int(address, 16) if address.startswith("0x") else at + int(address)
        found.add(at)
    return found


def functions(program):
    """The program's functions: their addresses, sorted, and by address their size in bytes and all their names."""
    listed = subprocess.run(["nm", "-S", "--defined-only", program], check=True, capture_output=True, text=True).stdout
    known = {}
    for part in (line.split() for line in listed.splitlines()):
        if len(part) == 4 and part[2] in "tTwWi":
            known.setdefault(int(part[0], 16), (int(part[1], 16), []))[1].append(part[3])
    return sorted(known), known


def members_of_libc():
    """Functions of the C library, which are not in sections of their own, and the members of the archive that have them."""
    archive = subprocess.run(["gcc", "-print-file-name=libc.a"], check=True, capture_output=True, text=True).stdout.strip()
    listed = subprocess.run(["nm", "-A", "--defined-only", archive], capture_output=True, text=True).stdout
    members = collections.defaultdict(set)
    for member, name in re.findall(r"^[^:]*:([^:]+):\S+ [tTwWi] (\S+)$", listed, re.M):
        members[name].add(member)
    return members


def hashless(symbol):
    """The name, whatever hashes the compiler puts into it."""
    for hashed, any_hash in ((r"17h[0-9a-f]{16}E", "17h*E"), (r"Cs[0-9A-Za-z]+_", "Cs*_"), (r"\.llvm\.\d+$", "*")):
        symbol = re.sub(hashed, any_hash, symbol)
    return symbol


def sections(size, names, libc, total):
    """The sections that may have a function, as a linker script names them."""
    for name in names:
        if name in libc and not name.startswith(("_ZN", "_R")):
            if len(libc[name]) == 1:
                yield f"*libc.a:{min(libc[name])}(.text .text.*)"
        elif len(names) * size <= SAME:
            short = hashless(name)
            yield f"*(.text.{short if total[short] <= COPIES else name})"
        elif name == names[0]:
            yield f"*(.text.{name})"


def main():
    program = os.path.abspath(sys.argv[1])
    libc = members_of_libc()
    addresses, known = functions(program)
    total, runs_of = collections.Counter(), collections.Counter()
    for size, names in known.values():
        for name in names:
            total[hashless(name)] += size
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "blob").write_bytes(b"blob")
        for run in RUNS:
            starts = {addresses[bisect.bisect(addresses, at) - 1] for at in executed(program, run, folder)}
            runs_of.update(starts)
    # The more runs execute a function, the earlier it stands.
    order = sorted(runs_of, key=lambda start: (-runs_of[start], start))
    found = dict.fromkeys(one for start in order for one in sections(*known[start], libc, total))
    print("/* Functions that most runs execute; made by order.py, which says what for. */")
    print("OVERWRITE_SECTIONS { .text : {")
    print("\n".join(f"  {one}" for one in found))
    print("  *(.text .text.*)\n} }")


main()
