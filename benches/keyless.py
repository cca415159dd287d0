#!/usr/bin/env python3
"""Signs without a key, at services on loopback that are not ours (.ci/mock-sigstore), with rcosign and the real cosign in turn:
wall time, CPU time, peak memory, and the requests that each makes. Needs node, a C compiler, and `npm ci` in .ci/mock-sigstore.

    cargo build --release
    PEERS=$(.ci/fetch-peers.sh | tail -n 1)
    python3 benches/keyless.py --ours target/release/rcosign --peer $PEERS/cosign-3 --registry $PEERS/docker-registry

What each program signed is verified by the peer before anything is measured; a row that fails has no figures.
"""
import argparse, collections, hashlib, json, os, re, shutil, socket, statistics, subprocess, sys, tempfile, time
import urllib.request

REPOSITORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Python's own memory would count as the child's: a small program starts it, and says what it took.
LAUNCHER = r"""
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
int main(int argc, char **argv) {
  struct timespec from, to; struct rusage used; int status; FILE *out = fopen(argv[1], "w");
  clock_gettime(CLOCK_MONOTONIC, &from);
  pid_t child = fork();
  if (child == 0) { execv(argv[2], argv + 2); _exit(126); }
  wait4(child, &status, 0, &used);
  clock_gettime(CLOCK_MONOTONIC, &to);
  fprintf(out, "%.6f %.6f %ld\n", (to.tv_sec - from.tv_sec) + (to.tv_nsec - from.tv_nsec) / 1e9,
          used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6, used.ru_maxrss);
  fclose(out);
  return argc > 2 && WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}
"""


def free_ports(count):
    """The first of so many ports that are free at this moment."""
    while True:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            first = one.getsockname()[1]
        if first + count > 65535:
            continue
        taken = []
        try:
            for port in range(first, first + count):
                s = socket.socket()
                taken.append(s)
                s.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
        finally:
            for s in taken:
                s.close()


class World:
    """The services, a registry, and a folder to work in."""

    def __init__(self, a):
        self.a, self.dir, self.children = a, tempfile.mkdtemp(prefix="keyless-"), []
        self.mock, self.port = os.path.join(self.dir, "mock"), free_ports(7)
        self.journal = os.path.join(self.dir, "journal")
        node = ["node", "server.mjs", "--port", str(self.port), "--out", self.mock, "--rekor-version", "2"]
        self.start(node, self.journal, cwd=a.mock)
        self.wait(lambda: os.path.exists(os.path.join(self.mock, "ready")))
        source, self.launcher = os.path.join(self.dir, "launcher.c"), os.path.join(self.dir, "launcher")
        self.file("launcher.c", LAUNCHER)
        subprocess.run(["cc", "-O2", "-o", self.launcher, source], check=True)
        self.file("a.txt", "x" * 4096)
        self.file("p.json", '{"a": 1}')
        self.address, self.requests = f"127.0.0.1:{free_ports(1)}", os.path.join(self.dir, "registry.log")
        config = self.file("registry.yml", "version: 0.1\nlog: {level: error}\nstorage: {inmemory: {}}\n"
                           f'http: {{addr: "{self.address}"}}\n')
        self.start([a.registry, "serve", config], self.requests)
        self.wait(lambda: socket.create_connection(self.address.split(":"), 1).close() is None)
        self.images = 0

    def start(self, argv, log, cwd=None):
        with open(log, "wb") as out:
            self.children.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=cwd))

    def wait(self, is_there):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if is_there():
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise SystemExit("a service does not start")

    def stop(self):
        for child in self.children:
            child.terminate()
            child.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def file(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w") as out:
            out.write(text)
        return path

    def image(self):
        """A new image of one small layer, in a repository of its own; its name with its digest."""
        self.images += 1
        name = f"app{self.images}"

        def send(method, url, body, media_type):
            request = urllib.request.Request(url, body, {"Content-Type": media_type}, method=method)
            with urllib.request.urlopen(request) as answer:
                return answer.headers

        def blob(content):
            digest = "sha256:" + hashlib.sha256(content).hexdigest()
            place = send("POST", f"http://{self.address}/v2/{name}/blobs/uploads/", b"", "text/plain")["Location"]
            send("PUT", f"{place}{'&' if '?' in place else '?'}digest={digest}", content, "application/octet-stream")
            return {"digest": digest, "size": len(content)}

        config = {"mediaType": "application/vnd.oci.image.config.v1+json", **blob(b"{}")}
        layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar", **blob(name.encode())}
        media_type = "application/vnd.oci.image.manifest.v1+json"
        manifest = {"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": [layer]}
        body = json.dumps(manifest).encode()
        send("PUT", f"http://{self.address}/v2/{name}/manifests/v1", body, media_type)
        return f"{self.address}/{name}@sha256:{hashlib.sha256(body).hexdigest()}"

    def run(self, argv, home="home"):
        """Wall and CPU time in seconds, peak memory in KiB, requests to services and registry."""
        home = os.path.join(self.dir, home)
        os.makedirs(home, exist_ok=True)
        env = {"HOME": home, "PATH": "/usr/bin:/bin", "TMPDIR": self.dir, "LANG": "C.UTF-8"}
        before = self.asked()
        report = os.path.join(self.dir, "report")
        done = subprocess.run([self.launcher, report, *argv], stdin=subprocess.DEVNULL, capture_output=True, env=env,
                              cwd=self.dir)
        after = self.asked()
        with open(report) as text:
            wall, cpu, memory = text.read().split()
        asked = collections.Counter(after) - collections.Counter(before)
        return {"rc": done.returncode, "said": done.stderr.decode(errors="replace"), "wall": float(wall),
                "cpu": float(cpu), "kib": int(memory), "requests": asked}

    def asked(self):
        with open(self.journal) as text:
            services = [line.split(" ")[0] for line in text if " -> " in line]
        with open(self.requests) as text:
            services += ["registry" for line in text if re.search(r'"(GET|HEAD|POST|PUT|PATCH|DELETE) ', line)]
        return collections.Counter(services)


def rows(w):
    """Name, and what gives the arguments that sign and those that verify, with a home."""
    at = lambda name: os.path.join(w.mock, name)
    identity = ["--certificate-identity", "dev@example.com", "--certificate-oidc-issuer", f"http://127.0.0.1:{w.port + 4}"]
    token = ["--yes", "--identity-token", at("identity_token")]
    root = ["--trusted-root", at("trusted_root.json")]
    stamped = ["--use-signed-timestamps"]

    def blob(config, home="home"):
        def make():
            named = root + ["--signing-config", at(f"signing_config.{config}.json")] if config else []
            sign = ["sign-blob", *token, *named, "--bundle", "b.json", "a.txt"]
            more = stamped if config in ("rekor2", None) else []
            return sign, [["verify-blob", *identity, *(root if config else []), *more, "--bundle", "b.json", "a.txt"]]
        return make, home

    def image(count, config="rekor2", command=("sign",), verb=("verify",)):
        def make():
            images = [w.image() for _ in range(count)]
            named = [*root, "--signing-config", at(f"signing_config.{config}.json")]
            more = stamped if config == "rekor2" else []
            return [*command, *token, *named, *images], [[*verb, *identity, *root, *more, one] for one in images]
        return make, "home"

    return {
        "sign-blob, Rekor v1, TSA": blob("rekor1"),
        "sign-blob, Rekor v2, TSA": blob("rekor2"),
        "sign-blob after initialize": blob(None, "chosen"),
        "sign IMAGE, Rekor v1, TSA": image(1, "rekor1"),
        "sign IMAGE, Rekor v2, TSA": image(1),
        "attest IMAGE, Rekor v2, TSA": image(
            1, command=("attest", "--predicate", "p.json", "--type", "custom"), verb=("verify-attestation", "--type", "custom")),
        "sign 20 images, Rekor v2, TSA": image(20),
    }


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ours", required=True)
    ap.add_argument("--peer", required=True)
    ap.add_argument("--registry", required=True)
    ap.add_argument("--mock", default=os.path.join(REPOSITORY, ".ci/mock-sigstore"))
    ap.add_argument("--rounds", type=int, default=15)
    ap.add_argument("--only", default="", help="rows whose name holds this")
    ap.add_argument("--json")
    a = ap.parse_args()
    a.registry = os.path.abspath(a.registry)
    tools = {"peer": os.path.abspath(a.peer), "ours": os.path.abspath(a.ours)}
    w = World(a)
    results = {}
    try:
        choose = ["initialize", "--mirror", f"http://127.0.0.1:{w.port + 5}", "--root", os.path.join(w.mock, "root.json")]
        for name, tool in tools.items():
            chosen = w.run([tool, *choose], f"chosen-{name}")
            if chosen["rc"]:
                print(f"{name}: initialize: {chosen['said']}", file=sys.stderr)
        print(f"{'':32} {'':5} {'wall ms':>9} {'best':>8} {'CPU ms':>8} {'peak MiB':>9}  requests")
        for title, (make, home) in rows(w).items():
            if a.only not in title:
                continue
            samples = {name: [] for name in tools}
            for number in range(a.rounds + 1):
                for name in sorted(tools, reverse=bool(number % 2)):
                    of = lambda who: f"chosen-{who}" if home == "chosen" else home
                    sign, verify = make()
                    one = w.run([tools[name], *sign], of(name))
                    # The first of each warms up, and is judged.
                    judged = verify if number == 0 else []
                    bad = next((r for r in (w.run([tools["peer"], *v], of("peer")) for v in judged) if r["rc"]), None)
                    if one["rc"] or bad:
                        print(f"{title} {name}: {one['said']} {bad and bad['said']}", file=sys.stderr)
                        samples[name] = None
                    elif number and samples[name] is not None:
                        samples[name].append(one)
            results[title] = {}
            for name, done in samples.items():
                if not done:
                    print(f"{title:32} {name:5}   no figures")
                    continue
                middle = lambda key: statistics.median(sample[key] for sample in done)
                requests = {k: statistics.median(s["requests"].get(k, 0) for s in done) for k in done[0]["requests"]}
                results[title][name] = {"wall": middle("wall"), "best": min(s["wall"] for s in done), "cpu": middle("cpu"),
                                        "kib": max(s["kib"] for s in done), "requests": requests}
                r = results[title][name]
                shown = ", ".join(f"{k} {n:g}" for k, n in sorted(requests.items()))
                print(f"{title:32} {name:5} {1000 * r['wall']:9.1f} {1000 * r['best']:8.1f} {1000 * r['cpu']:8.1f} "
                      f"{r['kib'] / 1024:9.1f}  {sum(requests.values()):g} ({shown})", flush=True)
    finally:
        w.stop()
    if a.json:
        with open(a.json, "w") as out:
            json.dump(results, out, indent=1)
    return 0 if all(len(row) == len(tools) for row in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
