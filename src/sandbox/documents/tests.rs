use super::*;
use crate::crypto::{KeyType, PrivateKey, SigningKey as _, sha256};
use crate::trust::TrustedRoot;
use crate::x509::issue::{ExtendedKeyUsage, Issuer, Template, Validity};

fn addresses() -> Addresses {
    Addresses::new(
        Service::ALL
            .into_iter()
            .zip(4001..)
            .map(|(service, port)| (service, format!("http://127.0.0.1:{port}"))),
    )
}

fn authorities() -> Authorities {
    let validity = Validity {
        not_before: UnixTime::from_seconds(1_700_000_000),
        not_after: UnixTime::from_seconds(2_000_000_000),
    };
    let key = || PrivateKey::generate(KeyType::P256).unwrap();
    let chain = |name: &str, leaf: Option<Template>| {
        let (root_key, key, leaf_key) = (key(), key(), key());
        let root = Template::root(name, validity)
            .issue(root_key.public_key(), Issuer { key: &root_key, certificate: None })
            .unwrap();
        let issuer = Issuer { key: &root_key, certificate: Some(&root) };
        let usage =
            if leaf.is_some() { ExtendedKeyUsage::TimeStamping } else { ExtendedKeyUsage::CodeSigning };
        let intermediate =
            Template::intermediate(name, usage, validity).issue(key.public_key(), issuer).unwrap();
        let issuer = Issuer { key: &key, certificate: Some(&intermediate) };
        let leaf = leaf.map(|leaf| leaf.issue(leaf_key.public_key(), issuer).unwrap());
        leaf.into_iter().chain([intermediate, root]).collect()
    };
    let log = || {
        let key = key().public_key().clone();
        LogKey { id: sha256(key.spki_der()).to_vec(), key }
    };
    Authorities {
        since: UnixTime::from_seconds(1_700_000_000),
        fulcio: chain("sandbox", None),
        ct: log(),
        rekor: log(),
        rekor2: log(),
        tsa: chain("sandbox tsa", Some(Template::time_stamping("sandbox tsa", validity))),
    }
}

#[test]
fn the_trusted_root_says_what_there_is_and_nothing_is_left_out() {
    let (addresses, authorities) = (addresses(), authorities());
    let documents = Documents::new(&addresses, &authorities);
    let text = documents.file("trusted_root.json").unwrap();
    let root = TrustedRoot::from_json(text.as_bytes(), "sandbox").unwrap();
    assert_eq!(root.skipped, [""; 0]);
    assert_eq!(root.logs.len(), 2);
    for (log, (service, own)) in root.logs.iter().chain(&root.ct_logs).zip([
        (Service::RekorV1, &authorities.rekor),
        (Service::RekorV2, &authorities.rekor2),
        (Service::Ct, &authorities.ct),
    ]) {
        assert_eq!((&log.base_url[..], &log.key, &log.log_id), (addresses.url(service), &own.key, &own.id));
        assert_eq!(log.valid_for, Window { start: Some(authorities.since), end: None });
        assert_eq!(log.checkpoint_name(), "127.0.0.1");
    }
    let fulcio = &root.certificate_authorities[0];
    assert_eq!((&fulcio.intermediates[..], &fulcio.anchors[..]), authorities.fulcio.split_at(1));
    let tsa = &root.timestamp_authorities[0];
    assert_eq!((&tsa.intermediates[..], &tsa.anchors[..]), authorities.tsa.split_at(2));
    assert_eq!(tsa.uri, format!("{}/api/v1/timestamp", addresses.url(Service::Tsa)));
}

#[test]
fn each_signing_config_names_one_log() {
    let (addresses, authorities) = (addresses(), authorities());
    let documents = Documents::new(&addresses, &authorities);
    for (file, service, version) in
        [("signing_config.json", Service::RekorV1, 1), ("signing_config.rekor2.json", Service::RekorV2, 2)]
    {
        let config = SigningConfig::from_json(documents.file(file).unwrap().as_bytes()).unwrap();
        let logs: Vec<_> = config.logs.iter().map(|log| (&log.url[..], log.major_api_version)).collect();
        assert_eq!(logs, [(addresses.url(service), version)]);
        assert_eq!(config.oidc_providers[0].url, addresses.url(Service::Oidc));
        assert!(config.certificate_authorities[0].valid_for.contains(authorities.since));
    }
    let config: Value = serde_json::from_str(documents.file("client_trust_config.json").unwrap()).unwrap();
    for (member, file) in [("trustedRoot", "trusted_root.json"), ("signingConfig", "signing_config.json")] {
        let alone: Value = serde_json::from_str(documents.file(file).unwrap()).unwrap();
        assert_eq!(config[member], alone);
    }
}

#[test]
fn older_clients_find_every_certificate_and_key_by_its_use() {
    let documents = Documents::new(&addresses(), &authorities());
    let targets = documents.targets();
    let uses: Vec<(&str, &str)> = targets
        .iter()
        .filter_map(|target| Some((target.custom.get("sigstore")?["usage"].as_str()?, &target.name[..])))
        .collect();
    let expected = [
        ("Rekor", "rekor.pub"),
        ("CTFE", "ctfe.pub"),
        ("Fulcio", "fulcio_v1.crt.pem"),
        ("Fulcio", "fulcio_intermediate_v1.crt.pem"),
        ("TSA", "tsa_leaf.crt.pem"),
        ("TSA", "tsa_intermediate_0.crt.pem"),
        ("TSA", "tsa_root.crt.pem"),
    ];
    assert_eq!(uses, expected);
    let chain: Vec<u8> = targets
        .iter()
        .filter(|target| target.name.starts_with("tsa"))
        .flat_map(|t| t.content.clone())
        .collect();
    assert_eq!(chain, documents.file("tsa_chain.pem").unwrap().as_bytes());
}

#[test]
fn the_readme_names_every_file_and_every_service() {
    let documents = Documents::new(&addresses(), &authorities());
    let text = documents.file("README").unwrap();
    let others = ["env", "env.cosign-2", "root.json", IDENTITY_TOKEN];
    for name in documents.files.keys().filter(|name| **name != "README").chain(&others) {
        assert!(text.contains(name), "{name}");
    }
    for service in Service::ALL {
        let line = format!("{:<9}{}\n", service.word(), addresses().url(service));
        assert!(text.contains(&line), "{line}");
    }
}

/// Whoever has read one file for shells and reads the other one has the variables of the latter alone.
#[test]
fn of_two_files_for_shells_the_latter_counts() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open(place.path()).unwrap();
    Documents::new(&addresses(), &authorities()).write(&folder, b"the root").unwrap();
    folder.write(IDENTITY_TOKEN, b"a.b.c").unwrap();
    let after = |files: &[&str]| {
        let script =
            files.iter().fold(String::new(), |script, file| format!("{script}. ./{file} && ")) + "env";
        let mut shell = std::process::Command::new("sh");
        let output =
            shell.args(["-c", &script]).current_dir(folder.path()).env("COSIGN_KEY", "k").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let is_ours = |line: &&str| {
            ["COSIGN", "RCOSIGN", "SIGSTORE", "TUF"].iter().any(|prefix| line.starts_with(prefix))
        };
        text.lines().filter(is_ours).map(str::to_owned).collect::<std::collections::BTreeSet<_>>()
    };
    let (newer, older) = (after(&["env"]), after(&["env.cosign-2"]));
    assert!(newer.iter().any(|line| line.starts_with("TUF_MIRROR=")) && newer != older);
    assert_eq!(after(&["env.cosign-2", "env"]), newer);
    assert_eq!(after(&["env", "env.cosign-2"]), older);
}

#[test]
fn the_file_for_shells_is_taken_literally() {
    let place = tempfile::tempdir().unwrap();
    let name = "it's \"a\" $HOME `folder`\\";
    let folder = Folder::open(&place.path().join(name)).unwrap();
    let documents = Documents::new(&addresses(), &authorities());
    documents.write(&folder, b"the root").unwrap();
    folder.write(IDENTITY_TOKEN, b"a.b.c").unwrap();
    for (file, shown, content) in [
        ("env", "$TUF_MIRROR", "the root http://127.0.0.1:4008"),
        ("env.cosign-2", "$COSIGN_REKOR_URL", "the root http://127.0.0.1:4005"),
    ] {
        let script = format!(
            r#". ./{file} && cat "${{TUF_ROOT_JSON-$PWD/root.json}}" && echo " {shown} $SIGSTORE_ID_TOKEN $RCOSIGN_SANDBOX_REGISTRY""#
        );
        let output = std::process::Command::new("sh")
            .args(["-c", &script])
            .current_dir(folder.path())
            .env_remove("TUF_ROOT_JSON")
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            format!("{content} a.b.c 127.0.0.1:4009\n"),
            "{file}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
