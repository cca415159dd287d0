#!/usr/bin/env python3
"""Times two programs with cosign's command line at the same work, side by side: wall clock and processor time.

Usage: compare.py REGISTRY OURS PEER [--delay MS] [--times N] [--images N] [--signatures N]

REGISTRY is HOST:PORT of a registry on this machine that takes anonymous writes without TLS; nothing is removed from it. OURS
is rcosign, which also makes the images. Every request waits MS before it is passed on, so that round trips count as they do
over a network. A row is the median of N runs after one that does not count, and the programs take turns.
"""
import argparse
import asyncio
import os
import pathlib
import re
import secrets
import statistics
import subprocess
import tempfile
import threading
import time

OFFLINE = ["--use-signing-config=false", "--tlog-upload=false", "-y"]
FORMS = {"bundle": [], "tag": ["--new-bundle-format=false"]}


class Delay:
    """A proxy that holds back requests."""

    def __init__(self, upstream: str, delay: float):
        self.upstream, self.delay = upstream.rsplit(":", 1), delay
        ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self.serve(ready)), daemon=True).start()
        ready.wait()

    async def serve(self, ready: threading.Event) -> None:
        server = await asyncio.start_server(self.client, "127.0.0.1", 0)
        self.address = "127.0.0.1:%d" % server.sockets[0].getsockname()[1]
        ready.set()
        await server.serve_forever()

    async def client(self, reader, writer) -> None:
        host, port = self.upstream
        up_reader, up_writer = await asyncio.open_connection(host, int(port))

        async def pass_on(source, sink, delay):
            while part := await source.read(1 << 16):
                if re.match(rb"(GET|HEAD|POST|PUT|PATCH|DELETE) ", part):
                    await asyncio.sleep(delay)
                sink.write(part)
                await sink.drain()
            sink.close()

        try:
            await asyncio.gather(pass_on(reader, up_writer, self.delay), pass_on(up_reader, writer, 0))
        except OSError:
            pass


def run(argv: list[str], env: dict[str, str]) -> dict[str, float]:
    started = time.monotonic()
    process = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(argv)}\nends with {process.returncode}: {said}")
    wall = time.monotonic() - started
    return {"wall": wall, "cpu": used.ru_utime + used.ru_stime}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("registry")
    parser.add_argument("ours", type=pathlib.Path)
    parser.add_argument("peer", type=pathlib.Path)
    parser.add_argument("--delay", type=float, default=30)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--signatures", type=int, default=20)
    asked = parser.parse_args()
    programs = {"ours": str(asked.ours.resolve()), "peer": str(asked.peer.resolve())}
    with tempfile.TemporaryDirectory() as folder:
        env = {"HOME": folder, "DOCKER_CONFIG": folder, "PATH": os.environ.get("PATH", ""), "TMPDIR": folder,
               "COSIGN_PASSWORD": "bench", "NO_PROXY": "*"}
        key = f"{folder}/k"
        run([programs["ours"], "generate-key-pair", "--output-key-prefix", key], env)
        proxy = Delay(asked.registry, asked.delay / 1000)
        repository = f"compare/{secrets.token_hex(6)}"

        def image() -> str:
            content = pathlib.Path(folder, "content")
            content.write_bytes(secrets.token_bytes(64))
            name = f"{asked.registry}/{repository}:{secrets.token_hex(6)}"
            argv = [programs["ours"], "upload", "blob", "-f", str(content), name]
            said = subprocess.run(argv, env=env, cwd=folder, check=True, capture_output=True, text=True)
            digest = re.search(r"sha256:[0-9a-f]{64}", said.stdout + said.stderr)[0]
            return f"{proxy.address}/{repository}@{digest}"

        def sign(form: str, name: str) -> list[str]:
            return ["sign", "--key", f"{key}.key", *OFFLINE, *FORMS[form], name]

        def verify(form: str, *names: str) -> list[str]:
            return ["verify", "--key", f"{key}.pub", "--insecure-ignore-tlog=true", *FORMS[form], *names]

        rows = {}
        for form in FORMS:
            many = [image() for _ in range(asked.images)]
            for name in many + many[:1] * (asked.signatures if form == "bundle" else 0):
                run([programs["ours"], *sign(form, name)], env)
            rows[f"sign, {form}"] = lambda form=form: sign(form, image())
            rows[f"verify, {form}"] = lambda form=form, many=many: verify(form, many[1])
            rows[f"verify {asked.images - 1} images, {form}"] = lambda form=form, many=many: verify(form, *many[1:])
            if form == "bundle":
                rows[f"verify {asked.signatures + 1} signatures"] = lambda form=form, many=many: verify(form, many[0])
        print(f"{'':32}{'wall':>28}{'processor':>28}")
        for title, argv in rows.items():
            found = {side: [] for side in programs}
            for number in range(asked.times + 1):
                for side in sorted(programs, reverse=bool(number % 2)):
                    sample = run([programs[side], *argv()], env)
                    if number:
                        found[side].append(sample)
            cells = []
            for what in ("wall", "cpu"):
                ours, peer = (statistics.median(s[what] for s in found[side]) * 1000 for side in ("ours", "peer"))
                cells.append(f"{ours:.0f} ms / {peer:.0f} ms = {ours / max(peer, 0.01):.3f}")
            print(f"{title:32}{cells[0]:>28}{cells[1]:>28}", flush=True)


main()
