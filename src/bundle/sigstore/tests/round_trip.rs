//! What is written is read back the same; what cosign writes is written the same.

use std::sync::Arc;

use proptest::prelude::*;

use super::super::*;
use super::{ALL, ATTESTATION, KEYLESS, parsed};

#[test]
fn cosigns_bytes_are_written_again() {
    for text in ALL {
        assert_eq!(encode(&decode(&parsed(text)).unwrap()), text);
    }
}

#[test]
fn what_has_no_place_in_v0_3_is_left_out() {
    let mut entity = decode(&parsed(KEYLESS)).unwrap();
    let VerificationMaterial::Certificate(chain) = &mut entity.material else { panic!() };
    chain.push(chain[0].clone());
    entity.detached_scts = vec![vec![1]];
    entity.profile = Profile::Legacy;
    assert_eq!(encode(&entity), KEYLESS);

    let digest = Some(HashAlgorithm::Sha224.digest(b"x"));
    entity.content = Content::Message { digest, signature: vec![1] };
    assert!(encode(&entity).contains(r#""messageSignature":{"messageDigest":{},"signature":"AQ=="}"#));
}

fn bytes(max: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 1..max)
}

fn content() -> impl Strategy<Value = Content> {
    let digest = prop::option::of((0..3usize, bytes(50)).prop_map(|(i, data)| {
        [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512][i].digest(&data)
    }));
    let message = (digest, bytes(100)).prop_map(|(digest, signature)| Content::Message { digest, signature });
    let envelope =
        (bytes(300), "\\PC{1,30}", ".{0,20}", bytes(100)).prop_map(|(payload, payload_type, keyid, sig)| {
            let signatures = vec![EnvelopeSignature { keyid, sig }];
            let parsed = Envelope { payload, payload_type, signatures };
            Content::Envelope(Arc::new(Raw { bytes: Vec::new(), parsed }))
        });
    prop_oneof![message, envelope]
}

fn material() -> impl Strategy<Value = VerificationMaterial> {
    let certificates: Vec<_> =
        [KEYLESS, ATTESTATION].map(|text| decode(&parsed(text)).unwrap().material).into_iter().collect();
    prop_oneof![
        ".{0,60}".prop_map(|hint| VerificationMaterial::PublicKey { hint, embedded: None }),
        prop::sample::select(certificates)
    ]
}

prop_compose! {
    fn inclusion_proof()(
        log_index in 0..=i64::MAX as u64,
        tree_size in 0..=i64::MAX as u64,
        root_hash in prop::array::uniform32(any::<u8>()),
        hashes in prop::collection::vec(prop::array::uniform32(any::<u8>()), 0..64),
        checkpoint in ".{1,80}",
    ) -> InclusionProof {
        InclusionProof {
            log_index,
            tree_size,
            root_hash: root_hash.to_vec(),
            hashes: hashes.iter().map(|h| h.to_vec()).collect(),
            checkpoint: Some(checkpoint),
        }
    }
}

prop_compose! {
    fn log_entry()(
        log_index in 0..=i64::MAX as u64,
        log_id in bytes(64),
        kind in ".{1,20}",
        version in ".{1,10}",
        integrated_time in prop::option::of(1..=i64::MAX),
        canonicalized_body in bytes(300),
        inclusion_promise in prop::option::of(bytes(80)),
        proof in inclusion_proof(),
    ) -> Entry {
        Entry {
            log_index,
            log_id,
            kind: Some(KindVersion { kind, version }),
            integrated_time: integrated_time.map(UnixTime::from_seconds),
            canonicalized_body,
            inclusion_promise,
            inclusion_proof: Some(proof),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn decoding_undoes_encoding(
        content in content(),
        material in material(),
        log_entries in prop::collection::vec(log_entry(), 0..4),
        timestamps in prop::collection::vec(bytes(200), 0..4),
    ) {
        let profile = Profile::Bundle(BundleVersion::V0_3);
        let entity =
            SignedEntity { content, material, log_entries, timestamps, detached_scts: Vec::new(), profile };
        let text = encode(&entity);
        prop_assert_eq!(decode(&parsed(&text)).unwrap(), entity.clone());
        prop_assert_eq!(crate::bundle::decode(text.as_bytes()).unwrap().entities, vec![entity]);
    }
}
