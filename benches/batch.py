#!/usr/bin/env python3
"""Verifies many images: one run of rcosign for all of them, and one call of cosign for each of a sample.

Usage: batch.py DOCKER_REGISTRY OURS PEER [--images N] [--sample M]

DOCKER_REGISTRY is the program of the registry (CNCF distribution), which is started on this machine with its files in memory. Images are
small, each different, and signed with one key. Time is wall clock, memory the largest resident size of the process; requests are those that the
registry has in its log. The time of the peer for all images is that of the sample, scaled.
"""
import argparse
import hashlib
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time
import urllib.request


def push(base: str, name: str) -> str:
    """Pushes a blob and a manifest, and returns the digest of the manifest."""

    def blob(data: bytes) -> dict:
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        start = urllib.request.Request(f"{base}/v2/{name}/blobs/uploads/", method="POST")
        place = urllib.request.urlopen(start).headers["Location"]
        place = place if place.startswith("http") else base + place
        put = urllib.request.Request(place + ("&" if "?" in place else "?") + "digest=" + digest, data, method="PUT")
        put.add_header("Content-Type", "application/octet-stream")
        urllib.request.urlopen(put).read()
        return {"digest": digest, "size": len(data)}

    config = {"mediaType": "application/vnd.oci.image.config.v1+json", **blob(json.dumps({"name": name}).encode())}
    kind = "application/vnd.oci.image.manifest.v1+json"
    manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": []}).encode()
    put = urllib.request.Request(f"{base}/v2/{name}/manifests/v1", manifest, {"Content-Type": kind}, method="PUT")
    urllib.request.urlopen(put).read()
    return "sha256:" + hashlib.sha256(manifest).hexdigest()


def measured(argv: list[str], env: dict[str, str]) -> tuple[float, float, float, int]:
    """Seconds, seconds of the processor, MB of memory, exit code."""
    started = time.monotonic()
    child = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, child.returncode


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("registry")
    parser.add_argument("ours")
    parser.add_argument("peer")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--sample", type=int, default=50)
    options = parser.parse_args()
    ours, peer = os.path.abspath(options.ours), os.path.abspath(options.peer)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        settings = {"version": 0.1, "log": {"accesslog": {"disabled": False}, "level": "error"},
                    "storage": {"inmemory": {}}, "http": {"addr": f"127.0.0.1:{port}"}}
        pathlib.Path("registry.json").write_text(json.dumps(settings))
        log = open("registry.log", "w+b")
        server = subprocess.Popen([options.registry, "serve", "registry.json"], stdout=log, stderr=subprocess.DEVNULL)
        try:
            base = f"http://127.0.0.1:{port}"
            while True:
                try:
                    urllib.request.urlopen(base + "/v2/")
                    break
                except OSError:
                    time.sleep(0.05)
            env = {"HOME": folder, "COSIGN_PASSWORD": "", "PATH": os.environ["PATH"]}
            names = [f"127.0.0.1:{port}/team/app-{n}@{push(base, f'team/app-{n}')}" for n in range(options.images)]
            pathlib.Path("images.txt").write_text("\n".join(names) + "\n")
            subprocess.run([ours, "generate-key-pair"], env=env, check=True, capture_output=True)
            seconds, busy, memory, code = measured([ours, "sign", "--key", "cosign.key", "--offline", "--from-file", "images.txt", "-y"], env)
            assert code == 0, f"signing ended with {code}"
            print(f"sign {options.images} images in one run: {seconds:.2f} s, {busy:.2f} s of the processor, {memory:.0f} MB")

            def requests() -> int:
                log.flush()
                return pathlib.Path("registry.log").read_bytes().count(b' HTTP/1.1"')

            verify = ["verify", "--key", "cosign.pub"]
            before = requests()
            seconds, busy, memory, code = measured([ours, *verify, "--no-log", "--from-file", "images.txt"], env)
            assert code == 0, f"ours ended with {code}"
            time.sleep(0.5)
            count = requests() - before
            print(f"ours: {options.images} images in one run: {seconds:.2f} s, {busy:.2f} s of the processor, {memory:.0f} MB, {count} requests")
            before, one, most, all_busy = requests(), [], 0.0, 0.0
            for name in names[: options.sample]:
                took, busy, memory, code = measured([peer, *verify, "--insecure-ignore-tlog=true", name], env)
                assert code == 0, f"the peer ended with {code}"
                one.append(took)
                most, all_busy = max(most, memory), all_busy + busy
            time.sleep(0.5)
            count = (requests() - before) / len(one)
            scaled = sum(one) / len(one) * options.images
            print(f"peer: {len(one)} calls: {sum(one) / len(one):.3f} s each, {all_busy / len(one):.3f} s of the processor, {most:.0f} MB, {count:.1f} requests each; "
                  f"{options.images} calls would take {scaled:.0f} s: {scaled / seconds:.0f} times as long")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
