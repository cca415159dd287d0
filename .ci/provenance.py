#!/usr/bin/env python3
"""Prints a SLSA v1 provenance predicate for what release.sh built. Usage: provenance.py KIND TARGET

https://slsa.dev/spec/v1.0/provenance. Reads RCOSIGN_SOURCE (address of the repository), RCOSIGN_GIT_COMMIT, and in a GitHub
workflow its variables; elsewhere the builder is whoever holds the key that signs this.
"""
import hashlib
import json
import os
import pathlib
import subprocess
import sys


def main(kind: str, target: str) -> None:
    env = os.environ
    source, commit = env["RCOSIGN_SOURCE"].removesuffix(".git"), env["RCOSIGN_GIT_COMMIT"]
    lock = hashlib.sha256(pathlib.Path("Cargo.lock").read_bytes()).hexdigest()
    rustc = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout
    rustc = dict(line.split(": ", 1) for line in rustc.splitlines() if ": " in line)
    builder, metadata = f"{source}/blob/{commit}/.ci/release.sh", {}
    if run := env.get("GITHUB_RUN_ID"):
        repository = f"{env['GITHUB_SERVER_URL']}/{env['GITHUB_REPOSITORY']}"
        builder = f"{env['GITHUB_SERVER_URL']}/{env['GITHUB_WORKFLOW_REF']}"
        metadata["invocationId"] = f"{repository}/actions/runs/{run}/attempts/{env['GITHUB_RUN_ATTEMPT']}"
    predicate = {
        "buildDefinition": {
            "buildType": f"{source}/blob/{commit}/docs/guides/reproduce.md",
            "externalParameters": {"kind": kind, "target": target},
            "internalParameters": {"script": ".ci/release.sh"},
            "resolvedDependencies": [
                {"uri": f"git+{source}@{commit}", "digest": {"gitCommit": commit}},
                {"name": "Cargo.lock", "uri": f"git+{source}@{commit}#Cargo.lock", "digest": {"sha256": lock}},
                {"name": "rustc", "annotations": {"release": rustc["release"]},
                 "digest": {"gitCommit": rustc["commit-hash"]}},
            ],
        },
        "runDetails": {"builder": {"id": builder}, **({"metadata": metadata} if metadata else {})},
    }
    sys.stdout.buffer.write((json.dumps(predicate, indent=1) + "\n").encode())


main(*sys.argv[1:])
