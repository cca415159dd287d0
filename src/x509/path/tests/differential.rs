//! The same chains, judged by rustls-webpki.

use super::*;

fn webpki_accepts([leaf, intermediate, root]: &[Certificate; 3], time: UnixTime, usage: Usage) -> bool {
    use rustls_pki_types::CertificateDer;
    let oid: &[u8] = match usage {
        Usage::CodeSigning => oid::CODE_SIGNING.as_bytes(),
        Usage::TimeStamping => oid::TIME_STAMPING.as_bytes(),
    };
    let seconds = u64::try_from(time.seconds()).unwrap();
    let time = rustls_pki_types::UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    let (leaf, root) = (CertificateDer::from(leaf.der()), CertificateDer::from(root.der()));
    let intermediates = [CertificateDer::from(intermediate.der())];
    let Ok(anchor) = webpki::anchor_from_trusted_cert(&root) else { return false };
    let Ok(leaf) = webpki::EndEntityCert::try_from(&leaf) else { return false };
    let usage = webpki::KeyUsage::required_if_present(oid);
    let algorithms = webpki::ALL_VERIFICATION_ALGS;
    leaf.verify_for_usage(algorithms, &[anchor], &intermediates, time, usage, None, None).is_ok()
}

type Random<'a> = &'a mut dyn FnMut(usize) -> usize;

fn pick<T: Clone>(values: &[T], random: Random<'_>) -> T {
    values[random(values.len())].clone()
}

/// Changes one thing of one certificate; says which.
fn vary(chain: &mut Chain, random: Random<'_>) -> &'static str {
    use ExtendedKeyUsage::{Any, CodeSigning, ServerAuth};
    let template = match random(3) {
        0 => &mut chain.leaf,
        1 => &mut chain.intermediate,
        _ => &mut chain.root,
    };
    let critical = random(2) == 0;
    let (extension, what) = match random(8) {
        0 => {
            template.validity = pick(&[span(0, 49), span(51, 100), span(50, 50)], random);
            return "validity";
        }
        1 => (
            Extension::basic_constraints(critical, pick(&[None, Some(0), Some(1)], random)),
            "basic constraints",
        ),
        2 => {
            let uses: [&[_]; 4] = [&[CodeSigning], &[ServerAuth], &[ServerAuth, CodeSigning], &[Any]];
            (Extension::extended_key_usage(critical, pick(&uses, random)), "extended key usage")
        }
        3 => (Extension::custom("1.2.3.4", critical, vec![5, 0]), "unknown extension"),
        4 => {
            let range = Subtree::Ip(vec![192, 0, 2, 0, 255, 255, 255, 0]);
            let bases = [Subtree::Dns("example.com".into()), Subtree::Dns("b.example.com".into()), range];
            let base = [pick(&bases, random)];
            let (permitted, excluded): (&[_], &[_]) = if critical { (&base, &[]) } else { (&[], &base) };
            (Extension::name_constraints(permitted, excluded), "name constraints")
        }
        5 => {
            *template = template.clone().without("2.5.29.37");
            return "no extended key usage";
        }
        6 => {
            *template = template.clone().without("2.5.29.19");
            return "no basic constraints";
        }
        _ => (Extension::key_usage(&[KeyUsage::CertSign, KeyUsage::DigitalSignature]), "key usage"),
    };
    *template = template.clone().with(extension);
    what
}

/// SplitMix64, so that anyone gets the same chains.
fn generator(mut state: u64) -> impl FnMut(usize) -> usize {
    move |n| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % n as u64).unwrap()
    }
}

#[test]
fn webpki_agrees() {
    let mut random = generator(0x5eed);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..1500 {
        let mut chain = Chain::code_signing();
        let names =
            [San::Dns("a.example.com".into()), San::Dns("*.example.com".into()), San::Ip("192.0.2.1".into())];
        chain.leaf = Template::code_signing(&names[..=random(3)], span(0, 100));
        let variations: Vec<_> = (0..=random(3)).map(|_| vary(&mut chain, &mut random)).collect();
        let certificates = chain.certificates();
        let [leaf, intermediate, root] = &certificates;
        let (others, anchors) = (std::slice::from_ref(intermediate), std::slice::from_ref(root));
        let ours = verify(leaf, others, anchors, second(50), chain.usage);
        let theirs = webpki_accepts(&certificates, second(50), chain.usage);
        let uses = |c: &Certificate| c.constraints().extended_key_usage.clone().unwrap_or_default();
        let explained = match &ours {
            // webpki takes no authority for a leaf, and does not know anyExtendedKeyUsage; both are as Go has it here.
            Ok(_) => {
                leaf.is_ca()
                    || certificates.iter().any(|c| uses(c).contains(&Some(oid::ANY_EXTENDED_KEY_USAGE)))
            }
            // webpki looks at the anchor's name, key and name constraints and at nothing else of it.
            Err(
                PathError::Expired { subject, .. }
                | PathError::NotYetValid { subject, .. }
                | PathError::Usage { subject, .. }
                | PathError::Invalid { subject, .. },
            ) => *subject == root.subject(),
            Err(_) => false,
        };
        assert!(ours.is_ok() == theirs || explained, "{variations:?}: {ours:?}, webpki {theirs}");
        if ours.is_ok() { accepted += 1 } else { refused += 1 }
    }
    assert!(accepted > 200 && refused > 200, "{accepted} {refused}");
}
