#!/usr/bin/env python3
"""Which of cosign's commands and flags does a binary accept?

usage: surface-check.py BIN [--versions 2.6.2,3.0.4,3.1.2] [--commands REGEX] [--list]

For every command path and flag in cosign-surface.json it runs `BIN PATH --FLAG=VALUE --help`: a parser that knows
the flag (and takes the value's type) prints help and exits 0; one that does not, fails. Aliases of flags count as flags.
Each command must also refuse a flag that does not exist, else none of its flags counts. Black box: works for any
cosign-compatible CLI, hidden and deprecated flags included. Prints what is missing (all with --list) and a last line
`surface: X of Y commands, X of Y flags`. Exit 0 only if nothing is missing.
"""
import argparse, json, os, re, subprocess, sys, concurrent.futures as cf

here = os.path.dirname(os.path.abspath(__file__))
ap = argparse.ArgumentParser()
ap.add_argument("bin")
ap.add_argument("--versions", default="2.6.2,3.0.4,3.1.2")
ap.add_argument("--commands", default="", help="only command paths that this regex finds (the root path is empty)")
ap.add_argument("--list", action="store_true")
a = ap.parse_args()
versions = set(a.versions.split(","))
surface = json.load(open(os.path.join(here, "cosign-surface.json")))
sample = {"string": "x", "stringSlice": "a=b", "stringArray": "a=b", "duration": "1m0s", "int": "3", "uint": "3"}
env = {k: v for k, v in os.environ.items() if not k.startswith(("COSIGN_", "SIGSTORE_", "TUF_"))}

def run(args):
    try:
        r = subprocess.run([a.bin, *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, timeout=20, env=env)
        return r.returncode, r.stderr.decode(errors="replace").strip().splitlines()[:1]
    except subprocess.TimeoutExpired:
        return 124, ["no answer in 20 s"]

def value(flag):
    if flag.get("values"):
        return str(flag["values"][0])
    default = flag.get("default")
    if flag["type"] == "bool":
        return "true"
    if flag["type"] == "enum" or (isinstance(default, str) and default and flag["type"] == "string"):
        return str(default) or "x"
    return sample.get(flag["type"], "x")

jobs, commands = [], []
for c in surface["commands"]:
    if not versions & set(c["in"]) or not re.search(a.commands, c["path"]):
        continue
    path = c["path"].split()
    commands.append(path)
    jobs.append((("command", path, ""), path + ["--help"]))
    jobs.append((("control", path, "--no-such-flag"), path + ["--no-such-flag=x", "--help"]))
    for f in c["flags"]:
        if not versions & set(f["in"]) or f["name"] == "help":
            continue
        v = value(f)
        jobs.append((("flag", path, "--" + f["name"]), path + [f"--{f['name']}={v}", "--help"]))
        for alias in f.get("aliases") or []:
            jobs.append((("flag", path, "--" + alias), path + [f"--{alias}={v}", "--help"]))
        if f.get("short"):
            jobs.append((("flag", path, "-" + f["short"]), path + ([f"-{f['short']}"] if f["type"] == "bool" else [f"-{f['short']}", v]) + ["--help"]))

missing = {"command": [], "flag": []}
count = {"command": 0, "flag": 0}
with cf.ThreadPoolExecutor(4) as pool:
    results = list(zip((j[0] for j in jobs), pool.map(lambda j: run(j[1]), jobs)))
careless = {tuple(path) for (kind, path, _), (rc, _) in results if kind == "control" and rc == 0}
for (kind, path, flag), (rc, err) in results:
    if kind == "control":
        continue
    count[kind] += 1
    if rc != 0 or (kind == "flag" and tuple(path) in careless):
        why = err[0] if rc and err else ("any flag at all is accepted here" if tuple(path) in careless else "")
        missing[kind].append((" ".join(path), flag, rc, why))
rows = [("command", m) for m in missing["command"]] + [("flag", m) for m in missing["flag"]]
for kind, (path, flag, rc, err) in rows if a.list else rows[:25]:
    print(f"missing {kind}: {path} {flag}  (exit {rc}: {err[:110]})")
if not a.list and len(rows) > 25:
    print(f"... and {len(rows) - 25} more (--list shows all)")
ok = {k: count[k] - len(missing[k]) for k in count}
print(f"surface: {ok['command']} of {count['command']} commands, {ok['flag']} of {count['flag']} flags")
sys.exit(1 if rows else 0)
