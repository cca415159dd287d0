use super::*;
use crate::crypto::{KeyType, PrivateKey, SigningKey};
use crate::trust::embedded_public_root;

fn text(source: &str, text: impl Into<Vec<u8>>) -> Option<PemText> {
    Some(PemText { source: source.to_owned(), text: text.into() })
}

/// The root, the intermediate and the timestamp leaf of the public instance, as PEM.
fn public() -> (TrustedRoot, String, String, String) {
    let root = embedded_public_root().unwrap();
    let fulcio = &root.certificate_authorities[1];
    let (anchor, intermediate) = (fulcio.anchors[0].to_pem(), fulcio.intermediates[0].to_pem());
    let leaf = root.timestamp_authorities[0].intermediates[0].to_pem();
    (root, anchor, intermediate, leaf)
}

fn shape(authority: &CertificateAuthority) -> (Vec<String>, Vec<String>) {
    let pem = |list: &[Certificate]| list.iter().map(Certificate::to_pem).collect();
    (pem(&authority.anchors), pem(&authority.intermediates))
}

#[test]
fn nothing_given_changes_nothing() {
    let overrides = PemOverrides::default();
    let root = overrides.apply(embedded_public_root().unwrap()).unwrap();
    assert_eq!(root, embedded_public_root().unwrap());
}

#[test]
fn root_file_takes_roots_and_intermediates_in_any_order() {
    let (base, root, intermediate, _) = public();
    for pem in [format!("{root}{intermediate}"), format!("{intermediate}\n{root}")] {
        let overrides =
            PemOverrides { root_file: text("SIGSTORE_ROOT_FILE", pem), ..PemOverrides::default() };
        let applied = overrides.apply(base.clone()).unwrap();
        let [authority] = applied.certificate_authorities.as_slice() else { panic!() };
        assert_eq!(shape(authority), (vec![root.clone()], vec![intermediate.clone()]));
        assert_eq!(authority.valid_for, Window::default());
        assert_eq!((&applied.logs, &applied.ct_logs), (&base.logs, &base.ct_logs));
        assert_eq!(applied.timestamp_authorities, base.timestamp_authorities);
        assert_eq!(
            applied.source,
            "the embedded public root of 2026-10-23 with certificate authorities from SIGSTORE_ROOT_FILE"
        );
    }
    let overrides =
        PemOverrides { root_file: text("SIGSTORE_ROOT_FILE", intermediate), ..PemOverrides::default() };
    assert_eq!(
        overrides.apply(base).unwrap_err().to_string(),
        "certificate chain: SIGSTORE_ROOT_FILE: no self-issued root certificate"
    );
}

#[test]
fn flags_win_over_the_variable() {
    let (base, root, intermediate, _) = public();
    let other = base.certificate_authorities[0].anchors[0].to_pem();
    let variable = text("SIGSTORE_ROOT_FILE", other.clone());
    let roots = PemOverrides {
        root_file: variable.clone(),
        ca_roots: text("--ca-roots", format!("{root}{other}")),
        ca_intermediates: text("--ca-intermediates", intermediate.clone()),
        ..PemOverrides::default()
    };
    let applied = roots.apply(base.clone()).unwrap();
    assert_eq!(
        shape(&applied.certificate_authorities[0]),
        (vec![root.clone(), other.clone()], vec![intermediate.clone()])
    );
    for (pem, want) in [
        (format!("{intermediate}{root}"), (vec![root.clone()], vec![intermediate.clone()])),
        (format!("{root}{intermediate}"), (vec![root.clone()], vec![intermediate.clone()])),
        (root.clone(), (vec![root.clone()], vec![])),
        (intermediate.clone(), (vec![intermediate.clone()], vec![])),
    ] {
        let chain = PemOverrides {
            root_file: variable.clone(),
            certificate_chain: text("--certificate-chain", pem),
            ..PemOverrides::default()
        };
        let applied = chain.apply(base.clone()).unwrap();
        assert_eq!(applied.certificate_authorities.len(), 1);
        assert_eq!(shape(&applied.certificate_authorities[0]), want);
    }
    let both = PemOverrides {
        ca_roots: text("--ca-roots", root.clone()),
        certificate_chain: text("--certificate-chain", root),
        ..PemOverrides::default()
    };
    assert_eq!(
        both.apply(base).unwrap_err().to_string(),
        "certificate authorities: given by --ca-roots and by --certificate-chain at once"
    );
}

/// A root that the user did not name as one is none: every anchor of `--ca-roots` is, and an intermediate is never.
#[test]
fn intermediates_never_become_anchors() {
    let (base, _, intermediate, _) = public();
    let overrides = PemOverrides {
        ca_intermediates: text("--ca-intermediates", intermediate),
        ..PemOverrides::default()
    };
    let applied = overrides.apply(base.clone()).unwrap();
    for (with, without) in applied.certificate_authorities.iter().zip(&base.certificate_authorities) {
        assert_eq!(with.anchors, without.anchors);
        assert_eq!(with.intermediates.len(), without.intermediates.len() + 1);
    }
}

#[test]
fn log_keys_replace_the_logs() {
    let (base, ..) = public();
    let [first, second] = [KeyType::P256, KeyType::Ed25519]
        .map(|kind| PrivateKey::generate(kind).unwrap().public_key().clone());
    let pem = format!("{}{}", first.to_pem(), second.to_pem());
    let overrides = PemOverrides {
        rekor_public_key: text("SIGSTORE_REKOR_PUBLIC_KEY", pem),
        ct_log_public_key: text("SIGSTORE_CT_LOG_PUBLIC_KEY_FILE", second.to_pem()),
        ..PemOverrides::default()
    };
    let applied = overrides.apply(base.clone()).unwrap();
    assert_eq!(applied.logs.len(), 2);
    assert_eq!((&applied.logs[0].key, &applied.logs[1].key), (&first, &second));
    assert_eq!(applied.logs[0].log_id, first.key_id());
    assert_eq!(applied.logs[0].valid_for, Window::default());
    assert_eq!(applied.ct_logs[0].key, second);
    assert_eq!(applied.certificate_authorities, base.certificate_authorities);

    let private = pem::encode("PRIVATE KEY", b"x");
    for bad in ["", "no PEM", private.as_str(), &pem::encode("PUBLIC KEY", b"x"), &first.to_pem().repeat(33)]
    {
        let overrides = PemOverrides {
            rekor_public_key: text("SIGSTORE_REKOR_PUBLIC_KEY", bad),
            ..PemOverrides::default()
        };
        let error = overrides.apply(base.clone()).unwrap_err();
        assert!(error.at.starts_with("SIGSTORE_REKOR_PUBLIC_KEY"), "{error}");
    }
}

#[test]
fn timestamp_chains_have_a_root_and_maybe_a_leaf() {
    let (base, _, _, leaf) = public();
    let root = base.timestamp_authorities[0].anchors[0].to_pem();
    for pem in [format!("{leaf}{root}"), format!("{root}{leaf}")] {
        let variable = PemOverrides {
            tsa_certificate: text("SIGSTORE_TSA_CERTIFICATE_FILE", pem.clone()),
            ..PemOverrides::default()
        };
        let flag = PemOverrides {
            tsa_certificate: text("SIGSTORE_TSA_CERTIFICATE_FILE", "not looked at"),
            timestamp_certificate_chain: text("--timestamp-certificate-chain", pem),
            ..PemOverrides::default()
        };
        for overrides in [variable, flag] {
            let applied = overrides.apply(base.clone()).unwrap();
            let [authority] = applied.timestamp_authorities.as_slice() else { panic!() };
            assert_eq!(shape(authority), (vec![root.clone()], vec![leaf.clone()]));
        }
    }
    let overrides = PemOverrides {
        timestamp_certificate_chain: text("--timestamp-certificate-chain", leaf),
        ..PemOverrides::default()
    };
    assert_eq!(
        overrides.apply(base).unwrap_err().to_string(),
        "certificate chain: --timestamp-certificate-chain: no self-issued root certificate"
    );
}
