//! Hostile documents: looking at them always comes back, never claims anything, and shows whatever they differ in.

use super::*;
use crate::bundle;
use crate::verify::tests::mutator;

fn inspected(bytes: &[u8]) -> serde_json::Value {
    let inspection = match recognise(bytes) {
        Ok(recognised) => Inspection::of("x".to_owned(), bytes, &recognised),
        Err(error) => Inspection::unreadable("x".to_owned(), bytes, &error),
    };
    assert!(!inspection.verified);
    serde_json::to_value(&inspection).unwrap()
}

/// What the document says, without what the file is.
fn said(bytes: &[u8]) -> serde_json::Value {
    let mut value = inspected(bytes);
    for name in ["size", "sha256", "mediaType"] {
        value["document"].as_object_mut().unwrap().remove(name);
    }
    value.as_object_mut().unwrap().remove("problems");
    value
}

fn files(ends: &[&str]) -> Vec<Vec<u8>> {
    let mut paths = Vec::new();
    for folder in
        ["mock-sigstore", "mock-sigstore-intoto", "cosign-2.x", "conformance/happy-path-v0.3", "vectors"]
    {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(folder);
        paths.extend(std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    }
    paths.sort();
    let wanted =
        |path: &&PathBuf| ends.iter().any(|end| path.to_string_lossy().replace('\\', "/").ends_with(end));
    paths.iter().filter(wanted).map(|path| std::fs::read(path).unwrap()).collect()
}

/// Whatever two bundles differ in, for the decoder, shows in what is said of them: nothing goes unseen in `bundle diff`.
#[test]
fn every_difference_shows() {
    let seeds = [
        "v3.blob.keyless.rekor1.bundle.json",
        "v3.att.key-p256.rekor2.bundle.json",
        "v3.att-dsse.keyless.legacy.json",
        "happy-path-v0.3/bundle.sigstore.json",
    ];
    let mut differ = 0;
    for (seed, bytes) in (0..).zip(files(&seeds)) {
        let document: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let (original, before) = (bundle::decode(&bytes).unwrap(), said(&bytes));
        mutator::mutate(&document, seed, |path, kind, mutated| {
            let mutated = mutated.to_string();
            let Ok(decoded) = bundle::decode(mutated.as_bytes()) else {
                assert_eq!(inspected(mutated.as_bytes())["document"]["format"], "unknown");
                return;
            };
            let unchanged = decoded.entities == original.entities;
            assert_eq!(said(mutated.as_bytes()) == before, unchanged, "{path}: {kind:?}");
            differ += usize::from(!unchanged);
        });
        assert_eq!(said(serde_json::to_string_pretty(&document).unwrap().as_bytes()), before);
    }
    assert!(differ > 200, "{differ}");
}

/// Bytes changed anywhere: it comes back, and says that nothing was verified.
#[test]
fn broken_bytes_are_looked_at() {
    let seeds = files(&[".json", ".sig", ".crt", ".pub", ".tsr", ".pem"]);
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut below = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % n.max(1) as u64).unwrap()
    };
    for _ in 0..600 {
        let mut bytes = seeds[below(seeds.len())].clone();
        if bytes.len() > 40_000 {
            continue;
        }
        for _ in 0..=below(3) {
            let at = below(bytes.len());
            match below(4) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, u8::try_from(below(256)).unwrap()),
                2 => drop(bytes.drain(at..(at + below(9)).min(bytes.len()))),
                _ if at < bytes.len() => bytes[at] ^= 1 << below(8),
                _ => {}
            }
        }
        let shown = inspected(&bytes);
        assert_eq!(shown["verified"], false);
        assert!(shown["note"].as_str().unwrap().starts_with("NOTHING"));
    }
}

#[test]
fn what_cannot_be_decoded_is_shown_as_far_as_it_can_be_read() {
    let bytes = files(&["v3.blob.keyless.rekor1.bundle.json"]).remove(0);
    let mut document: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    document["surprise"] = serde_json::json!(vec![0; 1000]);
    let shown = inspected(document.to_string().as_bytes());
    assert_eq!(shown["problems"][0]["code"], "decode");
    assert!(shown["problems"][0]["message"].as_str().unwrap().contains("surprise"));
    assert_eq!(shown["document"]["mediaType"], "application/vnd.dev.sigstore.bundle.v0.3+json");
    assert_eq!(shown["certificates"][0]["subjectAlternativeNames"][0]["value"], "dev@example.com");
    let members = shown["members"].as_array().unwrap();
    assert!(members.len() <= 200 && members[0]["name"] == "mediaType", "{members:?}");
    let wide =
        format!("{{{}}}", (0..5000).map(|i| format!("\"m{i}\":[[[[[[1]]]]]]")).collect::<Vec<_>>().join(","));
    assert_eq!(inspected(wide.as_bytes())["members"].as_array().unwrap().len(), 200);
}

#[test]
fn pieces_are_recognised() {
    let format = |bytes: &[u8]| recognise(bytes).map(|r| r.format()).map_err(|e| e.to_string());
    let leaf = files(&["v3.blob.keyless.crt"]).remove(0);
    let chain = crate::bundle::detached::decode_certificates(&leaf).unwrap();
    assert_eq!(format(&leaf).unwrap(), "certificate");
    assert_eq!(format(chain[0].der()).unwrap(), "certificate");
    assert_eq!(format(chain[0].to_pem().as_bytes()).unwrap(), "certificate");
    assert_eq!(format(&chain[0].spki_der()).unwrap(), "public key");
    assert_eq!(format(&[0xff; 64]).unwrap(), "detached signature");
    let large = format(&[0xff; 2000]).unwrap_err();
    assert_eq!(large, "bundle: not a JSON object; it looks like binary data");
    assert_eq!(format(b" ").unwrap_err(), "bundle: the file is empty");
    assert_eq!(
        format(b"<html>").unwrap_err(),
        "signature: not base64; it looks like an HTML page; was an error page or a login page saved in place of the file?"
    );
    let envelope = files(&["cosign-2.x/p256.att.dsse.json"]).remove(0);
    assert_eq!(format(&envelope).unwrap(), "DSSE envelope");
    assert_eq!(format(crate::crypto::base64::encode(&envelope).as_bytes()).unwrap(), "DSSE envelope");
    let legacy = files(&["v3.blob.keyless.legacy.json"]).remove(0);
    let legacy: serde_json::Value = serde_json::from_slice(&legacy).unwrap();
    assert_eq!(format(legacy["rekorBundle"].to_string().as_bytes()).unwrap(), "log entry");
    let error = format(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").unwrap_err();
    assert_eq!(error, "document: a private key (PEM `PRIVATE KEY`), which is not looked into");
}
