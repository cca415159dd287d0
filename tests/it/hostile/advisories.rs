//! Advisories of neighbours that a table does not show well.

use rcosign::internals::sandbox::registry::{Access, Fault, Host, Options};

use super::world::{COMMANDS, Cell, Prepared, SECRET, USER};
use crate::verify_images::signed::REPOSITORY;

fn cell(name: &str, options: Options) -> Cell {
    Cell::new(COMMANDS.iter().find(|command| command.0 == name).unwrap(), options)
}

/// CVE-2026-48501 of gh, CVE-2025-27403 of ratify: credentials that are kept for one registry are shown to no other, however that asks.
#[test]
fn cve_2025_27403_cve_2026_48501_kept_credentials_are_for_their_registry() {
    for access in [Access::basic(USER, SECRET), Access::bearer(USER, SECRET, Host::Registry)] {
        for name in ["verify", "verify-attestation", "download signature", "tree", "sign", "save"] {
            let stranger = cell(name, Options { access: access.clone(), ..Options::default() });
            let own = Prepared::get()
                .registry(Options { access: Access::basic(USER, SECRET), ..Options::default() });
            let args = ["login", &own.address(), "--username", USER, "--password", SECRET];
            let _ = stranger.folder.run(&args).ok();
            let run = stranger.run(&["--retry-for", "0s"]);
            assert_eq!(run.code, Some(6), "{name}: {}", run.stderr);
            let shown = stranger.registry.journal().requests();
            // A token server is asked without credentials; what it gives opens nothing.
            let basic = shown.iter().filter(|request| request.authorization() == Some("Basic")).count();
            assert_eq!(basic, 0, "{name}: {:#?}", stranger.registry.journal().lines());
        }
    }
}

/// GHSA-qv35-3gw6-8q4j of regclient: the digest of a reference that has a tag as well was ignored.
#[test]
fn ghsa_qv35_the_digest_wins_over_the_tag_and_is_checked() {
    let prepared = Prepared::get();
    let registry = prepared.registry(Options::default());
    let folder = prepared.folder(&registry);
    let other = registry.contents().plant_image(REPOSITORY, "other");
    let place = format!("{}/{REPOSITORY}", registry.address());
    let verify =
        |image: &str| folder.run(&["verify", "--key", "a.pub", "--no-log", "--retry-for", "0s", image]);
    // The tag is signed, the digest is not.
    let _ = verify(&format!("{place}:v1@{other}")).code(10);
    let _ = verify(&format!("{place}:other@{}", prepared.images[0])).ok();
    assert_eq!(
        registry.journal().count("", "/manifests/v1") + registry.journal().count("", "/manifests/other"),
        0
    );
    let (media_type, bytes) = registry.contents().manifest(REPOSITORY, &other).unwrap();
    let image = prepared.images[0].clone();
    registry.hook(move |request| {
        if request.path.ends_with(&image) && request.path.contains("/manifests/") {
            Fault::answer(&media_type, bytes.clone())
        } else {
            Fault::none()
        }
    });
    // `verify` needs the manifest only where nothing verified: signatures are about the digest.
    let both = format!("{place}:other@{}", prepared.images[0]);
    for command in [
        "verify --key b.pub --no-log IMAGE",
        "verify --key a.pub --no-log --recursive IMAGE",
        "sign --key a.key --offline -y IMAGE",
        "attest --key a.key --offline -y --type custom --predicate predicate.json IMAGE",
        "tree IMAGE",
        "download sbom --platform linux/amd64 IMAGE",
        "copy IMAGE COPY",
        "save --dir out IMAGE",
    ] {
        let words = command.replace("IMAGE", &both).replace("COPY", &format!("{place}:copied"));
        let output = folder.run(&words.split(' ').chain(["--retry-for", "0s"]).collect::<Vec<_>>());
        assert!(output.code == 3 && output.stdout.is_empty(), "{command}: {}", output.stderr);
        assert!(output.stderr.contains("it has the digest"), "{command}: {}", output.stderr);
    }
    let journal = registry.journal();
    assert_eq!(journal.count("PUT", "") + journal.count("", "/manifests/other"), 0, "{:#?}", journal.lines());
    assert!(!folder.at("out").exists());
}

/// CVE-2023-33957 and CVE-2023-33958 of notation, CVE-2023-42813 to -42816 of Kyverno: as many signatures as a registry likes. Lists have an end,
/// and nothing of them is fetched before it is known to be within the limits.
#[test]
fn cve_2023_33957_cve_2023_33958_cve_2023_42813_endless_signatures_are_given_up() {
    // `verify-attestation` and `clean` look in the same way.
    for name in ["verify", "download signature", "tree --experimental-oci11", "copy"] {
        let cell = cell(name, Options::default());
        cell.registry.hook(|request| {
            if request.path.contains("/referrers/") { Fault::endless_pages(request) } else { Fault::none() }
        });
        let run = cell.run(&["--retry-for", "0s"]);
        assert_eq!(run.code, Some(8), "{name}: {}", run.stderr);
        let journal = cell.registry.journal();
        assert!(
            journal.count("GET", "/referrers/") <= 1_000 && journal.count("GET", "/blobs/") == 0,
            "{name}"
        );
    }
}
