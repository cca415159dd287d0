//! When a signature was made, and who was to be relied on then.

use super::fixture::*;
use crate::bundle::{BundleVersion, Profile};
use crate::crypto::{HashAlgorithm, KeyType};
use crate::timestamp::issue as stamps;
use crate::trust::Window;
use crate::verify::{Evidence, Reason, Requirement, TimeSource, Waiver};
use crate::x509::issue::fixtures::{issued, p256, second, self_signed, span};
use crate::x509::issue::{ExtendedKeyUsage, Template};

fn sources(case: &Case) -> Vec<(i64, String)> {
    let verified = case.verdict().unwrap();
    let times = verified.time().proven().unwrap().iter();
    let name = |source: &TimeSource| match source {
        TimeSource::Log(log) => log.clone(),
        TimeSource::TimestampAuthority(authority) => authority.clone(),
        TimeSource::Now(_) => "now".to_owned(),
    };
    times.map(|t| (t.time.seconds() - second(0).seconds(), name(&t.source))).collect()
}

#[test]
fn times_are_those_that_somebody_signed() {
    assert_eq!(sources(&Case::keyless()), [(0, "https://rekor.example".to_owned())]);
    assert_eq!(sources(&Case::keyless_v2()), [(0, "https://tsa.example".to_owned())]);
    let mut both = Case::keyless();
    both.stamp(1, 5);
    let both = sources(&both);
    assert!(both.contains(&(0, "https://rekor.example".to_owned())), "{both:?}");
    assert!(both.contains(&(5, "https://other-tsa.example".to_owned())), "{both:?}");
}

/// sigstore-go pull request 51, the integration-time advisories: the time beside an inclusion proof is signed by nobody.
#[test]
fn integrated_time_without_a_promise_is_no_time() {
    let mut case = Case::keyless();
    case.entry().inclusion_promise = None;
    assert_eq!(case.code(), "no-trusted-time");
    // With a timestamp the entry is good for what it proves, and its time is still not used.
    case.stamp(0, 3);
    assert_eq!(sources(&case), [(3, "https://tsa.example".to_owned())]);
    case.entry().integrated_time = Some(second(500_000));
    assert_eq!(sources(&case), [(3, "https://tsa.example".to_owned())]);
    case.entry().integrated_time = None;
    case.verdict().unwrap();
}

/// The same for Rekor v2, whose entries have no time: one that is written in is not believed.
#[test]
fn integrated_time_of_rekor_v2_is_no_time() {
    let mut case = Case::keyless_v2();
    case.entry().integrated_time = Some(second(0));
    assert_eq!(sources(&case), [(0, "https://tsa.example".to_owned())]);
    case.entity.timestamps.clear();
    assert_eq!(case.code(), "no-trusted-time");
}

#[test]
fn a_promise_covers_time_index_log_and_body() {
    let forged: [fn(&mut crate::tlog::Entry); 3] =
        [|e| e.integrated_time = Some(second(1)), |e| e.integrated_time = None, |e| e.log_index += 1];
    for (i, forge) in forged.into_iter().enumerate() {
        let mut case = Case::keyless();
        forge(case.entry());
        assert_eq!(case.code(), "inclusion-promise", "{i}");
        // TOB-SIGSTORE-2: also when no log is demanded.
        case.policy.log = NO_LOG;
        assert_eq!(case.code(), "inclusion-promise", "{i}");
    }
}

/// A promise by another log's key, and one that some other key made.
#[test]
fn forged_promises_are_refused() {
    for policy in [Requirement::ONE, NO_LOG] {
        let mut case = Case::keyless();
        case.policy.log = policy;
        let mut entry = case.entry().clone();
        case.world.logs[OTHER_V1].promise(&mut entry).unwrap();
        *case.entry() = entry;
        assert_eq!(case.code(), "inclusion-promise");
        case.entry().inclusion_promise = Some(Vec::new());
        assert_eq!(case.code(), "inclusion-promise");
    }
}

#[test]
fn cve_2022_36056_corrupted_promise_with_a_key() {
    let mut case = Case::keyed();
    *case.entry().inclusion_promise.as_mut().unwrap().last_mut().unwrap() ^= 1;
    assert_eq!(case.code(), "inclusion-promise");
    case.policy.log = NO_LOG;
    assert_eq!(case.code(), "inclusion-promise");
}

/// TOB-SIGSTORE-7: there is no tolerance for times to come, whoever states them.
#[test]
fn times_in_the_future_are_refused() {
    let mut case = Case::keyless();
    case.now = second(0);
    case.verdict().unwrap();
    case.now = second(-1);
    assert_eq!(case.code(), "time-in-future");
    case.policy.log = NO_LOG;
    assert_eq!(case.code(), "time-in-future");

    let mut stamped = Case::keyless_v2();
    stamped.now = second(-1);
    assert_eq!(stamped.code(), "time-in-future");
    let mut keyed = Case::keyed();
    keyed.now = second(-1);
    assert_eq!(keyed.code(), "time-in-future");
}

#[test]
fn windows_include_both_ends() {
    type Row = (&'static str, fn() -> Case, fn(&mut Case, Window));
    let cases: [Row; 4] = [
        ("log-window", Case::keyless, |c, w| c.world.root.logs[V1].valid_for = w),
        ("sct-window", Case::keyless, |c, w| c.world.root.ct_logs[0].valid_for = w),
        ("timestamp-window", Case::keyless_v2, |c, w| {
            c.world.root.timestamp_authorities[0].valid_for = w;
        }),
        ("no-authority", Case::keyless, |c, w| c.world.root.certificate_authorities[0].valid_for = w),
    ];
    for (code, make, set) in cases {
        for (from, to, expected) in
            [(0, 0, "verified"), (-9, 0, "verified"), (0, 9, "verified"), (1, 9, code), (-9, -1, code)]
        {
            let mut case = make();
            set(&mut case, window(from, to));
            assert_eq!(case.code(), expected, "{code} {from} to {to}");
        }
        let mut open = make();
        set(&mut open, Window { start: Some(second(0)), end: None });
        open.verdict().unwrap();
    }
}

/// Rekor v2 states no time: its key has to be good at each time that others state, and not only now or only then.
#[test]
fn cve_2026_54787_the_window_of_a_log_is_put_to_the_verified_time() {
    let mut case = Case::keyless_v2();
    case.world.root.logs[V2].valid_for = window(-10, 10);
    case.verdict().unwrap();
    case.world.root.logs[V2].valid_for = window(1, JUDGED + 1);
    assert_eq!(case.code(), "log-window");
    case.world.root.logs[V2].valid_for = window(0, 10);
    case.stamp(1, 20);
    assert_eq!(case.code(), "log-window");
}

/// A key's signature in Rekor v2 without any time: then the log's key has to be good now.
#[test]
fn without_any_time_the_window_is_put_to_now() {
    let mut case = Case::keyed();
    case.relog(V2, Kind::HashedRekord);
    let verified = case.verdict().unwrap();
    assert!(matches!(verified.time(), Evidence::Waived(Waiver::NotNeeded(_))));
    case.world.root.logs[V2].valid_for = window(-10, JUDGED - 1);
    assert_eq!(case.code(), "log-window");
}

/// TOB-SIGSTORE-11: the windows of the authorities are not pooled.
#[test]
fn a_timestamp_is_put_to_the_window_of_its_own_authority() {
    let mut case = Case::keyless_v2();
    case.world.root.timestamp_authorities[0].valid_for = window(-10, -1);
    case.world.root.timestamp_authorities[1].valid_for = window(-10, 10);
    assert_eq!(case.code(), "timestamp-window");

    // Two authorities below one root, each with its own leaf and window.
    let mut siblings = Case::keyless_v2();
    let anchor = siblings.world.root.timestamp_authorities[0].anchors[0].clone();
    let life = span(-1_000_000, 1_000_000);
    let sibling =
        issued(&Template::time_stamping("sibling", life).serial(&[9]), "sibling", ("stamper root", &anchor));
    let authorities = &mut siblings.world.root.timestamp_authorities;
    authorities[1].anchors = vec![anchor];
    authorities[1].intermediates = vec![sibling];
    siblings.verdict().unwrap();
    siblings.world.root.timestamp_authorities[0].valid_for = window(-10, -1);
    assert_eq!(siblings.code(), "timestamp-window");
}

/// The same authority listed for two spans is asked in each.
#[test]
fn an_authority_may_have_two_windows() {
    let mut case = Case::keyless_v2();
    let mut later = case.world.root.timestamp_authorities[0].clone();
    case.world.root.timestamp_authorities[0].valid_for = window(-10, -1);
    later.valid_for = window(0, 10);
    case.world.root.timestamp_authorities.push(later);
    case.verdict().unwrap();
}

#[test]
fn authorities_without_certificates_are_passed_over() {
    let mut case = Case::keyless_v2();
    let root = &mut case.world.root;
    for authorities in [&mut root.timestamp_authorities, &mut root.certificate_authorities] {
        let mut empty = authorities[0].clone();
        empty.anchors.clear();
        empty.intermediates.clear();
        authorities.insert(0, empty);
    }
    case.verdict().unwrap();

    let mut nothing_else = Case::keyless();
    nothing_else.world.root.certificate_authorities[0].anchors.clear();
    assert_eq!(nothing_else.code(), "no-authority");
    let mut nothing_else = Case::keyless_v2();
    nothing_else.world.root.timestamp_authorities[0].anchors.clear();
    assert_ne!(nothing_else.code(), "verified");
    let mut nothing_at_all = Case::keyless();
    nothing_at_all.world.root = crate::trust::TrustedRoot::default();
    assert_eq!(nothing_at_all.code(), "log-unknown");
    nothing_at_all.policy.log = NO_LOG;
    assert_eq!(nothing_at_all.code(), "no-authority");
}

/// Replaces the intermediate (the same name and key) by one that lives from..to, and judges at second 0.
fn with_intermediate(mut case: Case, from: i64, to: i64) -> Case {
    let root = case.world.root.certificate_authorities[0].anchors[0].clone();
    let template = Template::intermediate("intermediate", ExtendedKeyUsage::CodeSigning, span(from, to));
    let short = issued(&template, "intermediate", ("root", &root));
    case.world.root.certificate_authorities[0].intermediates = vec![short];
    case
}

#[test]
fn cve_2026_24122_intermediate_expired_at_the_time_of_the_log() {
    with_intermediate(Case::keyless(), -100, 0).verdict().unwrap();
    assert_eq!(with_intermediate(Case::keyless(), -100, -1).code(), "certificate-expired");
    assert_eq!(with_intermediate(Case::keyless(), 1, 100).code(), "certificate-not-yet-valid");
}

#[test]
fn cve_2026_24122_intermediate_expired_at_the_time_of_the_timestamp() {
    with_intermediate(Case::keyless_v2(), -100, 0).verdict().unwrap();
    assert_eq!(with_intermediate(Case::keyless_v2(), -100, -1).code(), "certificate-expired");
    assert_eq!(with_intermediate(Case::keyless_v2(), 1, 100).code(), "certificate-not-yet-valid");
}

/// No log, no timestamp: now counts, for the leaf and for all above it.
#[test]
fn cve_2026_24122_intermediate_expired_now() {
    let unwitnessed = |now| {
        let mut case = Case::keyless();
        case.entity.log_entries.clear();
        case.policy.log = NO_LOG;
        case.now = second(now);
        case
    };
    assert_eq!(sources(&unwitnessed(500)), [(500, "now".to_owned())]);
    assert_eq!(unwitnessed(601).code(), "certificate-expired");
    assert_eq!(unwitnessed(-301).code(), "certificate-not-yet-valid");
    assert_eq!(with_intermediate(unwitnessed(500), -100, 499).code(), "certificate-expired");
    assert_eq!(with_intermediate(unwitnessed(500), 501, 600).code(), "certificate-not-yet-valid");
    with_intermediate(unwitnessed(500), -100, 500).verdict().unwrap();
}

#[test]
fn cve_2026_24122_root_expired() {
    let mut case = Case::keyless();
    let root = self_signed(&Template::root("root", span(-1000, -1)), "root");
    case.world.root.certificate_authorities[0].anchors = vec![root];
    assert_eq!(case.code(), "certificate-expired");
}

/// TOB-SIGSTORE-6, sigstore-conformance issue 404: the certificate has to be good at every verified time. (One good time
/// would satisfy the letter of the specification; whoever can choose which times to show must gain nothing by it.)
#[test]
fn every_verified_time_has_to_fit() {
    let mut case = Case::keyless();
    case.stamp(0, 600);
    case.verdict().unwrap();
    case.stamp(1, 601);
    assert_eq!(case.code(), "certificate-expired");
    case.entity.timestamps.remove(0);
    assert_eq!(case.code(), "certificate-expired");

    let mut early = Case::keyless();
    early.stamp(0, -301);
    assert_eq!(early.code(), "certificate-not-yet-valid");
}

/// A waived log does not make its times disappear: what is proven counts, the present does not.
#[test]
fn proven_times_count_also_with_the_log_waived() {
    let mut case = Case::keyless();
    case.policy.log = NO_LOG;
    assert_eq!(sources(&case), [(0, "https://rekor.example".to_owned())]);
    case.entity.log_entries.clear();
    assert_eq!(case.code(), "certificate-expired");
    case.stamp(0, 0);
    assert_eq!(sources(&case), [(0, "https://tsa.example".to_owned())]);
}

/// A timestamp that is there has to hold, whether or not one is demanded.
#[test]
fn timestamps_of_trusted_authorities_have_to_hold() {
    for faulty in [stamps::Fault::MessageDigestAttribute, stamps::Fault::ContentTypeAttribute] {
        let mut case = Case::keyless();
        let template = stamps::Template::new(&signature(&case.entity), second(0)).faulty(faulty.clone());
        let token = template.response(p256(STAMPERS[0]), &case.world.stampers[0]).unwrap();
        case.entity.timestamps = vec![token];
        assert_eq!(case.code(), "timestamp-invalid", "{faulty:?}");
    }
    // Signed by another key than the certificate's.
    let mut case = Case::keyless();
    let template = stamps::Template::new(&signature(&case.entity), second(0));
    case.entity.timestamps = vec![template.response(p256("signer"), &case.world.stampers[0]).unwrap()];
    assert_eq!(case.code(), "timestamp-invalid");
}

#[test]
fn the_authority_has_to_be_valid_at_its_own_time() {
    let mut case = Case::keyless_v2();
    let anchor = case.world.root.timestamp_authorities[0].anchors[0].clone();
    let expired =
        issued(&Template::time_stamping("stamper", span(-100, -1)), "stamper", ("stamper root", &anchor));
    case.world.root.timestamp_authorities[0].intermediates = vec![expired.clone()];
    case.world.stampers[0] = expired;
    case.entity.timestamps.clear();
    case.stamp(0, 0);
    let rejection = case.verdict().unwrap_err();
    assert!(rejection.to_string().contains("expired"), "{rejection}");
    assert_eq!(rejection.reason().code(), "timestamp-invalid");
}

/// cosign 2 timestamps the envelope of a legacy attestation as it is written, cosign 3 the signature in it. In a bundle it
/// is the signature only.
#[test]
fn legacy_attestations_are_stamped_over_the_envelope_or_the_signature() {
    let mut case = Case::plain_statement(KeyType::P256);
    case.policy.timestamp = Requirement::ONE;
    let envelope = case.envelope().bytes.clone();
    let payload = case.envelope().parsed.payload.clone();
    let raw = signature(&case.entity);
    let verdicts = |case: &mut Case, profile| {
        case.entity.profile = profile;
        [&raw[..], &envelope, &payload, b"", b"other"].map(|signed| {
            case.entity.timestamps = vec![case.world.stamp(0, signed, second(0))];
            case.code()
        })
    };
    let [ok, no] = ["verified", "timestamp-invalid"];
    assert_eq!(verdicts(&mut case, Profile::Legacy), [ok, ok, no, no, no]);
    for version in [BundleVersion::V0_1, BundleVersion::V0_2, BundleVersion::V0_3] {
        assert_eq!(verdicts(&mut case, Profile::Bundle(version)), [ok, no, no, no, no]);
    }
    // Where the bytes were not kept, a timestamp over nothing is not one over them.
    case.envelope().bytes.clear();
    assert_eq!(verdicts(&mut case, Profile::Legacy), [ok, no, no, no, no]);
}

/// For a plain signature it is the raw signature in every format.
#[test]
fn signatures_are_stamped_over_their_raw_bytes() {
    for profile in [Profile::Legacy, Profile::Bundle(BundleVersion::V0_3)] {
        let mut case = Case::plain(KeyType::P256);
        case.entity.profile = profile;
        case.stamp(0, 0);
        case.verdict().unwrap();
        for other in [ARTIFACT, b"", HashAlgorithm::Sha256.digest(ARTIFACT).bytes()] {
            case.entity.timestamps = vec![case.world.stamp(0, other, second(0))];
            assert_eq!(case.code(), "timestamp-invalid");
        }
    }
}

/// A log that demands nothing of the sort does not excuse a certificate without any trusted time.
#[test]
fn rekor_v2_alone_gives_no_time() {
    let mut case = Case::keyless_v2();
    case.entity.timestamps.clear();
    let rejection = case.verdict().unwrap_err();
    assert_eq!(*rejection.reason(), Reason::NoTime);
    // With the log waived it is judged now, and the certificate has expired.
    case.policy.log = NO_LOG;
    assert_eq!(case.code(), "certificate-expired");
}
