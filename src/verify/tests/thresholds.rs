//! CVE-2026-49834 (sigstore-go): thresholds count distinct logs and authorities, not their statements.

use super::fixture::*;
use crate::verify::Requirement;
use crate::x509::issue::fixtures::{p256, second};

const THREE: Requirement = Requirement::Required { threshold: 3 };

#[test]
fn cve_2026_49834_two_entries_of_one_log() {
    let mut case = Case::keyless();
    case.policy.log = TWO;
    assert_eq!(case.code(), "log-entry-missing");
    case.also_log(V1, Kind::HashedRekord);
    assert_ne!(case.entity.log_entries[0], case.entity.log_entries[1]);
    assert_eq!(case.code(), "log-entry-missing");
    case.also_log(V1, Kind::Rekord);
    assert_eq!(case.code(), "log-entry-missing");
    case.also_log(OTHER_V1, Kind::HashedRekord);
    case.verdict().unwrap();
    case.policy.log = THREE;
    assert_eq!(case.code(), "log-entry-missing");
}

#[test]
fn cve_2026_49834_the_same_entry_twice() {
    let mut case = Case::keyless();
    case.entity.log_entries.push(case.entity.log_entries[0].clone());
    case.verdict().unwrap();
    case.policy.log = TWO;
    assert_eq!(case.code(), "log-entry-missing");
}

#[test]
fn two_logs_of_two_generations_are_two() {
    let mut case = Case::keyless();
    case.also_log(V2, Kind::HashedRekord);
    case.policy.log = TWO;
    let verified = case.verdict().unwrap();
    let entries: Vec<_> = verified.log().proven().unwrap().entries().collect();
    assert_eq!(entries, [("https://rekor.example", 1000), ("https://log2026-1.rekor.example", 0)]);
}

/// A log is its key, and a log is its address: neither makes it two.
#[test]
fn one_log_under_two_names_is_one() {
    let mut case = Case::keyless();
    case.also_log(OTHER_V1, Kind::HashedRekord);
    case.policy.log = TWO;
    case.verdict().unwrap();

    let mut same_address = case;
    same_address.world.root.logs[OTHER_V1].base_url = same_address.world.root.logs[V1].base_url.clone();
    assert_eq!(same_address.code(), "log-entry-missing");

    // The second entry of the log names it by another identifier that the root gives to the same key; the promise is over
    // that identifier.
    let mut same_key = Case::keyless();
    same_key.policy.log = TWO;
    let mut alias = same_key.world.root.logs[V1].clone();
    alias.base_url = "https://alias.example".into();
    alias.log_id = vec![7; 32];
    same_key.world.root.logs.push(alias);
    same_key.also_log(V1, Kind::HashedRekord);
    let mut entry = same_key.entity.log_entries.remove(1);
    entry.log_id = vec![7; 32];
    same_key.world.logs[V1].promise(&mut entry).unwrap();
    same_key.entity.log_entries.push(entry);
    assert_eq!(same_key.code(), "log-entry-missing");
    same_key.policy.log = Requirement::ONE;
    same_key.verdict().unwrap();
}

/// An entry that nobody can check counts for nothing, but it does not spoil the others.
#[test]
fn entries_of_unknown_logs_do_not_count() {
    let mut case = Case::keyless();
    case.also_log(OTHER_V1, Kind::HashedRekord);
    case.world.root.logs.remove(OTHER_V1);
    case.verdict().unwrap();
    case.policy.log = TWO;
    assert_eq!(case.code(), "log-unknown");
}

#[test]
fn cve_2026_49834_two_scts_of_one_log() {
    let once = Case::keyless().reissued(&World::template(), &[CT_LOGS[0]]);
    once.verdict().unwrap();

    let mut twice = once.reissued(&World::template(), &[CT_LOGS[0], CT_LOGS[0]]);
    twice.verdict().unwrap();
    twice.policy.sct = TWO;
    assert_eq!(twice.code(), "sct-missing");

    let two_logs = twice.reissued(&World::template(), &CT_LOGS);
    two_logs.verdict().unwrap();

    // One log, listed under two names: one voice.
    let mut one_address = two_logs;
    one_address.world.root.ct_logs[1].base_url = one_address.world.root.ct_logs[0].base_url.clone();
    assert_eq!(one_address.code(), "sct-missing");
}

/// An embedded SCT and a detached one of the same log are one voice, too; of two logs they are two.
#[test]
fn detached_scts_count_with_embedded_ones() {
    let mut case = Case::keyless();
    case.policy.sct = TWO;
    let leaf = case.signer.certificate.clone().unwrap();
    let tls = |name| {
        let sct = ct_log(name).detached(&leaf).unwrap();
        let millis = second(0).seconds() * 1000;
        let length = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
        let parts: [&[u8]; 7] = [
            &[0],
            &sct.log_id,
            &millis.to_be_bytes(),
            &[0, 0],
            &[sct.algorithm.0, sct.algorithm.1],
            &length(&sct.signature),
            &sct.signature,
        ];
        parts.concat()
    };
    case.entity.detached_scts = vec![tls(CT_LOGS[0])];
    assert_eq!(case.code(), "sct-missing");
    case.entity.detached_scts = vec![tls(CT_LOGS[1])];
    case.verdict().unwrap();
    *case.entity.detached_scts[0].last_mut().unwrap() ^= 1;
    assert_eq!(case.code(), "sct-invalid");
    // Waived, SCTs are not looked at.
    case.policy.sct = NO_SCT;
    case.verdict().unwrap();
}

#[test]
fn cve_2026_49834_two_timestamps_of_one_authority() {
    let mut case = Case::keyless();
    case.policy.timestamp = TWO;
    case.stamp(0, 0);
    case.stamp(0, 1);
    assert_ne!(case.entity.timestamps[0], case.entity.timestamps[1]);
    assert_eq!(case.code(), "timestamp-missing");
    case.stamp(1, 1);
    case.verdict().unwrap();
}

#[test]
fn one_authority_under_two_names_is_one() {
    let mut case = Case::keyless();
    case.policy.timestamp = TWO;
    case.stamp(0, -10);
    case.stamp(0, 10);
    // The root lists the authority once for each half of its life.
    let mut later = case.world.root.timestamp_authorities[0].clone();
    later.uri = "https://tsa.example/2".into();
    later.valid_for = window(1, 1000);
    case.world.root.timestamp_authorities[0].valid_for = window(-1000, 0);
    case.world.root.timestamp_authorities.push(later);
    assert_eq!(case.code(), "timestamp-missing");
    case.policy.timestamp = Requirement::ONE;
    case.verdict().unwrap();

    let mut same_address = Case::keyless();
    same_address.policy.timestamp = TWO;
    same_address.stamp(0, 0);
    same_address.stamp(1, 0);
    same_address.verdict().unwrap();
    same_address.world.root.timestamp_authorities[1].uri = "https://tsa.example".into();
    assert_eq!(same_address.code(), "timestamp-missing");
}

/// Timestamps of authorities that are not trusted say nothing, for or against.
#[test]
fn timestamps_of_unknown_authorities_do_not_count() {
    let mut case = Case::keyless();
    case.stamp(1, 0);
    case.world.root.timestamp_authorities.remove(1);
    case.verdict().unwrap();
    case.policy.timestamp = Requirement::ONE;
    assert_eq!(case.code(), "timestamp-missing");
}

#[test]
fn zero_is_no_threshold() {
    let mut case = Case::keyless();
    case.policy.log = Requirement::Required { threshold: 0 };
    case.verdict().unwrap();
    case.entity.log_entries.clear();
    assert_eq!(case.code(), "log-entry-missing");
    let mut case = Case::keyless();
    case.policy.timestamp = Requirement::Required { threshold: 0 };
    assert_eq!(case.code(), "timestamp-missing");
}

/// Many witnesses are judged up to the limit, and not beyond.
#[test]
fn cve_2024_45395_witnesses_are_limited() {
    let mut case = Case::keyless();
    case.entity.log_entries = vec![case.entity.log_entries[0].clone(); 32];
    case.verdict().unwrap();
    case.entity.log_entries = vec![case.entity.log_entries[0].clone(); 100_000];
    assert_eq!(case.code(), "too-many");
    let mut case = Case::keyless();
    case.stamp(0, 0);
    case.entity.timestamps = vec![case.entity.timestamps[0].clone(); 100_000];
    assert_eq!(case.code(), "too-many");
    let mut case = Case::keyless();
    let sct = vec![0; 100];
    case.entity.detached_scts = vec![sct; 33];
    assert_ne!(case.code(), "verified");
    let leaf = case.world.certificate(&World::template(), p256("signer"), &CT_LOGS[..1]);
    case.use_certificate(leaf);
    assert_ne!(case.code(), "verified");
}
