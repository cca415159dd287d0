//! Trusted roots and signing configs: what cosign makes of the same flags, and what cosign does with ours.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::services::{Services, mock};
use super::{Peer, peers};
use crate::support::{Output, Sandbox, repository};

const START: &str = "start-time=2026-01-01T00:00:00Z";
const SERVICE: &str =
    "url=https://s.example,api-version=1,start-time=2026-01-01T00:00:00Z,operator=s.example";

/// A folder with certificates and public keys of every kind.
fn sandbox() -> Sandbox {
    let sandbox = super::sandbox();
    for name in
        ["fulcio_root.pem", "tsa_chain.pem", "rekor.pub", "rekor2.pub", "ctfe.pub", "trusted_root.json"]
    {
        let bytes = std::fs::read(repository().join("testdata/mock-sigstore").join(name)).unwrap();
        let _ = sandbox.file(name, bytes);
    }
    let pkcs1 = std::fs::read(repository().join("testdata/keys/rsa2048.pkcs1.pub.pem")).unwrap();
    let _ = sandbox.file("pkcs1.pub", pkcs1);
    let two = sandbox.text("tsa_chain.pem") + &sandbox.text("fulcio_root.pem");
    let _ = sandbox.file("three.pem", two);
    sandbox
}

fn three() -> Option<Peer> {
    peers().into_iter().find(|peer| peer.version == 3)
}

/// The document, with logs in the order of their identifiers: cosign's order changes from run to run.
fn document(output: &Output) -> Value {
    let mut document: Value = serde_json::from_str(&output.stdout).unwrap();
    for list in ["tlogs", "ctlogs"] {
        if let Some(logs) = document.get_mut(list).and_then(Value::as_array_mut) {
            logs.sort_by_key(|log| log["logId"].to_string());
        }
    }
    document
}

/// The flags for pairs, in words that a line can hold.
fn newer() -> Vec<Vec<String>> {
    let mut cases: Vec<Vec<String>> = vec![Vec::new()];
    let mut case = |args: &[&str]| cases.push(args.iter().map(|&arg| arg.to_owned()).collect());
    for key in ["rekor", "rekor2", "p256", "p384", "p521", "rsa2048", "rsa3072", "ed25519", "pkcs1"] {
        for more in ["", ",origin=log.example", ",end-time=2027-01-01T00:00:00.25+02:00"] {
            case(&["--rekor", &format!("url=https://l.example,public-key={key}.pub,{START}{more}")]);
        }
        case(&[
            "--ctfe",
            &format!(
                "url=https://c.example/x, public-key = {key}.pub ,start-time=1960-02-29T00:00:00.000001Z"
            ),
        ]);
    }
    for chain in ["fulcio_root", "three"] {
        for more in ["", ",start-time=2020-01-01T00:00:00Z", ",end-time=2030-01-01T00:00:00.123456789Z"] {
            case(&["--fulcio", &format!("url=https://ca.example,certificate-chain={chain}.pem{more}")]);
        }
    }
    for chain in ["tsa_chain", "three"] {
        for more in ["", ",start-time=2020-01-01T00:00:00Z", ",end-time=2030-01-01T00:00:00Z"] {
            case(&["--tsa", &format!("url=https://t.example,certificate-chain={chain}.pem{more}")]);
        }
    }
    case(&["--no-default-rekor", "--no-default-fulcio", "--no-default-ctfe", "--no-default-tsa"]);
    let of =
        |flag: &str, key: &str| format!("--{flag}=url=https://{key}.example,public-key={key}.pub,{START}");
    case(&[
        &of("rekor", "p256"),
        &of("rekor", "ed25519"),
        &of("ctfe", "p384"),
        &of("ctfe", "ctfe"),
        "--fulcio=url=a,certificate-chain=fulcio_root.pem",
        "--fulcio=url=b,certificate-chain=fulcio_root.pem",
        "--tsa=url=c,certificate-chain=tsa_chain.pem",
        "--tsa=url=d,certificate-chain=tsa_chain.pem",
    ]);
    cases
}

#[test]
fn roots_are_those_of_cosign_byte_for_byte() {
    let Some(peer) = three() else { return };
    let sandbox = sandbox();
    for case in newer() {
        let args: Vec<&str> =
            ["trusted-root", "create"].into_iter().chain(case.iter().map(String::as_str)).collect();
        let (theirs, ours) = (peer.run(&sandbox, &args).ok(), sandbox.run(&args).ok());
        assert_eq!(document(&ours), document(&theirs), "{case:?}");
        if case.len() < 3 {
            assert_eq!(ours.stdout, theirs.stdout, "{case:?}");
        }
    }
    // The file as well, for its owner alone.
    for (program, file) in [(None, "ours.json"), (Some(&peer), "theirs.json")] {
        let args =
            ["trusted-root", "create", "--tsa", "url=u,certificate-chain=tsa_chain.pem", "--out", file];
        let _ = program.map_or_else(|| sandbox.run(&args), |peer| peer.run(&sandbox, &args)).ok();
    }
    assert_eq!(sandbox.text("ours.json"), sandbox.text("theirs.json"));
}

/// In 2.5 there is no other way; the flags that it does not have are for 3.1 alone.
#[test]
fn older_flags_mean_what_they_mean_in_cosign() {
    let sandbox = sandbox();
    for peer in peers() {
        let both: &[&[&str]] = &[
            &["--rekor-key=rekor.pub"],
            &["--rekor-key=rekor.pub", "--rekor-start-time=2026-01-01T00:00:00.5+01:00"],
            &["--ctfe-key=ctfe.pub", "--ctfe-key=p384.pub", "--ctfe-start-time=2026-01-01T00:00:00Z"],
            &["--certificate-chain=fulcio_root.pem"],
            &["--cert-chain=three.pem", "--certificate-chain=fulcio_root.pem"],
            &[
                "--timestamp-certificate-chain=tsa_chain.pem",
                "--rekor-key=ed25519.pub",
                "--ctfe-key=rsa2048.pub",
            ],
        ];
        let newer: &[&[&str]] = &[
            &["--rekor-key=rekor2.pub,log.example", "--rekor-url=https://log.example"],
            &["--rekor-key=rekor2.pub,", "--rekor-end-time=2027-01-01T00:00:00Z"],
            &["--ctfe-key=ctfe.pub", "--ctfe-url=u", "--ctfe-end-time=2027-01-01T00:00:00Z"],
            &["--certificate-chain=fulcio_root.pem", "--fulcio-uri=https://ca.example"],
            &[
                "--certificate-chain=fulcio_root.pem",
                "--certificate-chain=three.pem",
                "--fulcio-uri=",
                "--timestamp-certificate-chain=three.pem",
                "--timestamp-uri=t",
            ],
            &["--rekor-key=rekor.pub", "--ctfe=url=c,public-key=ctfe.pub,start-time=2026-01-01T00:00:00Z"],
        ];
        for case in both.iter().chain(newer.iter().filter(|_| peer.version == 3)) {
            let args = [&["trusted-root", "create"], *case].concat();
            let (theirs, ours) = (peer.run(&sandbox, &args).ok(), sandbox.run(&args).ok());
            assert_eq!(document(&ours), document(&theirs), "{} {case:?}", peer.version);
        }
    }
}

/// What cosign refuses is refused here.
#[test]
fn what_cosign_refuses_is_refused() {
    let Some(peer) = three() else { return };
    let sandbox = sandbox();
    for args in [
        &["trusted-root", "create", "--rekor", "rekor.pub"][..],
        &["trusted-root", "create", "--rekor", "url=u,public-key=rekor.pub"],
        &["trusted-root", "create", "--rekor", "url=u,public-key=p256.key,start-time=2026-01-01T00:00:00Z"],
        &["trusted-root", "create", "--rekor", "url=u,public-key=rekor.pub,start-time=2026-01-01T00:00:60Z"],
        &["trusted-root", "create", "--rekor", "url=u,public-key=rekor.pub,start-time=2026-01-01 00:00:00Z"],
        &["trusted-root", "create", "--fulcio", "url=,certificate-chain=fulcio_root.pem"],
        &["trusted-root", "create", "--fulcio", "url=u,certificate-chain=rekor.pub"],
        &["trusted-root", "create", "--tsa", "url=u,certificate-chain=fulcio_root.pem"],
        &["trusted-root", "create", "--timestamp-certificate-chain", "fulcio_root.pem"],
        &["trusted-root", "create", "--rekor-key", "rekor.pub", "--rekor", "x"],
        &["trusted-root", "create", "--ctfe-key", "ctfe.pub", "--ctfe-start-time", ""],
        &["signing-config", "create", "--rekor", SERVICE],
        &["signing-config", "create", "--tsa", SERVICE],
        &["signing-config", "create", "--fulcio", "url=u"],
        &["signing-config", "create", "--rekor-config", "ANY:2"],
        &["signing-config", "create", "--rekor-config", "EXACT"],
        &["signing-config", "create", "--tsa-config", "EXACT:+1"],
    ] {
        assert_ne!(peer.run(&sandbox, args).code, 0, "{args:?}");
        assert_ne!(sandbox.run(args).code, 0, "{args:?}");
    }
}

#[test]
fn configs_are_those_of_cosign_byte_for_byte() {
    let Some(peer) = three() else { return };
    let sandbox = sandbox();
    let ends = format!("{SERVICE},end-time=2030-01-01T00:00:00.5Z");
    for case in [
        &[][..],
        &["--fulcio", SERVICE],
        &["--oidc-provider", SERVICE, "--oidc-provider", &ends],
        &["--rekor", SERVICE, "--rekor", &ends, "--rekor-config", "EXACT:2"],
        &["--tsa", &ends, "--tsa-config", "any", "--rekor-config", "ALL"],
        &["--rekor-config", "", "--no-default-tsa"],
        &[
            "--fulcio",
            SERVICE,
            "--rekor",
            SERVICE,
            "--rekor-config",
            "ANY",
            "--tsa",
            SERVICE,
            "--tsa-config",
            "ALL",
        ],
    ] {
        let args = [&["signing-config", "create"], case].concat();
        let (theirs, ours) = (peer.run(&sandbox, &args).ok(), sandbox.run(&args).ok());
        assert_eq!(ours.stdout, theirs.stdout, "{case:?}");
    }
}

/// Roots made here, and by cosign of the same files, verify the same bundles in both programs.
#[test]
fn a_root_that_was_made_serves_both_programs() {
    let Some(peer) = three() else { return };
    let sandbox = sandbox();
    let args = [
        "trusted-root",
        "create",
        "--fulcio=url=http://127.0.0.1:8400,certificate-chain=fulcio_root.pem",
        "--rekor=url=http://127.0.0.1:8401,public-key=rekor.pub,start-time=2026-01-01T00:00:00Z",
        "--rekor=url=http://127.0.0.1:8402,public-key=rekor2.pub,start-time=2026-01-01T00:00:00Z,origin=127.0.0.1",
        "--ctfe=url=http://127.0.0.1:8406,public-key=ctfe.pub,start-time=2026-01-01T00:00:00Z",
        "--tsa=url=http://127.0.0.1:8403/api/v1/timestamp,certificate-chain=tsa_chain.pem",
        "--out",
    ];
    let _ = sandbox.run(&[&args[..], &["ours.json"]].concat()).ok();
    let _ = peer.run(&sandbox, &[&args[..], &["theirs.json"]].concat()).ok();
    let fixtures = repository().join("testdata/mock-sigstore");
    let blob = fixtures.join("artifact.txt");
    for bundle in ["v3.blob.keyless.rekor1.bundle.json", "v3.blob.keyless.rekor2.bundle.json"] {
        let bundle = fixtures.join(bundle);
        for root in ["ours.json", "theirs.json"] {
            let verify = |blob: &str| {
                let args = [
                    "verify-blob",
                    "--certificate-identity-regexp=.",
                    "--certificate-oidc-issuer-regexp=.",
                    "--trusted-root",
                    root,
                    "--bundle",
                    bundle.to_str().unwrap(),
                    blob,
                ];
                (sandbox.run(&args), peer.run(&sandbox, &args))
            };
            let (ours, theirs) = verify(blob.to_str().unwrap());
            let _ = (ours.ok().says("Verified OK"), theirs.ok().says("Verified OK"));
            let (ours, theirs) = verify("other.txt");
            assert!(ours.code == 12 && theirs.code != 0);
        }
    }
}

/// Cosign signs by configs that were made here: without services and without a network, and by services on loopback.
#[test]
fn cosign_signs_by_a_config_that_was_made_here() {
    let Some(peer) = three() else { return };
    let sandbox = sandbox();
    let _ = sandbox.run(&["signing-config", "create", "--out", "empty.json"]).ok();
    let sign =
        ["sign-blob", "--yes", "--key", "p256.key", "--bundle", "b.json", "artifact.txt", "--signing-config"];
    let _ = peer.run(&sandbox, &[&sign[..], &["empty.json"]].concat()).ok();
    let verify = ["verify-blob", "--key", "p256.pub", "--bundle", "b.json", "artifact.txt"];
    let _ = sandbox.run(&[&verify[..], &["--no-log"]].concat()).ok();
    let _ = peer.run(&sandbox, &["signing-config", "create", "--out", "theirs.json"]).ok();
    let _ = sandbox.run(&[&sign[..], &["theirs.json"]].concat()).ok();

    let Some(services) = Services::start() else { return };
    let service = |place, version, path: &str| {
        let start = "start-time=2026-01-01T00:00:00Z,operator=mock";
        format!("url={}{path},api-version={version},{start}", services.url(place))
    };
    for (place, version) in [(1, 1), (2, 2)] {
        let (fulcio, rekor) = (service(0, 1, ""), service(place, version, ""));
        let tsa = service(3, 1, "/api/v1/timestamp");
        let create = [
            "signing-config",
            "create",
            "--out",
            "config.json",
            "--rekor-config=ANY",
            "--tsa-config=EXACT:1",
        ];
        let named = ["--fulcio", &fulcio, "--rekor", &rekor, "--tsa", &tsa];
        let _ = sandbox.run(&[&create[..], &named].concat()).ok();
        let (root, token) = (services.file("trusted_root.json"), services.file("identity_token"));
        let sign = ["sign-blob", "--yes", "--identity-token", &token, "--trusted-root", &root];
        let rest = ["--signing-config", "config.json", "--bundle", "b.json", "artifact.txt"];
        let _ = peer.run(&sandbox, &[&sign[..], &rest].concat()).ok();
        let anybody = ["--certificate-identity-regexp=.", "--certificate-oidc-issuer-regexp=."];
        let verify = ["verify-blob", "--trusted-root", &root, "--bundle", "b.json", "artifact.txt"];
        let _ = sandbox.run(&[&verify[..], &anybody].concat()).ok();
    }
}

/// A TUF repository on loopback, until it is dropped.
struct Tuf {
    node: Child,
    port: String,
}

impl Drop for Tuf {
    fn drop(&mut self) {
        let _ = self.node.kill();
        let _ = self.node.wait();
    }
}

impl Tuf {
    /// Serves these files of the sandbox under their names.
    fn start(sandbox: &Sandbox, targets: &[&str]) -> Option<Self> {
        let mut command = Command::new("node");
        command
            .current_dir(mock()?)
            .arg(repository().join("tests/it/peers/tuf.mjs"))
            .arg(sandbox.at("tuf.json"));
        command.args(targets.iter().map(|name| format!("{name}={}", sandbox.at(name).display())));
        let mut node = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut port = String::new();
        BufReader::new(node.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Some(Self { node, port: port.trim().to_owned() })
    }
}

/// The public services: what cosign makes of them when a TUF repository has the files that are built in here.
#[test]
fn the_built_in_services_are_used_as_cosign_uses_those_of_tuf() {
    use sigstore_trust_root::{
        SIGSTORE_PRODUCTION_SIGNING_CONFIG as CONFIG, SIGSTORE_PRODUCTION_TRUSTED_ROOT as ROOT,
    };
    let Some(peer) = three() else { return };
    let sandbox = sandbox();
    let mut second: Value = serde_json::from_str(CONFIG).unwrap();
    let log = json!({
        "url": "https://log2025-1.rekor.sigstore.dev", "majorApiVersion": 2,
        "validFor": { "start": "2026-01-01T00:00:00Z" }, "operator": "sigstore.dev",
    });
    second["rekorTlogUrls"].as_array_mut().unwrap().insert(0, log);
    let (v1, v2) = ("signing_config.v0.2.json", "signing_config_rekor_v2.v0.2.json");
    let _ = sandbox.file(v1, CONFIG);
    let _ = sandbox.file(v2, second.to_string());
    // The sandbox's own root of the mock services is not needed here.
    let _ = sandbox.file("trusted_root.json", ROOT);
    let Some(tuf) = Tuf::start(&sandbox, &["trusted_root.json", v1, v2]) else { return };
    let theirs = |args: &[&str]| {
        let run = sandbox.program(&peer.program, args);
        let run = run.env("TUF_MIRROR", &format!("http://127.0.0.1:{}", tuf.port));
        run.env("TUF_ROOT_JSON", sandbox.at("tuf.json").to_str().unwrap()).run()
    };
    let public = serde_json::from_str::<Value>(ROOT).unwrap();
    let key = public["tlogs"][0]["publicKey"]["rawBytes"].as_str().unwrap();
    let _ =
        sandbox.file("public.pub", format!("-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n"));
    for case in [
        "",
        "--no-default-fulcio",
        "--no-default-rekor --no-default-tsa",
        "--no-default-ctfe=true --no-default-tsa=false",
        "--rekor url=https://log,public-key=rekor.pub,start-time=2026-01-01T00:00:00Z",
        "--rekor url=https://log,public-key=public.pub,start-time=2026-01-01T00:00:00Z",
        "--fulcio url=https://ca,certificate-chain=fulcio_root.pem --tsa url=t,certificate-chain=tsa_chain.pem",
        "--no-default-fulcio --certificate-chain fulcio_root.pem --ctfe-key ctfe.pub",
    ] {
        let args: Vec<&str> =
            "trusted-root create --with-default-services".split(' ').chain(case.split_whitespace()).collect();
        assert_eq!(document(&sandbox.run(&args).ok()), document(&theirs(&args).ok()), "{case}");
    }
    let both = format!("--rekor {SERVICE} --rekor-config EXACT:2 --fulcio {SERVICE} --tsa-config ALL");
    for base in ["--with-default-services", "--with-default-rekor-v2"] {
        for case in
            ["", "--no-default-rekor", "--no-default-tsa --no-default-fulcio --no-default-oidc", &both]
        {
            let args: Vec<&str> =
                ["signing-config", "create", base].into_iter().chain(case.split_whitespace()).collect();
            assert_eq!(sandbox.run(&args).ok().stdout, theirs(&args).ok().stdout, "{base} {case}");
        }
    }
}
