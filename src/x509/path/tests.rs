use super::super::issue::fixtures::{issued, key, p256, second, self_signed, span};
use super::super::issue::{ExtendedKeyUsage, Extension, Issuer, KeyUsage, Subtree, Template};
use super::super::{SubjectAlternativeName as San, oid};
use super::*;
use crate::crypto::{KeyType, SigningKey};

mod differential;

/// A root, an intermediate and a leaf, of which one is to be changed. Valid from second 0 to second 100.
#[derive(Clone)]
struct Chain {
    root: Template,
    intermediate: Template,
    leaf: Template,
    usage: Usage,
}

impl Chain {
    fn code_signing() -> Self {
        Self {
            root: Template::root("root", span(0, 100)),
            intermediate: Template::intermediate("intermediate", ExtendedKeyUsage::CodeSigning, span(0, 100)),
            leaf: Template::code_signing(&[San::Email("a@example.com".to_owned())], span(0, 100)),
            usage: Usage::CodeSigning,
        }
    }

    fn time_stamping() -> Self {
        Self {
            intermediate: Template::intermediate(
                "intermediate",
                ExtendedKeyUsage::TimeStamping,
                span(0, 100),
            ),
            leaf: Template::time_stamping("authority", span(0, 100)),
            usage: Usage::TimeStamping,
            ..Self::code_signing()
        }
    }

    /// Leaf, intermediate, root.
    fn certificates(&self) -> [Certificate; 3] {
        let root = self_signed(&self.root, "root");
        let intermediate = issued(&self.intermediate, "intermediate", ("root", &root));
        let leaf = issued(&self.leaf, "leaf", ("intermediate", &intermediate));
        [leaf, intermediate, root]
    }

    fn verify(&self) -> Result<Path, PathError> {
        self.verify_at(50)
    }

    fn verify_at(&self, time: i64) -> Result<Path, PathError> {
        let [leaf, intermediate, root] = self.certificates();
        verify(&leaf, &[intermediate], &[root], second(time), self.usage)
    }

    /// The reason for a chain that is not sound for its form.
    #[track_caller]
    fn invalid(&self) -> String {
        match self.verify() {
            Err(PathError::Invalid { subject, reason }) => format!("{subject}: {reason}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn sound_chains_verify() {
    for chain in [Chain::code_signing(), Chain::time_stamping()] {
        let path = chain.verify().unwrap();
        let [leaf, intermediate, root] = chain.certificates();
        let subjects = |c: &[Certificate]| c.iter().map(Certificate::subject).collect::<Vec<_>>();
        assert_eq!(subjects(path.certificates()), subjects(&[leaf, intermediate.clone(), root]));
        assert_eq!(path.issuer().subject(), intermediate.subject());
    }
}

#[test]
fn chains_of_every_algorithm_verify_and_fail_when_a_byte_changes() {
    let rsa = |bits| KeyType::Rsa { bits };
    for kind in [KeyType::P256, KeyType::P384, KeyType::P521, rsa(2048), rsa(3072), KeyType::Ed25519] {
        let issuer = key(kind, "root");
        let root = Template::root("root", span(0, 100))
            .issue(issuer.public_key(), Issuer { key: issuer, certificate: None });
        let root = root.unwrap();
        let leaf = Chain::code_signing().leaf;
        let by_root = Issuer { key: issuer, certificate: Some(&root) };
        let leaf = leaf.issue(key(kind, "leaf").public_key(), by_root).unwrap();
        let check = |leaf: &Certificate| {
            verify(leaf, &[], std::slice::from_ref(&root), second(50), Usage::CodeSigning)
        };
        check(&leaf).unwrap();
        let mut der = leaf.der().to_vec();
        let position = der.windows(13).position(|w| w == b"a@example.com").unwrap();
        der[position] ^= 3;
        let changed = Certificate::from_der(&der).unwrap();
        assert!(matches!(check(&changed), Err(PathError::Signature { .. })), "{kind}");
    }
}

#[test]
fn validity_is_closed_at_both_ends_and_fractions_are_counted() {
    let chain = Chain::code_signing();
    chain.verify_at(0).unwrap();
    chain.verify_at(100).unwrap();
    let [leaf, intermediate, root] = chain.certificates();
    let late = UnixTime::new(second(100).seconds(), 1);
    let verdict = verify(&leaf, &[intermediate], &[root], late, Usage::CodeSigning);
    assert!(matches!(verdict, Err(PathError::Expired { not_after, .. }) if not_after == second(100)));
    assert!(
        matches!(chain.verify_at(-1), Err(PathError::NotYetValid { not_before, .. }) if not_before == second(0))
    );
}

#[test]
fn cve_2026_24122_every_certificate_of_the_path_is_valid_at_the_time() {
    type Pick = fn(&mut Chain) -> &mut Template;
    let picks: [(Pick, &str); 3] = [
        (|c| &mut c.leaf, "a@example.com"),
        (|c| &mut c.intermediate, "CN=intermediate,O=sandbox"),
        (|c| &mut c.root, "CN=root,O=sandbox"),
    ];
    for (pick, name) in picks {
        let mut chain = Chain::code_signing();
        pick(&mut chain).validity = span(0, 49);
        let expired = chain.verify().unwrap_err();
        assert!(matches!(&expired, PathError::Expired { subject, .. } if subject == name), "{expired}");
        pick(&mut chain).validity = span(51, 100);
        let early = chain.verify().unwrap_err();
        assert!(matches!(&early, PathError::NotYetValid { subject, .. } if subject == name), "{early}");
    }
}

#[test]
fn only_authorities_issue() {
    let sound = Chain::code_signing();
    let with =
        |extension| Chain { intermediate: sound.intermediate.clone().with(extension), ..sound.clone() };
    let without =
        |oid: &str| Chain { intermediate: sound.intermediate.clone().without(oid), ..sound.clone() };
    let not_ca = "CN=intermediate,O=sandbox: it is not a certification authority";
    assert_eq!(with(Extension::basic_constraints(false, None)).invalid(), not_ca);
    assert_eq!(without("2.5.29.19").invalid(), not_ca);
    let signs = with(Extension::key_usage(&[KeyUsage::DigitalSignature]));
    assert_eq!(
        signs.invalid(),
        "CN=intermediate,O=sandbox: its key usage does not include signing certificates"
    );
    without("2.5.29.15").verify().unwrap();
    let root =
        Chain { root: sound.root.clone().with(Extension::basic_constraints(false, None)), ..sound.clone() };
    assert_eq!(root.invalid(), "CN=root,O=sandbox: it is not a certification authority");
}

#[test]
fn path_lengths_bound_the_authorities_below() {
    let sound = Chain::code_signing();
    let limited = |n| Chain {
        root: sound.root.clone().with(Extension::basic_constraints(true, Some(n))),
        ..sound.clone()
    };
    limited(1).verify().unwrap();
    assert_eq!(limited(0).invalid(), "CN=root,O=sandbox: 1 authorities below it where it allows 0");

    // RFC 5280 section 4.2.1.9: self-issued certificates do not count.
    let root = self_signed(&limited(0).root, "root");
    let renewed = issued(&Template::root("root", span(0, 100)), "new-root", ("root", &root));
    let leaf = issued(&sound.leaf, "leaf", ("new-root", &renewed));
    verify(&leaf, &[renewed], &[root], second(50), Usage::CodeSigning).unwrap();
}

#[test]
fn versions() {
    let sound = Chain::code_signing();
    let first = |template: &Template| Template { version: 1, ..template.clone() };
    let leaf = Chain { leaf: first(&sound.leaf), ..sound.clone() };
    assert!(leaf.invalid().ends_with("version 1, not 3"));
    let intermediate = Chain { intermediate: first(&sound.intermediate), ..sound.clone() };
    assert!(intermediate.invalid().ends_with("version 1 cannot be a certification authority"));
    Chain { root: first(&sound.root), ..sound.clone() }.verify().unwrap();
}

#[test]
fn critical_extensions_are_understood_or_refused() {
    let sound = Chain::code_signing();
    let unknown = |critical| Extension::custom("1.2.3.4", critical, vec![5, 0]);
    type Pick = fn(&mut Chain) -> &mut Template;
    let picks: [Pick; 3] = [|c| &mut c.leaf, |c| &mut c.intermediate, |c| &mut c.root];
    for pick in picks {
        let mut chain = sound.clone();
        pick(&mut chain).extensions.push(unknown(true));
        assert!(chain.invalid().ends_with("unknown critical extension 1.2.3.4"));
        let mut chain = sound.clone();
        pick(&mut chain).extensions.push(unknown(false));
        chain.verify().unwrap();
    }
    let poison = Extension::custom(&oid::PRECERTIFICATE_POISON.to_string(), true, vec![5, 0]);
    let precertificate = Chain { leaf: sound.leaf.clone().with(poison), ..sound };
    assert_eq!(precertificate.invalid(), "a@example.com: it is a precertificate");
}

#[test]
fn usages_of_leaf_and_authorities() {
    use ExtendedKeyUsage::{Any, CodeSigning, ServerAuth, TimeStamping};
    let code = Chain::code_signing();
    let stamp = Chain::time_stamping();
    let leaf = |c: &Chain, critical, uses: &[_]| {
        let leaf = c.leaf.clone().with(Extension::extended_key_usage(critical, uses));
        Chain { leaf, ..c.clone() }.verify().map(drop)
    };
    let refused = |verdict: Result<(), PathError>| matches!(verdict, Err(PathError::Usage { .. }));
    assert!(leaf(&code, false, &[ServerAuth, CodeSigning]).is_ok() && leaf(&code, true, &[Any]).is_ok());
    assert!(refused(leaf(&code, false, &[ServerAuth])) && refused(leaf(&code, true, &[TimeStamping])));
    // RFC 5280 section 4.2.1.12, and Go's x509: no list allows all.
    Chain { leaf: code.leaf.clone().without("2.5.29.37"), ..code.clone() }.verify().unwrap();

    assert!(refused(leaf(&stamp, false, &[TimeStamping])), "not critical");
    assert!(refused(leaf(&stamp, true, &[TimeStamping, CodeSigning])), "not the only one");
    assert!(refused(leaf(&stamp, true, &[Any])) && refused(leaf(&stamp, true, &[CodeSigning])));
    let none = Chain { leaf: stamp.leaf.clone().without("2.5.29.37"), ..stamp.clone() };
    assert!(refused(none.verify().map(drop)));

    for (chain, other) in [(code.clone(), TimeStamping), (stamp, CodeSigning)] {
        let intermediate = |uses: &[_]| {
            let extension = Extension::extended_key_usage(false, uses);
            Chain { intermediate: chain.intermediate.clone().with(extension), ..chain.clone() }
                .verify()
                .map(drop)
        };
        assert!(refused(intermediate(&[other])) && intermediate(&[other, Any]).is_ok());
        let root = chain.root.clone().with(Extension::extended_key_usage(false, &[other]));
        assert!(refused(Chain { root, ..chain.clone() }.verify().map(drop)));
    }
    let encipher = code.leaf.clone().with(Extension::key_usage(&[KeyUsage::KeyEncipherment]));
    assert!(refused(Chain { leaf: encipher, ..code }.verify().map(drop)));
}

#[test]
fn unknown_issuers_and_wrong_keys() {
    let chain = Chain::code_signing();
    let [leaf, intermediate, root] = chain.certificates();
    let check = |others: &[Certificate], anchors: &[Certificate]| {
        verify(&leaf, others, anchors, second(50), Usage::CodeSigning).unwrap_err()
    };
    let unknown =
        |e: &PathError, name: &str| matches!(e, PathError::UnknownIssuer { subject, .. } if subject == name);
    assert!(unknown(&check(&[], std::slice::from_ref(&root)), "a@example.com"));
    assert!(unknown(&check(&[], &[]), "a@example.com"));
    assert!(unknown(&check(std::slice::from_ref(&intermediate), &[]), "CN=intermediate,O=sandbox"));
    // A root among the intermediates is not an anchor.
    assert!(unknown(&check(&[intermediate.clone(), root.clone()], &[]), "CN=root,O=sandbox"));

    let impostor = self_signed(&chain.root, "impostor");
    let wrong = check(std::slice::from_ref(&intermediate), std::slice::from_ref(&impostor));
    assert!(matches!(wrong, PathError::Signature { subject, .. } if subject == "CN=intermediate,O=sandbox"));
    // One authority of the name is the right one.
    let both = [impostor, root.clone()];
    verify(&leaf, std::slice::from_ref(&intermediate), &both, second(50), Usage::CodeSigning).unwrap();
    // An intermediate can be an anchor.
    let path = verify(&leaf, &[root], &[intermediate], second(50), Usage::CodeSigning).unwrap();
    assert_eq!(path.certificates().len(), 2);
}

#[test]
fn weak_signature_algorithms_are_refused() {
    let rsa = key(KeyType::Rsa { bits: 2048 }, "root");
    let root =
        Template::root("root", span(0, 100)).issue(rsa.public_key(), Issuer { key: rsa, certificate: None });
    let root = root.unwrap();
    let leaf = Chain::code_signing().leaf;
    let leaf =
        leaf.issue_der(p256("leaf").public_key(), Issuer { key: rsa, certificate: Some(&root) }).unwrap();
    let sha256_with_rsa = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b";
    // MD5, SHA-1, and SHA-224 with RSA.
    for last in [4, 5, 14] {
        let mut der = leaf.clone();
        let places: Vec<_> = (0..der.len() - 9).filter(|i| der[*i..].starts_with(sha256_with_rsa)).collect();
        assert_eq!(places.len(), 2);
        places.iter().for_each(|i| der[i + 8] = last);
        let weak = Certificate::from_der(&der).unwrap();
        let verdict = verify(&weak, &[], std::slice::from_ref(&root), second(50), Usage::CodeSigning);
        let Err(PathError::Invalid { reason, .. }) = verdict else { panic!("{verdict:?}") };
        assert!(reason.contains(&format!("1.2.840.113549.1.1.{last} is not accepted")), "{reason}");
    }
}

#[test]
fn rsa_pss() {
    let chain = super::super::tests::chain("rsa-pss.pem");
    let verdict = |leaf: &Certificate| {
        let time = UnixTime::parse_rfc3339("2026-01-01T00:00:00Z").unwrap();
        verify(leaf, &[], &chain[3..], time, Usage::CodeSigning)
    };
    for leaf in &chain[..2] {
        verdict(leaf).unwrap();
    }
    let short_salt = verdict(&chain[2]);
    assert!(
        matches!(&short_salt, Err(PathError::Invalid { reason, .. }) if reason.contains("RSA-PSS")),
        "{short_salt:?}"
    );
}

#[test]
fn a_self_signed_leaf_has_to_be_an_anchor() {
    let template = Chain::code_signing().leaf.with(Extension::basic_constraints(true, None));
    let leaf = self_signed(&template, "leaf");
    let check = |anchors: &[Certificate], time| verify(&leaf, &[], anchors, second(time), Usage::CodeSigning);
    let path = check(std::slice::from_ref(&leaf), 50).unwrap();
    assert_eq!((path.certificates(), path.issuer()), (std::slice::from_ref(&leaf), &leaf));
    assert!(matches!(check(std::slice::from_ref(&leaf), 101), Err(PathError::Expired { .. })));
    assert!(matches!(check(&[], 50), Err(PathError::UnknownIssuer { .. })));
    // The same names, another key: its signature is over other bytes.
    let other = self_signed(&template, "other");
    assert!(matches!(check(&[other], 50), Err(PathError::Signature { .. })));

    // Named as an anchor, but signed by another key.
    let key = Issuer { key: p256("other"), certificate: None };
    let forged = template.issue(p256("leaf").public_key(), key).unwrap();
    let verdict = verify(&forged, &[], std::slice::from_ref(&forged), second(50), Usage::CodeSigning);
    assert!(matches!(verdict, Err(PathError::Signature { .. })), "{verdict:?}");
    let stamping = verify(&leaf, &[], std::slice::from_ref(&leaf), second(50), Usage::TimeStamping);
    assert!(matches!(stamping, Err(PathError::Usage { .. })));
}

#[test]
fn the_most_specific_reason_is_given() {
    let chain = Chain::code_signing();
    let [leaf, intermediate, root] = chain.certificates();
    let impostor = self_signed(&chain.root, "impostor");
    let old = issued(
        &Template { validity: span(0, 10), ..chain.intermediate.clone() },
        "intermediate",
        ("root", &root),
    );
    let check = |others: &[Certificate], anchors: &[Certificate]| {
        verify(&leaf, others, anchors, second(50), Usage::CodeSigning)
    };
    for others in [[old.clone(), intermediate.clone()], [intermediate.clone(), old.clone()]] {
        check(&others, std::slice::from_ref(&root)).unwrap();
    }
    let verdict = check(&[old], &[impostor, root]);
    assert!(matches!(verdict, Err(PathError::Expired { .. })), "{verdict:?}");
}

#[test]
fn searches_end() {
    let chain = Chain::code_signing();
    // Two authorities that issue to each other, and one to itself.
    let a = self_signed(&Template::root("a", span(0, 100)), "a");
    let b = issued(&Template::root("b", span(0, 100)), "b", ("a", &a));
    let a_by_b = issued(&Template::root("a", span(0, 100)), "a", ("b", &b));
    let leaf = issued(&chain.leaf, "leaf", ("a", &a));
    let verdict = verify(&leaf, &[a, b, a_by_b], &[], second(50), Usage::CodeSigning);
    assert!(matches!(verdict, Err(PathError::UnknownIssuer { .. })), "{verdict:?}");

    // 10,000 authorities of one name and different keys.
    let [leaf, intermediate, root] = chain.certificates();
    let others: Vec<_> = (0..10_000u32)
        .map(|n| {
            let mut der = intermediate.der().to_vec();
            let key = intermediate.spki();
            let place = der.windows(key.len()).position(|w| w == key).unwrap() + key.len() - 4;
            der[place..place + 4].copy_from_slice(&n.to_be_bytes());
            Certificate::from_der(&der).unwrap()
        })
        .collect();
    let verdict = verify(&leaf, &others, std::slice::from_ref(&root), second(50), Usage::CodeSigning);
    assert!(matches!(verdict, Err(PathError::Budget { .. })), "{verdict:?}");
    // The key identifier leads to the right one. Here all have it, so the right one has to be among the first.
    let found = [std::slice::from_ref(&intermediate), &others].concat();
    verify(&leaf, &found, &[root], second(50), Usage::CodeSigning).unwrap();
}

#[test]
fn same_key_candidates_multiply_without_end() {
    // Every one of 40 certificates of one name and key is an issuer of each other's subject: the search stops itself.
    let chain = Chain::code_signing();
    let names = ["x", "y", "z", "v", "w"];
    let mut others = Vec::new();
    let tops: Vec<_> = names.iter().map(|n| self_signed(&Template::root(n, span(0, 100)), n)).collect();
    for (name, _) in names.iter().zip(&tops) {
        for (issuer, top) in names.iter().zip(&tops) {
            for serial in 1..4 {
                let template = Template::root(name, span(0, 100)).serial(&[serial]);
                others.push(issued(&template, name, (issuer, top)));
            }
        }
    }
    let leaf = issued(&chain.leaf, "leaf", ("x", &tops[0]));
    let verdict = verify(&leaf, &others, &[], second(50), Usage::CodeSigning);
    assert!(matches!(verdict, Err(PathError::Budget { steps: MAX_SIGNATURES })), "{verdict:?}");
}

#[test]
fn paths_have_a_longest_length() {
    let names = ["n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9", "n10"];
    let root = self_signed(&Template::root(names[0], span(0, 100)), names[0]);
    let mut chain = vec![root.clone()];
    for pair in names.windows(2) {
        let issuer = chain.last().unwrap().clone();
        chain.push(issued(&Template::root(pair[1], span(0, 100)), pair[1], (pair[0], &issuer)));
    }
    let leaf = |n: usize| issued(&Chain::code_signing().leaf, "leaf", (names[n], &chain[n]));
    let check =
        |n| verify(&leaf(n), &chain[1..], std::slice::from_ref(&root), second(50), Usage::CodeSigning);
    assert_eq!(check(8).unwrap().certificates().len(), MAX_LENGTH);
    assert!(matches!(check(9), Err(PathError::Budget { .. })));
}

#[test]
fn name_constraints_of_every_kind_cve_2026_27137() {
    let email = |v: &str| San::Email(v.to_owned());
    let subtree = |v: &str| Subtree::Email(v.to_owned());
    let uri = |v: &str| San::Uri(v.to_owned());
    let dns = |v: &str| San::Dns(v.to_owned());
    let ip = |v: &str| San::Ip(v.to_owned());
    let range = Subtree::Ip(vec![192, 0, 2, 0, 255, 255, 255, 0]);
    let other = San::Other("user!domain".to_owned());
    /// Names of the leaf, permitted, excluded, whether that is sound.
    type Case = (Vec<San>, Vec<Subtree>, Vec<Subtree>, bool);
    let cases: Vec<Case> = vec![
        (vec![email("a@example.com")], vec![subtree("example.com")], vec![], true),
        (vec![email("a@EXAMPLE.COM")], vec![subtree("example.com")], vec![], true),
        (vec![email("a@example.org")], vec![subtree("example.com")], vec![], false),
        (vec![email("a@example.com"), email("a@example.org")], vec![subtree("example.com")], vec![], false),
        (vec![email("a@example.com")], vec![], vec![subtree("example.com")], false),
        (vec![email("a@Example.Com")], vec![], vec![subtree("example.com")], false),
        (
            vec![email("a@example.com")],
            vec![subtree("a@example.com"), subtree("b@example.com")],
            vec![],
            true,
        ),
        (
            vec![email("b@example.com")],
            vec![subtree("a@example.com"), subtree("b@example.com")],
            vec![],
            true,
        ),
        (
            vec![email("c@example.com")],
            vec![subtree("a@example.com"), subtree("b@example.com")],
            vec![],
            false,
        ),
        (
            vec![email("a@example.com")],
            vec![],
            vec![subtree("a@example.com"), subtree("b@example.com")],
            false,
        ),
        (vec![email("\"x\"@example.com")], vec![], vec![subtree("example.org")], false),
        // A constraint of one kind says nothing of the others.
        (vec![uri("https://example.org/x")], vec![subtree("example.com")], vec![], true),
        (vec![uri("https://example.com/x")], vec![Subtree::Uri("example.com".into())], vec![], true),
        (vec![uri("https://example.org/x")], vec![Subtree::Uri("example.com".into())], vec![], false),
        (vec![uri("urn:x")], vec![], vec![Subtree::Uri("example.com".into())], false),
        (vec![dns("a.example.com")], vec![Subtree::Dns("example.com".into())], vec![], true),
        (vec![dns("*.EXAMPLE.com")], vec![], vec![Subtree::Dns("test.example.com".into())], false),
        (vec![dns("*.example.com")], vec![Subtree::Dns("test.example.com".into())], vec![], false),
        (vec![ip("192.0.2.7")], vec![range.clone()], vec![], true),
        (vec![ip("192.0.3.7")], vec![range.clone()], vec![], false),
        (vec![ip("192.0.2.7")], vec![], vec![range.clone()], false),
        (vec![ip("2001:db8::1")], vec![range], vec![], false),
        (vec![other.clone()], vec![Subtree::Other("user!domain".into())], vec![], false),
        (vec![other.clone()], vec![], vec![Subtree::Other("other".into())], false),
        (vec![other], vec![subtree("example.com")], vec![], true),
    ];
    for (names, permitted, excluded, sound) in cases {
        let mut chain = Chain::code_signing();
        chain.leaf = Template::code_signing(&names, span(0, 100));
        let constraints = Extension::name_constraints(&permitted, &excluded);
        for at_root in [true, false] {
            let mut chain = chain.clone();
            let authority = if at_root { &mut chain.root } else { &mut chain.intermediate };
            *authority = authority.clone().with(constraints.clone());
            let verdict = chain.verify();
            assert_eq!(verdict.is_ok(), sound, "{names:?} {permitted:?} {excluded:?}: {verdict:?}");
            if let Err(error) = verdict {
                assert!(error.to_string().contains("name constraints of"), "{error}");
            }
        }
    }
}

#[test]
fn name_constraints_hold_for_subjects_and_for_authorities_between() {
    let organization = |v: &str| Subtree::Organization(v.to_owned());
    let mut chain = Chain::code_signing();
    let constrain = |chain: &Chain, permitted: &[Subtree], excluded: &[Subtree]| {
        let root = chain.root.clone().with(Extension::name_constraints(permitted, excluded));
        Chain { root, ..chain.clone() }
    };
    chain.leaf.organization = "sandbox".to_owned();
    constrain(&chain, &[organization("Sandbox")], &[]).verify().unwrap();
    assert!(
        constrain(&chain, &[organization("other")], &[]).invalid().contains("`CN=intermediate,O=sandbox`")
    );
    assert!(constrain(&chain, &[], &[organization("SANDBOX")]).verify().is_err());
    chain.leaf.organization = "other".to_owned();
    assert!(
        constrain(&chain, &[organization("sandbox")], &[])
            .invalid()
            .contains("directory name `O=other` is outside")
    );
    // Equality beyond ASCII is not decided, so that it neither permits nor escapes.
    chain.leaf.organization = "Straße".to_owned();
    assert!(constrain(&chain, &[], &[organization("Strasse")]).verify().is_err());

    // RFC 5280 section 4.2.1.10: addresses in the subject count where there is no subject alternative name.
    chain.leaf.organization = String::new();
    chain.leaf.email_address = "a@example.org".to_owned();
    let permitted = [Subtree::Email("example.com".to_owned())];
    constrain(&chain, &permitted, &[]).verify().unwrap();
    chain.leaf = chain.leaf.without("2.5.29.17");
    assert!(constrain(&chain, &permitted, &[]).invalid().contains("`a@example.org` is outside"));
}

#[test]
fn malformed_constraints_refuse() {
    let chain = Chain::code_signing();
    let with = |value: Vec<u8>| {
        let root = chain.root.clone().with(Extension::custom("2.5.29.30", true, value));
        Chain { root, ..chain.clone() }.verify()
    };
    for value in [
        vec![],
        vec![0x30, 0],
        vec![0x30, 2, 0xa0, 0],
        // minimum 1
        b"\x30\x0a\xa0\x08\x30\x06\x82\x01a\x80\x01\x01".to_vec(),
        // maximum 1
        b"\x30\x0a\xa0\x08\x30\x06\x82\x01a\x81\x01\x01".to_vec(),
        // an address without a mask
        b"\x30\x0a\xa0\x08\x30\x06\x87\x04\xc0\x00\x02\x00".to_vec(),
    ] {
        let verdict = with(value.clone());
        assert!(matches!(verdict, Err(PathError::Invalid { .. })), "{value:x?}: {verdict:?}");
    }
    with(b"\x30\x07\xa0\x05\x30\x03\x82\x01a".to_vec()).unwrap();
}

#[test]
fn comparisons_of_names_are_bounded() {
    let names: Vec<_> = (0..1500).map(|n| San::Dns(format!("a{n}.example.com"))).collect();
    let subtrees: Vec<_> = (0..1500).map(|n| Subtree::Dns(format!("b{n}.example.com"))).collect();
    let mut chain = Chain::code_signing();
    chain.leaf = Template::code_signing(&names, span(0, 100));
    chain.root = chain.root.with(Extension::name_constraints(&[], &subtrees));
    let verdict = chain.verify();
    assert!(matches!(verdict, Err(PathError::Budget { .. })), "{verdict:?}");
}
