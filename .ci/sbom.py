#!/usr/bin/env python3
"""Prints a CycloneDX 1.5 list of the crates in one build. Usage: sbom.py TARGET PROGRAM

Asked is `cargo tree`, with the flags of the build in the environment, because it resolves features and platforms as the
build does (`cargo metadata` lists more). Crates that only ran while building are listed with the scope `excluded`.
Nothing in it depends on the machine or the clock: the time is SOURCE_DATE_EPOCH, the serial number comes of the content.
"""
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import time
import tomllib
import uuid


def cargo(*args: str) -> str:
    return subprocess.run(["cargo", *args], check=True, capture_output=True, text=True).stdout


def tree(target: str, edges: str) -> dict[str, set[str]]:
    """`name version` of each crate with those that it uses."""
    text = cargo("tree", "--locked", "--target", target, "--edges", edges, "--prefix", "depth", "--no-dedupe", "--format", " {p}")
    found: dict[str, set[str]] = {}
    above: list[str] = []
    for line in text.splitlines():
        depth, name, version = line.split(" ")[:3]
        crate = f"{name} {version.removeprefix('v')}"
        found.setdefault(crate, set())
        above[int(depth):] = [crate]
        if int(depth):
            found[above[int(depth) - 1]].add(crate)
    return found


def purl(crate: str) -> str:
    name, version = crate.split(" ")
    return f"pkg:cargo/{name}@{version}"


def main(target: str, program: pathlib.Path) -> None:
    inside, all_crates = tree(target, "normal,no-proc-macro"), tree(target, "normal,build")
    lock = tomllib.loads(pathlib.Path("Cargo.lock").read_text("utf-8"))["package"]
    sums = {f"{p['name']} {p['version']}": p.get("checksum") for p in lock}
    metadata = json.loads(cargo("metadata", "--locked", "--format-version", "1", "--filter-platform", target))
    about = {f"{p['name']} {p['version']}": p for p in metadata["packages"]}
    ours = next(crate for crate in inside if crate.startswith("rcosign "))

    def component(crate: str) -> dict:
        name, version = crate.split(" ")
        of = {"type": "library", "bom-ref": purl(crate), "name": name, "version": version,
              "scope": "required" if crate in inside else "excluded"}
        if sums.get(crate):
            of["hashes"] = [{"alg": "SHA-256", "content": sums[crate]}]
        if licence := about[crate].get("license"):
            of["licenses"] = [{"expression": licence.replace("/", " OR ")}]
        of["purl"] = purl(crate)
        if repository := about[crate].get("repository"):
            of["externalReferences"] = [{"type": "vcs", "url": repository}]
        return of

    main_component = component(ours) | {"type": "application"}
    del main_component["scope"]
    main_component["hashes"] = [{"alg": "SHA-256", "content": hashlib.sha256(program.read_bytes()).hexdigest()}]
    rustc = subprocess.run(["rustc", "--version"], check=True, capture_output=True, text=True).stdout.strip()
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"]))),
            "component": main_component,
            "properties": [
                {"name": "rcosign:target", "value": target},
                {"name": "rcosign:static", "value": str("+crt-static" in os.environ.get("CARGO_ENCODED_RUSTFLAGS", "")).lower()},
                {"name": "rcosign:commit", "value": os.environ["RCOSIGN_GIT_COMMIT"]},
                {"name": "rcosign:compiler", "value": rustc},
            ],
        },
        "components": [component(crate) for crate in sorted(all_crates) if crate != ours],
        "dependencies": [{"ref": purl(crate), "dependsOn": sorted(map(purl, uses))} for crate, uses in sorted(all_crates.items())],
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(bom, sort_keys=True))
    bom = {"bomFormat": bom.pop("bomFormat"), "specVersion": bom.pop("specVersion"), "serialNumber": f"urn:uuid:{serial}", **bom}
    sys.stdout.buffer.write((json.dumps(bom, indent=1, ensure_ascii=False) + "\n").encode())


main(sys.argv[1], pathlib.Path(sys.argv[2]))
