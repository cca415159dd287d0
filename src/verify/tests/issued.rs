//! What services have just issued, judged alone.

use super::*;
use crate::crypto::UnixTime;
use crate::verify::{Evidence, Rejection, Requirement, certificate, logged};
use crate::x509::issue::fixtures::{p256, second};

fn judged(
    world: &World,
    ct_logs: &[&'static str],
    detached: &[Vec<u8>],
    requirement: Requirement,
    now: i64,
) -> Result<usize, Rejection> {
    let leaf = world.certificate(&World::template(), p256("signer"), ct_logs);
    let (chain, scts) = certificate(&leaf, detached, requirement, &world.root, second(now))?;
    assert_eq!(chain.authority(), "https://fulcio.example");
    Ok(match scts {
        Evidence::Proven(scts) => scts.logs().count(),
        Evidence::Waived(_) => 0,
    })
}

fn code<T: std::fmt::Debug>(result: Result<T, Rejection>) -> &'static str {
    result.unwrap_err().reason().code()
}

#[test]
fn certificates() {
    let mut world = World::new();
    let one = Requirement::ONE;
    assert_eq!(judged(&world, &CT_LOGS[..1], &[], one, 10).unwrap(), 1);
    assert_eq!(judged(&world, &CT_LOGS, &[], TWO, 10).unwrap(), 2);
    assert_eq!(judged(&world, &[], &[], NO_SCT, 10).unwrap(), 0);
    assert_eq!(code(judged(&world, &[], &[], one, 10)), "sct-missing");
    assert_eq!(code(judged(&world, &CT_LOGS[..1], &[], TWO, 10)), "sct-missing");
    assert_eq!(code(judged(&world, &["stranger"], &[], one, 10)), "sct-missing");
    assert_eq!(code(judged(&world, &[], &[b"{".to_vec()], one, 10)), "sct-malformed");

    // Beside the certificate, and for another one.
    let leaf = world.certificate(&World::template(), p256("signer"), &[]);
    let sct = ct_log(CT_LOGS[0]).detached(&leaf).unwrap().to_json().into_bytes();
    let beside = |leaf: &_| certificate(leaf, std::slice::from_ref(&sct), one, &world.root, second(10));
    assert_eq!(beside(&leaf).unwrap().1.proven().unwrap().logs().count(), 1);
    let other = world.certificate(&World::template(), p256("other"), &[]);
    assert_eq!(code(beside(&other)), "sct-invalid");

    // What none has to vouch for, one that is trusted does not speak against.
    let waived = |leaf: &_| certificate(leaf, std::slice::from_ref(&sct), NO_SCT, &world.root, second(10));
    assert!(waived(&leaf).unwrap().1.proven().is_none());
    assert_eq!(code(waived(&other)), "sct-invalid");
    assert_eq!(judged(&world, &["stranger"], &[], NO_SCT, 10).unwrap(), 0);

    // A log that was not in use; no authority; no longer valid, not yet, and nearly.
    world.root.ct_logs[0].valid_for = window(1, 100);
    assert_eq!(code(judged(&world, &CT_LOGS[..1], &[], one, 10)), "sct-window");
    world.root.ct_logs[0].valid_for = window(-1, 100);
    assert_eq!(code(judged(&world, &CT_LOGS[..1], &[], one, 601)), "certificate-expired");
    assert_eq!(judged(&world, &CT_LOGS[..1], &[], one, -600).unwrap(), 1);
    assert_eq!(code(judged(&world, &CT_LOGS[..1], &[], one, -601)), "certificate-not-yet-valid");
    world.root.certificate_authorities[0].valid_for = window(20, 100);
    assert_eq!(code(judged(&world, &CT_LOGS[..1], &[], one, 10)), "no-authority");
    world.root.certificate_authorities.clear();
    assert_eq!(code(judged(&world, &CT_LOGS[..1], &[], one, 10)), "no-authority");
}

#[test]
fn entries() {
    for keyless in [Case::keyless(), Case::keyless_v2()] {
        let entry = keyless.entity.log_entries[0].clone();
        let mut root = keyless.world.root.clone();
        let found = logged(&entry, &root, second(10)).unwrap();
        let promised = entry.inclusion_promise.is_some();
        assert_eq!(found.time(), promised.then_some(second(0)));
        assert_eq!(found.index(), entry.log_index);
        assert!(root.logs.iter().any(|log| log.base_url == found.log()));

        let changed = |change: &dyn Fn(&mut crate::tlog::Entry)| {
            let mut bad = entry.clone();
            change(&mut bad);
            code(logged(&bad, &root, second(10)))
        };
        assert_eq!(changed(&|e| e.canonicalized_body.truncate(9)), "log-body");
        assert_eq!(changed(&|e| e.canonicalized_body.push(b' ')), "inclusion-proof");
        assert_eq!(changed(&|e| e.log_id[0] ^= 1), "log-unknown");
        assert_eq!(changed(&|e| e.inclusion_proof = None), "log-proof-missing");
        assert_eq!(changed(&|e| e.kind.as_mut().unwrap().version.push('1')), "log-kind");
        let other = |checkpoint: &str| checkpoint.replace('\u{2014}', "\u{2014} other");
        let spoil = |e: &mut crate::tlog::Entry| {
            let proof = e.inclusion_proof.as_mut().unwrap();
            proof.checkpoint = proof.checkpoint.as_deref().map(other);
        };
        assert!(changed(&spoil).starts_with("checkpoint-"));
        if promised {
            assert_eq!(
                changed(&|e| e.integrated_time = Some(UnixTime::from_seconds(1))),
                "inclusion-promise"
            );
            assert_eq!(changed(&|e| e.log_index += 1), "inclusion-promise");
            assert!(logged(&entry, &root, second(-300)).is_ok());
            assert_eq!(code(logged(&entry, &root, second(-301))), "time-in-future");
        }
        for log in &mut root.logs {
            log.valid_for = window(-100, -1);
        }
        assert_eq!(code(logged(&entry, &root, second(10))), "log-window");
    }
}
