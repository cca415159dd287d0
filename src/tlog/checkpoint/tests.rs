use super::super::issue::IssuingLog;
use super::super::{vectors, verify_inclusion};
use super::*;
use crate::crypto::{PrivateKey, SigningKey, UnixTime};

const NOW: UnixTime = UnixTime::from_seconds(1_700_000_000);

fn text_of(entry: &super::super::Entry) -> &str {
    entry.inclusion_proof.as_ref().unwrap().checkpoint.as_deref().unwrap()
}

#[test]
fn real_checkpoints_and_proofs() {
    for (entry, name, key) in vectors::all() {
        let proof = entry.inclusion_proof.as_ref().unwrap();
        let checkpoint = Checkpoint::parse(text_of(&entry)).unwrap();
        assert_eq!(checkpoint.origin_name(), name);
        checkpoint.verify(name, &key).unwrap();
        assert!(checkpoint.verify(name, &key).is_ok());
        assert!(checkpoint.commits_to(proof));
        verify_inclusion(&entry.canonicalized_body, proof).unwrap();

        assert!(checkpoint.verify("rekor.example", &key).is_err());
        let other = vectors::key(if name == vectors::REKOR2 { vectors::REKOR1 } else { vectors::REKOR2 });
        assert!(matches!(checkpoint.verify(name, &other), Err(CheckpointError::UnknownKey { .. })));
        for change in [
            |p: &mut InclusionProof| p.tree_size += 1,
            |p: &mut InclusionProof| p.root_hash[0] ^= 1,
            |p: &mut InclusionProof| p.root_hash.clear(),
        ] {
            let mut other_tree = proof.clone();
            change(&mut other_tree);
            assert!(!checkpoint.commits_to(&other_tree));
        }
    }
}

#[test]
fn parts_of_a_real_checkpoint() {
    let old = Checkpoint::parse(text_of(&vectors::all()[0].0)).unwrap();
    assert_eq!(old.origin, "rekor.sigstore.dev - 2605736670972794746");
    assert_eq!(old.tree_size, 23_083_062);
    assert!(old.signed.ends_with(b"=\nTimestamp: 1689177396617352539\n"));
    assert_eq!(
        (old.signatures[0].name.as_str(), old.signatures[0].key_id),
        ("rekor.sigstore.dev", [0xc0, 0xd2, 0x3d, 0x6a])
    );

    let new = Checkpoint::parse(text_of(&vectors::all()[4].0)).unwrap();
    let names: Vec<_> = new.signatures.iter().map(|s| s.name.as_str()).collect();
    let witnesses = [
        "witness.stagemole.eu",
        "staging.witness.transparency.goog/ring-any-bells",
        "witness.navigli.sunlight.geomys.org",
    ];
    assert_eq!(names, [&[vectors::REKOR2][..], &witnesses].concat());
}

/// What the log signed cannot be changed, and what it did not sign does not count for it.
#[test]
fn changed_checkpoints() {
    for (entry, name, key) in vectors::all() {
        let text = text_of(&entry);
        for i in 0..text.find("\n\n").unwrap() {
            let mut bad = text.as_bytes().to_vec();
            bad[i] = if bad[i] == b'1' { b'2' } else { b'1' };
            let bad = String::from_utf8(bad).unwrap();
            assert!(Checkpoint::parse(&bad).map_or(true, |c| c.verify(name, &key).is_err()), "{bad}");
        }
        // An extension line that the log did not write.
        let longer = text.replacen("\n\n", "\nmore\n\n", 1);
        let error = Checkpoint::parse(&longer).unwrap().verify(name, &key);
        assert_eq!(error, Err(CheckpointError::Signature { name: name.into() }));
    }
}

#[test]
fn errors_say_what_is_wrong() {
    let (entry, name, key) = vectors::all()[1].clone();
    let checkpoint = Checkpoint::parse(text_of(&entry)).unwrap();
    let error = checkpoint.verify("rekor.example", &key).unwrap_err().to_string();
    assert_eq!(
        error,
        "the checkpoint is of the log `rekor.sigstore.dev - 1193050959916656506`, not of `rekor.example`"
    );
    let error = checkpoint.verify(name, &vectors::key(vectors::REKOR2)).unwrap_err().to_string();
    let text = "the checkpoint carries no signature by the key of the log `rekor.sigstore.dev`; its signature lines are of `rekor.sigstore.dev` (c0d23d6a)";
    assert_eq!(error, text);
}

/// A witness signs under the log's name, or the log's key signs as a witness: neither is the log's signature.
#[test]
fn cosignatures_are_not_the_logs_signature() {
    let key = || PrivateKey::from_pem(ED25519.as_bytes()).unwrap();
    let mut log = IssuingLog::rekor_v2("log.example", PrivateKey::generate(KeyType::Ed25519).unwrap());
    log.append(b"{}".to_vec(), NOW).unwrap();
    log.add_witness("log.example", key());
    let checkpoint = Checkpoint::parse(&log.checkpoint(NOW).unwrap()).unwrap();
    assert_eq!(checkpoint.signatures.len(), 2);
    checkpoint.verify("log.example", log.public_key()).unwrap();
    let witness = key();
    let error = checkpoint.verify("log.example", witness.public_key()).unwrap_err();
    assert!(matches!(error, CheckpointError::UnknownKey { .. }), "{error}");

    // Only the cosignature is left.
    let text = log.checkpoint(NOW).unwrap();
    let (head, lines) = text.split_once("\n\n").unwrap();
    let cosigned = format!("{head}\n\n{}\n", lines.lines().nth(1).unwrap());
    assert!(Checkpoint::parse(&cosigned).unwrap().verify("log.example", witness.public_key()).is_err());
    assert!(Checkpoint::parse(&cosigned).unwrap().verify("log.example", log.public_key()).is_err());
}

/// A line that claims the log's name and key and is false spoils the note, even beside a true one.
#[test]
fn a_false_line_spoils_the_note() {
    let mut log = IssuingLog::rekor_v2("log.example", PrivateKey::generate(KeyType::P256).unwrap());
    log.append(b"{}".to_vec(), NOW).unwrap();
    let (good, other) = (log.checkpoint(NOW).unwrap(), log.sign_note("other\n1\nAA==\n", NOW).unwrap());
    let line = other.lines().last().unwrap();
    let spoilt = Checkpoint::parse(&format!("{good}{line}\n")).unwrap();
    assert_eq!(
        spoilt.verify("log.example", log.public_key()),
        Err(CheckpointError::Signature { name: "log.example".into() })
    );
    // The same line under another name is nobody's.
    let renamed = format!("{good}{}\n", line.replace("log.example", "else.example"));
    Checkpoint::parse(&renamed).unwrap().verify("log.example", log.public_key()).unwrap();
}

#[test]
fn origins() {
    let (entry, ..) = vectors::all()[1].clone();
    let mut checkpoint = Checkpoint::parse(text_of(&entry)).unwrap();
    for (origin, name) in [
        ("a - 12", "a"),
        ("a - b - 12", "a - b"),
        ("a - ", "a - "),
        ("a - 1x", "a - 1x"),
        ("a -12", "a -12"),
        ("a", "a"),
    ] {
        checkpoint.origin = origin.into();
        assert_eq!(checkpoint.origin_name(), name);
    }
}

#[test]
fn not_a_checkpoint() {
    let good = text_of(&vectors::all()[4].0).to_owned();
    let line = good.lines().last().unwrap().to_owned();
    let refused = |text: &str, reason: &str| {
        let error = Checkpoint::parse(text).unwrap_err().to_string();
        assert!(error.starts_with("checkpoint: ") && error.contains(reason), "{error}: {text:?}");
    };
    refused("", "no blank line");
    refused(&good.replacen("\n\n", "\n", 1), "no blank line");
    refused(&good.replacen("\n\n", "\n\n\n", 1), "extension: is empty");
    refused(&good[..good.len() - 1], "do not end in a newline");
    refused(&good[..good.find("\n\n").unwrap() + 2], "signatures: are missing");
    refused(&format!("{good}\n"), "extension: is empty");
    refused(&good.replacen("log2025", "log\t2025", 1), "control characters");
    refused(&good.replace('\n', "\r\n"), "control characters");
    for size in ["04026479", "+4026479", "-1", "", "4026479 ", "0x10", "18446744073709551616", "4e6"] {
        refused(&good.replacen("\n4026479\n", &format!("\n{size}\n"), 1), "tree size");
    }
    refused(&good.replacen("5iaX4xK6PMnp4ZFTP4iywMcwLgaTjzgRTkrTOUFIrfY=", "AAAA", 1), "root hash");
    refused(&good.replacen("IrfY=", "IrfY", 1), "root hash");
    refused("\n1\n\n\u{2014} a AAAAAAA=\n", "origin: is missing or empty");
    refused("a\n1\n\n\u{2014} a AAAAAAA=\n", "root hash: is missing or empty");
    for bad in [
        "- log AAAAAAA=",
        "\u{2014}log AAAAAAA=",
        "\u{2014} log",
        "\u{2014}  AAAAAAA=",
        "\u{2014} lo+g AAAAAAA=",
        "\u{2014} lo\u{a0}g AAAAAAA=",
        "\u{2014} log AAAAAA==",
        "\u{2014} log AAAAAAA",
        "\u{2014} log AAAAAAA= ",
        "\u{2014} log AAAA_AA=",
    ] {
        refused(&format!("{good}{bad}\n"), "signatures[4]: is not");
    }
    refused(&format!("{good}{}", format!("{line}\n").repeat(61)), "are more than 64");
    Checkpoint::parse(&format!("{good}{}", format!("{line}\n").repeat(60))).unwrap();
    refused(&format!("{}{good}", "x".repeat(SIZE_LIMIT)), "the limit is 262144");
}

const ED25519: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
