//! Every decoder is fed documents that were sound before something in them was changed. It may take or refuse them; it
//! must come back. `RCOSIGN_MUTANTS=100000 cargo test --test it mutants` makes more of them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rcosign::internals::bundle::{self, detached};
use rcosign::internals::crypto::{self, Digest, PrivateKey, PublicKey, UnixTime, json, sealed};
use rcosign::internals::payload::{Envelope, Statement};
use rcosign::internals::timestamp::Token;
use rcosign::internals::tlog::{Checkpoint, body};
use rcosign::internals::trust::{SigningConfig, TrustedRoot};
use rcosign::internals::verify::Pattern;
use rcosign::internals::x509::{Certificate, fulcio, path, sct};

use super::support::{Random, repository};

const WORDS: &[&[u8]] = &[
    b"",
    b"null",
    b"{}",
    b"[]",
    b"0",
    b"-1",
    b"1e400",
    b"18446744073709551615",
    b"9223372036854775808",
    b"\"\"",
    b"true",
    b"\xff",
    b"\0",
    b"\\u0000",
    b"\\ud800",
    b"\n\n",
    b"-----BEGIN A-----\n",
    b"-----END A-----\n",
    b"\x30\x80",
    b"\x84\xff\xff\xff\xff",
    b"\x82\xff\xff",
    b"\x1f",
    b"\xa0",
    b"\x05\x00",
    b"{1000}",
    b"[^",
    b"\\pN",
    b"\\x{",
    b"(?i)",
    "\u{2014} ".as_bytes(),
    "\u{e9}".as_bytes(),
    b",",
    b":",
    b"\"",
    b"[",
    b"{",
];

fn mutate(random: &mut Random, sound: &[u8], other: &[u8]) -> Vec<u8> {
    let mut out = sound.to_vec();
    for _ in 0..=random.below(4) {
        let i = random.below(out.len() + 1);
        let j = (i + random.below(20)).min(out.len());
        match random.below(8) {
            0 if i < out.len() => out[i] ^= 1 << random.below(8),
            1 if i < out.len() => out[i] = *random.pick(&[0, 1, 0x7f, 0x80, 0xff, b'0', b'9', b'"']),
            2 => drop(out.drain(i..j)),
            3 => drop(out.splice(i..j, random.pick(WORDS).iter().copied())),
            4 => out.truncate(i),
            5 => {
                let piece = out[i..j].to_vec();
                let at = random.below(out.len() + 1);
                drop(out.splice(at..at, piece));
            }
            6 => {
                let from = random.below(other.len() + 1);
                let to = (from + random.below(60)).min(other.len());
                drop(out.splice(i..j, other[from..to].iter().copied()));
            }
            _ => drop(out.splice(i..i, random.pick(WORDS).iter().copied())),
        }
    }
    out
}

fn files(ends: &[&str]) -> Vec<Vec<u8>> {
    let mut folders = vec![repository().join("testdata")];
    let mut paths = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if ends.iter().any(|e| path.to_string_lossy().ends_with(e)) {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths.iter().map(|p| std::fs::read(p).unwrap()).filter(|b| b.len() < 40_000).collect()
}

fn feed(name: &str, seeds: &[Vec<u8>], decode: impl Fn(&[u8])) {
    let rounds = std::env::var("RCOSIGN_MUTANTS").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    assert!(!seeds.is_empty(), "{name}");
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut slowest = std::time::Duration::ZERO;
    for seed in seeds {
        decode(seed);
    }
    for _ in 0..rounds {
        let (sound, other) = (random.pick(seeds).clone(), random.pick(seeds).clone());
        let mutant = mutate(&mut random, &sound, &other);
        let start = std::time::Instant::now();
        let came_back = catch_unwind(AssertUnwindSafe(|| decode(&mutant)));
        slowest = slowest.max(start.elapsed());
        assert!(came_back.is_ok(), "{name} panicked at {:?}", String::from_utf8_lossy(&mutant));
    }
    assert!(slowest.as_secs() < 20, "{name} took {slowest:?}");
}

fn pem_contents(ends: &[&str]) -> Vec<Vec<u8>> {
    let blocks = |text: Vec<u8>| crypto::pem::decode("x", &text, 9).unwrap_or_default();
    files(ends).into_iter().flat_map(blocks).map(|b| b.contents).collect()
}

fn embedded(find: fn(&bundle::SignedEntity) -> Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let entities = |text: Vec<u8>| bundle::decode(&text).map(|d| d.entities).unwrap_or_default();
    files(&[".json"]).into_iter().flat_map(entities).flat_map(|e| find(&e)).collect()
}

fn certificates() -> Vec<Vec<u8>> {
    embedded(|e| match &e.material {
        bundle::VerificationMaterial::Certificate(chain) => chain.iter().map(|c| c.der().to_vec()).collect(),
        bundle::VerificationMaterial::PublicKey { .. } => Vec::new(),
    })
}

#[test]
fn bundles() {
    feed("bundle", &files(&["bundle.json", "legacy.json", "dsse.json"]), |b| drop(bundle::decode(b)));
}

#[test]
fn detached_files() {
    feed("detached", &files(&[".sig", "dsse.json", ".pem", ".crt", ".pub"]), |b| {
        drop(detached::decode_signature(b));
        drop(detached::decode_certificates(b));
        drop(detached::decode_envelope(b));
        drop(detached::decode_timestamp(b));
        drop(detached::decode_rekor_bundle(b));
    });
}

#[test]
fn envelopes_and_statements() {
    feed("envelope", &files(&["dsse.json"]), |b| drop(Envelope::from_json(b)));
    feed("statement", &files(&["statement.json"]), |b| {
        if let Ok(statement) = Statement::from_json(b) {
            drop(statement.to_json());
            drop(statement.predicate.map(|p| (p.value(), p.members().map(|m| m.len()))));
        }
    });
}

#[test]
fn log_entries() {
    feed("body", &embedded(|e| e.log_entries.iter().map(|l| l.canonicalized_body.clone()).collect()), |b| {
        drop(body::parse(b));
    });
    let notes = embedded(|e| {
        let proofs = e.log_entries.iter().filter_map(|l| l.inclusion_proof.as_ref());
        proofs.filter_map(|p| p.checkpoint.clone()).map(String::into_bytes).collect()
    });
    feed("checkpoint", &notes, |b| {
        drop(Checkpoint::parse(&String::from_utf8_lossy(b)).map(|c| c.origin_name().to_owned()))
    });
}

#[test]
fn tokens() {
    feed("token", &embedded(|e| e.timestamps.clone()), |b| drop(Token::from_der(b)));
}

#[test]
fn certificates_and_what_is_in_them() {
    let seeds = certificates();
    let issuer = Certificate::from_der(&seeds[0]).unwrap();
    feed("certificate", &seeds, |b| {
        let Ok(certificate) = Certificate::from_der(b) else { return };
        drop(certificate.subject_alternative_names());
        drop(fulcio::extensions(&certificate));
        let _ = (certificate.subject(), certificate.issuer(), certificate.serial(), certificate.to_pem());
        if let Ok(scts) = sct::embedded(&certificate) {
            let key = issuer.public_key().unwrap();
            scts.iter().for_each(|s| assert!(!sct::verify(s, &certificate, &certificate, &key)));
        }
        let now = certificate.not_before();
        let own = std::slice::from_ref(&certificate);
        drop(path::verify(&certificate, own, own, now, path::Usage::CodeSigning));
        drop(path::verify(&issuer, own, own, now, path::Usage::TimeStamping));
    });
    let pem: Vec<Vec<u8>> =
        seeds.iter().map(|s| crypto::pem::encode("CERTIFICATE", s).into_bytes()).collect();
    feed("chain", &pem, |b| drop(Certificate::chain_from_pem(b)));
}

#[test]
fn keys() {
    feed("public PEM", &files(&[".pub"]), |b| drop(PublicKey::from_pem(b)));
    feed("public DER", &pem_contents(&[".pub"]), |b| drop(PublicKey::from_spki_der(b)));
    feed("private PEM", &files(&[".pem", ".key"]), |b| drop(PrivateKey::from_pem(b)));
    let ders: Vec<Vec<u8>> = pem_contents(&[".pem"]).into_iter().chain(pem_contents(&[".pub"])).collect();
    feed("private DER", &ders, |b| drop(PrivateKey::from_der(b)));
    feed("sealed", &files(&[".key"]), |b| drop(sealed::SealedKey::parse(b)));
}

#[test]
fn roots_and_configs() {
    let roots: Vec<Vec<u8>> =
        files(&[".json"]).into_iter().filter(|t| TrustedRoot::from_json(t, "x").is_ok()).collect();
    feed("trusted root", &roots, |b| drop(TrustedRoot::from_json(b, "x")));
    let service = r#"[{"url":"https://a.example","majorApiVersion":1,"validFor":{"start":"2021-01-12T11:53:27Z"},"operator":"x"}]"#;
    let configs = vec![
        format!(
            r#"{{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","caUrls":{service},"rekorTlogUrls":{service},"rekorTlogConfig":{{"selector":"ANY"}},"tsaUrls":{service},"tsaConfig":{{"selector":"EXACT","count":1}}}}"#
        )
        .into_bytes(),
    ];
    assert!(SigningConfig::from_json(&configs[0]).is_ok());
    feed("signing config", &configs, |b| drop(SigningConfig::from_json(b)));
}

#[test]
fn texts() {
    feed("json", &files(&[".json"]), |b| drop(json::parse("x", b).map(|v| json::canonical(&v))));
    let scts: Vec<Vec<u8>> = vec![
        br#"{"sct_version":0,"id":"CGCS8ChS/2hF0dFrJ4ScRWcYrBY9wzjSbea8IgY2b3I=","timestamp":1700000000000,"extensions":"","signature":"BAMABzAFAgEBAgEB"}"#.to_vec(),
        [vec![0; 33], 1_700_000_000_000_u64.to_be_bytes().to_vec(), vec![0, 0, 4, 3, 0, 2, 1, 1]].concat(),
    ];
    feed("sct", &scts, |b| drop(sct::parse_detached(b)));
    let small: Vec<Vec<u8>> = [
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "2023-01-01T00:00:00.123Z",
        r"^https://github\.com/(a|b){2,3}[^/]+@\p{L}\d*?$",
        r"(?i)[[:alpha:]\Q.\E-z]+\x{10ffff}\b\B(?P<n>x)",
    ]
    .iter()
    .map(|t| t.as_bytes().to_vec())
    .collect();
    feed("small texts", &small, |b| {
        let text = String::from_utf8_lossy(b);
        drop(Digest::parse(&text));
        drop(UnixTime::parse_rfc3339(&text).map(|t| t.to_string()));
        drop(Pattern::new(&text).map(|p| p.matches("https://github.com/a/b@c")));
        drop(crypto::decode_base64(&text));
    });
}
