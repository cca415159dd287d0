//! Every document that other tools made: those of `testdata`, and the real bundles of the conformance suite.

use std::path::{Path, PathBuf};

use super::*;

fn testdata() -> Vec<(PathBuf, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut files = Vec::new();
    for folder in ["cosign-2.x", "cosign-3.x", "mock-sigstore", "mock-sigstore-intoto"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let content = std::fs::read(&path).unwrap();
                files.push((path, content));
            }
        }
    }
    files
}

/// The folder with the real public bundles: `SIGSTORE_CONFORMANCE_DIR`, or `../shared/conformance`.
fn conformance() -> Option<PathBuf> {
    let folder = match std::env::var_os("SIGSTORE_CONFORMANCE_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance"),
    };
    if folder.is_dir() {
        return Some(folder);
    }
    // `eprintln!` of a test that passes is not shown.
    let line =
        format!("skipped: no conformance bundles in {}; set SIGSTORE_CONFORMANCE_DIR", folder.display());
    let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{line}\n").as_bytes());
    None
}

#[test]
fn what_cosign_wrote_is_read_and_what_cosign_3_wrote_is_written_the_same() {
    let mut counts = [0; 6];
    for (path, content) in testdata() {
        let name = path.file_name().unwrap().to_str().unwrap();
        // Derived files are broken on purpose.
        if name.starts_with("derived") {
            continue;
        }
        let by_cosign_3 = name.starts_with("v3.") || path.to_str().unwrap().contains("cosign-3.x");
        let kind = name.rsplitn(3, '.').take(2).collect::<Vec<_>>();
        match kind.as_slice() {
            ["json", "bundle"] => {
                let decoded = decode(&content).unwrap_or_else(|e| panic!("{name}: {e}"));
                assert_eq!((decoded.format, decoded.entities.len()), (Format::Sigstore, 1), "{name}");
                let again = sigstore::encode(&decoded.entities[0]);
                if by_cosign_3 {
                    assert_eq!(again.as_bytes(), content, "{name}");
                }
                assert_eq!(decode(again.as_bytes()).unwrap(), decoded, "{name}");
                counts[0] += 1;
            }
            ["json", "legacy"] => {
                let decoded = decode(&content).unwrap_or_else(|e| panic!("{name}: {e}"));
                assert_eq!((decoded.format, decoded.entities.len()), (Format::Legacy, 1), "{name}");
                assert_eq!(legacy::encode(&decoded.entities[0]).as_bytes(), content, "{name}");
                counts[1] += 1;
            }
            ["json", "dsse"] => {
                let decoded = decode(&content).unwrap_or_else(|e| panic!("{name}: {e}"));
                assert_eq!((decoded.format, decoded.entities.len()), (Format::Envelope, 1), "{name}");
                let raw = detached::decode_envelope(&content).unwrap();
                assert_eq!(raw.bytes, content.trim_ascii(), "{name}");
                counts[2] += 1;
            }
            ["json", "tsr"] => {
                assert_eq!(detached::decode_timestamp(&content).unwrap()[0], 0x30, "{name}");
                counts[3] += 1;
            }
            ["crt", _] => {
                assert_eq!(detached::decode_certificates(&content).unwrap().len(), 1, "{name}");
                counts[4] += 1;
            }
            ["sig", _] => {
                assert!(detached::decode_signature(&content).unwrap().len() >= 64, "{name}");
                counts[5] += 1;
            }
            _ => {}
        }
    }
    assert!(counts.iter().all(|count| *count >= 4), "{counts:?}");
}

#[test]
fn real_public_bundles_are_read() {
    let Some(folder) = conformance() else { return };
    let mut bundles = 0;
    for case in std::fs::read_dir(&folder).unwrap() {
        let case = case.unwrap().path();
        let name = case.file_name().unwrap().to_str().unwrap().to_owned();
        if let Ok(text) = std::fs::read(case.join("bundle.sigstore.json")) {
            let decoded = decode(&text);
            if name == "bundle-malformed-json_fail" {
                let error = decoded.unwrap_err().to_string();
                assert!(
                    error.starts_with("bundle: not JSON: ") && error.contains(" at line 1 column "),
                    "{error}"
                );
                continue;
            }
            let decoded = decoded.unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(decoded.format, Format::Sigstore, "{name}");
            let [entity] = decoded.entities.as_slice() else { panic!("{name}") };
            assert_eq!(entity.log_entries.len(), 1, "{name}");
            if entity.profile == Profile::Bundle(BundleVersion::V0_3) {
                let again = decode(sigstore::encode(entity).as_bytes()).unwrap();
                assert_eq!(again.entities, decoded.entities, "{name}");
            }
            bundles += 1;
        }
    }
    assert!(bundles >= 21, "{bundles} bundles");
}
