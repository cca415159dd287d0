//! Verification, and signing with a key alone, opens no socket and starts no thread. Shown twice on Linux: by running it where there is no network at all,
//! and by watching its system calls. The one exception is a key whose address the user named.

#![cfg(target_os = "linux")]

use std::path::Path;

use crate::docs::air_gap_guide;
use crate::support::{Output, Sandbox, repository, say_skipped};

const MOCK: &[&str] =
    &["--certificate-identity", "dev@example.com", "--certificate-oidc-issuer", "http://127.0.0.1:8404"];
const ROOT: &[&str] = &["--trusted-root", "trusted_root.json"];
const VARIABLES: &[(&str, &str)] = &[
    ("SIGSTORE_ROOT_FILE", "fulcio_root.pem"),
    ("SIGSTORE_REKOR_PUBLIC_KEY", "rekor.pub"),
    ("SIGSTORE_CT_LOG_PUBLIC_KEY_FILE", "ctfe.pub"),
];

/// A verification in `testdata/mock-sigstore`, with what it ends in.
struct Line {
    code: i32,
    command: &'static str,
    flags: &'static [&'static [&'static str]],
    variables: &'static [(&'static str, &'static str)],
    blob: &'static str,
}

const fn line(code: i32, command: &'static str, flags: &'static [&'static [&'static str]]) -> Line {
    Line { code, command, flags, variables: &[], blob: "artifact.txt" }
}

const BLOB: &str = "verify-blob";
const ATTESTATION: &str = "verify-blob-attestation";

/// Of every form one that verifies, and what might tempt a program to ask somebody: a log entry, a chain, an authority that
/// is missing or unknown.
const LINES: &[Line] = &[
    line(0, BLOB, &[&["--key", "p256.pub", "--no-log", "--signature", "v3.blob.key-p256.sig"]]),
    line(0, BLOB, &[&["--key", "p256.pub", "--bundle", "v3.blob.key-p256.rekor1.bundle.json"], ROOT]),
    line(0, BLOB, &[MOCK, ROOT, &["--bundle", "v3.blob.keyless.rekor1.bundle.json"]]),
    line(0, BLOB, &[MOCK, ROOT, &["--bundle", "v3.blob.keyless.rekor2.bundle.json"]]),
    line(0, ATTESTATION, &[MOCK, ROOT, &["--bundle", "v3.att.keyless.rekor1.bundle.json"]]),
    Line {
        variables: VARIABLES,
        ..line(
            0,
            BLOB,
            &[MOCK, &["--bundle", "v2.blob.keyless.legacy.json", "--rekor-url", "http://127.0.0.1:8401"]],
        )
    },
    // No log entry beside a detached signature: cosign would look it up.
    line(12, BLOB, &[&["--offline", "--key", "p256.pub", "--signature", "v3.blob.key-p256.sig"]]),
    Line {
        variables: VARIABLES,
        ..line(
            12,
            BLOB,
            &[MOCK, &["--signature", "v3.blob.keyless.sig", "--certificate", "v3.blob.keyless.crt"]],
        )
    },
    // No trusted root is named: cosign fetches one all the same. The embedded one does not know this log, or this authority.
    line(12, BLOB, &[MOCK, &["--offline", "--bundle", "v3.blob.keyless.rekor1.bundle.json"]]),
    line(12, BLOB, &[MOCK, &["--offline", "--no-log", "--bundle", "v3.blob.keyless.tsa-only.bundle.json"]]),
    // A trusted root of another instance; another artifact.
    line(
        12,
        BLOB,
        &[
            MOCK,
            &["--trusted-root", "../mock-sigstore-intoto/trusted_root.json"],
            &["--bundle", "v3.blob.keyless.rekor1.bundle.json"],
        ],
    ),
    Line {
        blob: "other.txt",
        ..line(12, BLOB, &[MOCK, ROOT, &["--bundle", "v3.blob.keyless.rekor1.bundle.json"]])
    },
    // Files that cannot be read.
    line(3, BLOB, &[&["--key", "p256.pub", "--bundle", "missing.json"]]),
    line(3, BLOB, &[&["--key", "missing.pub", "--bundle", "v3.blob.key-p256.rekor1.bundle.json"], ROOT]),
    line(
        11,
        BLOB,
        &[&["--key", "p256.pub", "--bundle", "v3.blob.key-p256.rekor1.bundle.json"], ROOT, &["missing"]],
    ),
];

impl Line {
    fn args(&self) -> Vec<&'static str> {
        let mut args = vec![env!("CARGO_BIN_EXE_rcosign"), self.command];
        args.extend(self.flags.iter().copied().flatten());
        if self.code != 11 {
            args.push(self.blob);
        }
        args
    }

    /// Runs rcosign beneath another program.
    fn beneath(&self, sandbox: &Sandbox, program: &Path, before: &[&str]) -> Output {
        let run = sandbox.program(program, &[before, &self.args()].concat());
        let run = run.within(&repository().join("testdata/mock-sigstore"));
        self.variables.iter().fold(run, |run, (name, value)| run.env(name, value)).run()
    }
}

/// What is done with images of a layout and an archive, in this order, with the exit code.
const LAYOUTS: &[(i32, &str)] = &[
    (0, "sign --offline --key cosign.key oci:App.Layout"),
    (0, "sign --offline --key cosign.key --write tag oci:App.Layout"),
    (0, "attest --offline --key cosign.key --type spdx --predicate predicate.json oci:App.Layout"),
    (0, "verify --key cosign.pub --no-log oci:App.Layout"),
    (0, "verify-attestation --key cosign.pub --no-log --type spdx oci:App.Layout"),
    // A log entry is demanded, and there is none; nobody is known by this identity.
    (12, "verify --offline --key cosign.pub oci:App.Layout"),
    (
        13,
        "verify --offline --certificate-identity a@example.com --certificate-oidc-issuer https://i.example oci:App.Layout",
    ),
    (0, "verify --offline --key theirs.pub --no-log oci-archive:app.tar"),
    (0, "tree oci:App.Layout"),
    (0, "download signature oci:App.Layout"),
    (0, "copy oci:App.Layout oci:copied"),
    (0, "verify --key cosign.pub --no-log oci:copied"),
    (0, "sign-blob --offline --key cosign.key --bundle b.json predicate.json"),
    (0, "verify-blob --offline --key cosign.pub --no-log --bundle b.json predicate.json"),
];

/// A sandbox for [`LAYOUTS`].
fn with_layouts() -> Sandbox {
    let sandbox = crate::layouts::sandbox();
    let _ = sandbox.run(&["generate-key-pair"]).ok();
    sandbox.file("predicate.json", "{}");
    let theirs = std::fs::read(repository().join("testdata/layouts/cosign.pub")).unwrap();
    sandbox.file("theirs.pub", theirs);
    sandbox
}

#[test]
fn layouts_and_archives_need_no_network() {
    let sandbox = with_layouts();
    let apart = [APART, &[env!("CARGO_BIN_EXE_rcosign")]].concat();
    let Some(unshare) = able(&sandbox, Means::Apart) else { return };
    for (code, line) in LAYOUTS {
        let args: Vec<&str> = apart.iter().copied().chain(line.split(' ')).collect();
        let output = sandbox.program(unshare, &args).run();
        assert_eq!(output.code, *code, "{line}: {}", output.stderr);
    }
}

#[test]
fn layouts_and_archives_open_no_socket() {
    let sandbox = with_layouts();
    let calls = sandbox.at("calls");
    let watch = ["-f", "-qq", "-e", "trace=%network", "-o", calls.to_str().unwrap()];
    let Some(strace) = able(&sandbox, Means::Watched) else { return };
    for (code, line) in LAYOUTS {
        let before = watch.iter().copied().chain([env!("CARGO_BIN_EXE_rcosign")]);
        let args: Vec<&str> = before.chain(line.split(' ')).collect();
        let output = sandbox.program(strace, &args).run();
        assert_eq!(output.code, *code, "{line}: {}", output.stderr);
        assert!(!sandbox.text("calls").contains('('), "{line}: {}", sandbox.text("calls"));
    }
}

/// A way to show that nobody is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Means {
    /// Where there is no network.
    Apart,
    /// With somebody who watches the system calls.
    Watched,
}

impl Means {
    fn program(self) -> &'static Path {
        Path::new(match self {
            Self::Apart => "/usr/bin/unshare",
            Self::Watched => "/usr/bin/strace",
        })
    }

    fn args(self) -> &'static [&'static str] {
        match self {
            Self::Apart => APART,
            Self::Watched => &["-f", "-qq", "-e", "trace=%network", "-o", "/dev/null"],
        }
    }

    fn works(self, sandbox: &Sandbox) -> bool {
        let args = [self.args(), &["/bin/true"]].concat();
        self.program().exists() && sandbox.program(self.program(), &args).run().code == 0
    }

    fn other(self) -> Self {
        match self {
            Self::Apart => Self::Watched,
            Self::Watched => Self::Apart,
        }
    }
}

/// Into a network of its own, with nothing in it.
const APART: &[&str] = &["--net", "--map-root-user"];

/// What is to be done where a means does not work.
#[derive(Debug, PartialEq, Eq)]
enum Without {
    Skip,
    Fail(&'static str),
}

/// A means that is not permitted may be passed over where the other one works. Where the tests are demanded, both programs
/// have to be there, and one of them has to work.
fn without(demanded: bool, is_there: bool, other_works: bool) -> Without {
    match (demanded, is_there, other_works) {
        (false, ..) | (true, true, true) => Without::Skip,
        (true, false, _) => Without::Fail("is not installed"),
        (true, true, false) => Without::Fail("is not permitted, nor is the other means"),
    }
}

#[test]
fn where_it_is_demanded_one_means_has_to_work() {
    assert_eq!(without(false, false, false), Without::Skip);
    assert_eq!(without(true, true, true), Without::Skip);
    assert!(matches!(without(true, true, false), Without::Fail(why) if why.contains("permitted")));
    for other_works in [true, false] {
        assert!(matches!(without(true, false, other_works), Without::Fail(why) if why.contains("installed")));
    }
}

/// The program, where it works. Otherwise the test says what it skips, or fails: `RCOSIGN_REQUIRE_PEERS`, or `CI`, demand it.
fn able(sandbox: &Sandbox, means: Means) -> Option<&'static Path> {
    if means.works(sandbox) {
        return Some(means.program());
    }
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let demanded = set("RCOSIGN_REQUIRE_PEERS") || set("CI");
    let line = format!("`{} {}`", means.program().display(), means.args().join(" "));
    match without(demanded, means.program().exists(), means.other().works(sandbox)) {
        Without::Skip => say_skipped(&format!("{line} is not there or not permitted")),
        Without::Fail(why) => panic!("{line} {why}"),
    }
    None
}

#[test]
fn verification_needs_no_network() {
    let sandbox = Sandbox::new();
    let Some(unshare) = able(&sandbox, Means::Apart) else { return };
    for line in LINES {
        let output = line.beneath(&sandbox, unshare, APART);
        assert_eq!(output.code, line.code, "{:?}: {}", line.args(), output.stderr);
    }
}

/// The guide for a place without a network, as printed, in such a place.
#[test]
fn the_air_gap_guide_needs_no_network() {
    let sandbox = Sandbox::new();
    let Some(unshare) = able(&sandbox, Means::Apart) else { return };
    let script = air_gap_guide(&sandbox);
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_rcosign"), sandbox.at("tmp/rcosign")).unwrap();
    // The place is what it should be: nothing but a loopback that is down.
    let alone = "test \"$(tail -n +3 /proc/net/dev | wc -l)\" = 1\n";
    let words = ["/bin/sh", "-euc", &format!("PATH=$PWD/tmp:$PATH\n{alone}{script}")];
    let output = sandbox.program(unshare, &[APART, &words].concat()).run().ok();
    let asked = script.matches("unpack --verify").count();
    assert!(asked >= 8, "{asked}");
    assert_eq!(output.stderr.matches("Verified OK").count(), asked, "{}", output.stderr);
}

#[test]
fn no_socket_is_opened_and_no_thread_started() {
    let sandbox = Sandbox::new();
    let calls = sandbox.at("calls");
    let watch = ["-f", "-qq", "-e", "trace=%network,clone,clone3,fork,vfork", "-o", calls.to_str().unwrap()];
    let Some(strace) = able(&sandbox, Means::Watched) else { return };
    for line in LINES {
        let output = line.beneath(&sandbox, strace, &watch);
        assert_eq!(output.code, line.code, "{:?}: {}", line.args(), output.stderr);
        let called: Vec<String> =
            sandbox.text("calls").lines().filter(|l| l.contains('(')).map(str::to_owned).collect();
        assert!(called.is_empty(), "{:?}: {called:#?}", line.args());
    }
    let key = repository().join("testdata/cosign-3.x/p256.key");
    let signing = ["sign-blob", "--offline", "--key", key.to_str().unwrap(), "calls"];
    let signing = [&watch[..], &[env!("CARGO_BIN_EXE_rcosign")], &signing].concat();
    let _ = sandbox.program(strace, &signing).env("COSIGN_PASSWORD", "fixture-password").run().ok();
    assert!(!sandbox.text("calls").contains('('), "{}", sandbox.text("calls"));
    // The watching works: a key with an address needs a socket.
    let fetch =
        line(5, BLOB, &[&["--key", "https://127.0.0.1:9/cosign.pub", "--signature", "v3.blob.key-p256.sig"]]);
    let output = fetch.beneath(&sandbox, strace, &watch).code(5).says("https://127.0.0.1:9/cosign.pub");
    assert!(sandbox.text("calls").contains("socket("), "{}", output.stderr);
}
