#!/usr/bin/env python3
"""Asks the real cosign for its verdicts on policies and writes them down. Usage: record.py CASES.jsonl [--check] [--every N]

A line of CASES is one question: `name`, `statement` (the name of a file in testdata/policies/statements, or a whole statement), `files`
(name to text of the policies); `verdict` and `message` are written. --check writes nothing, prints what is no longer so and
exits with 1; --every N asks only each Nth. cosign is $RCOSIGN_PEERS/cosign-3 (3.1.1 recorded what is here), or `cosign` of PATH.

There is no network and no registry: for every statement a layout with one signed attestation is written, and each question is one
run of `cosign verify-attestation --local-image --policy FILE.. LAYOUT`. `refuse` is only what cosign says of a policy after it has
verified the signature; every other failure ends the recording. Known answers are asked first.
"""
import base64
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

PEERS = os.environ.get("RCOSIGN_PEERS")
COSIGN = os.path.join(PEERS, "cosign-3") if PEERS else "cosign"
STATEMENTS = pathlib.Path(__file__).resolve().parents[2] / "testdata/policies/statements"
SECONDS = 20  # for one question
REFUSED = re.compile(r"^There are \d+ number of errors occurred during the validation:\n\n?(.*?)^Error: \d+ validation errors occurred$", re.S | re.M)
KNOWN = [
    ({"p.cue": 'predicate: a: 1\n'}, "pass"),
    ({"p.cue": 'predicate: a: 2\n'}, "refuse"),
    ({"p.rego": "package signature\nallow { input.predicate.a == 1 }\n"}, "pass"),
    ({"p.rego": "package signature\nallow { input.predicate.a == 2 }\n"}, "refuse"),
]


class Peer:
    """cosign, a key, and a layout for every statement that was asked about."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.public = self.folder / "key.pub"
        self.public.write_bytes(
            self.key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
        for files, verdict in KNOWN:
            got = self.ask(files, self.layout((STATEMENTS / "plain.json").read_text()))
            if got[0] != verdict:
                sys.exit(f"this setup tells nothing: {files} gave {got}")

    def layout(self, statement):
        """The layout (made when it is not there) and the predicate type of a statement."""
        folder = self.folder / hashlib.sha256(statement.encode()).hexdigest()[:24]
        if not folder.exists():
            self.write_layout(folder, statement)
        return folder, json.loads(statement)["predicateType"]

    def write_layout(self, folder, statement):
        """A layout as `cosign save` writes it: an image without layers, and its attestation."""
        (folder / "blobs/sha256").mkdir(parents=True)
        body, kind = statement.encode(), b"application/vnd.in-toto+json"
        signature = self.key.sign(b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(body), body), ec.ECDSA(hashes.SHA256()))
        envelope = {
            "payload": base64.b64encode(body).decode(),
            "payloadType": kind.decode(),
            "signatures": [{"sig": base64.b64encode(signature).decode()}],
        }
        notes = {"dev.cosignproject.cosign/signature": "", "predicateType": json.loads(statement)["predicateType"]}
        layer = put(folder, envelope, "application/vnd.dsse.envelope.v1+json", notes)
        manifests = [manifest(folder, [], "image"), manifest(folder, [layer], "atts")]
        index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": manifests}
        (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
        (folder / "index.json").write_text(json.dumps(index))

    def ask(self, files, layout):
        """The verdict on `files` and the first line of what cosign said of them."""
        folder, predicate_type = layout
        with tempfile.TemporaryDirectory(dir=self.folder) as work:
            command = [COSIGN, "verify-attestation", "--local-image", "--key", self.public, "--insecure-ignore-tlog"]
            command += ["--check-claims=false", "--type", predicate_type]
            for name, text in files.items():
                pathlib.Path(work, name).write_bytes(text.encode())
                command += ["--policy", name]
            done = subprocess.run([*command, folder], cwd=work, capture_output=True, timeout=SECONDS, check=False)
            said = done.stderr.decode(errors="replace").replace(work + "/", "").replace(work, ".")
        if "will be validating against" not in said:
            sys.exit(f"no policy was looked at: {said}")
        if done.returncode == 0:
            return "pass", ""
        refused = REFUSED.search(said)
        if not refused:
            sys.exit(f"no verdict on {files}: {said}")
        return "refuse", refused[1].strip().removeprefix("- ").split("\n")[0][:300]


def put(folder, value, media_type, annotations=None):
    """Writes a blob of JSON; its descriptor."""
    data = json.dumps(value).encode()
    digest = hashlib.sha256(data).hexdigest()
    (folder / "blobs/sha256" / digest).write_bytes(data)
    found = {"mediaType": media_type, "size": len(data), "digest": f"sha256:{digest}"}
    return {**found, "annotations": annotations} if annotations else found


def manifest(folder, layers, kind):
    """Writes an image with these layers; its descriptor as the index of a layout has it."""
    rootfs = {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]}
    config = put(folder, {"architecture": "", "os": "", "rootfs": rootfs, "config": {}}, "application/vnd.oci.image.config.v1+json")
    media_type = "application/vnd.oci.image.manifest.v1+json"
    image = {"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": layers}
    return put(folder, image, media_type, {"kind": f"dev.cosignproject.cosign/{kind}"})


def statement_of(case):
    """The statement that a case is about, as text."""
    value = case["statement"]
    return (STATEMENTS / f"{value}.json").read_text() if isinstance(value, str) else json.dumps(value)


def main():
    """Asks, and writes or compares."""
    path, check = pathlib.Path(sys.argv[1]), "--check" in sys.argv
    every = int(sys.argv[sys.argv.index("--every") + 1]) if "--every" in sys.argv else 1
    cases = [json.loads(line) for line in path.read_text().splitlines()]
    asked, changed = cases[::every] if check else cases, 0
    with tempfile.TemporaryDirectory(prefix="policies-") as folder, concurrent.futures.ThreadPoolExecutor() as pool:
        peer = Peer(folder)
        layouts = [peer.layout(statement_of(case)) for case in asked]
        for case, answer in zip(asked, pool.map(peer.ask, [case["files"] for case in asked], layouts)):
            if case.get("verdict") not in (None, answer[0]):
                changed += 1
                print(f"{case['name']}: recorded {case['verdict']}, now {answer[0]}: {answer[1]}")
            case["verdict"], case["message"] = answer
    if check:
        sys.exit(bool(changed))
    path.write_text("".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) + "\n" for case in cases))


if __name__ == "__main__":
    main()
