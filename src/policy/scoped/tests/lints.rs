//! What is doubtful.

use serde_json::{Value, json};

use super::super::{impossible, lint};
use super::{file, read};
use crate::crypto::SigningKey as _;

fn uri(name: &str) -> &str {
    match name {
        "cyclonedx" => "https://cyclonedx.org/bom",
        "slsaprovenance" => "https://slsa.dev/provenance/v0.2",
        "slsaprovenance1" => "https://slsa.dev/provenance/v1",
        "spdxjson" => "https://spdx.dev/Document",
        "vuln" => "https://cosign.sigstore.dev/attestation/vuln/v1",
        other => other,
    }
}

fn codes(value: &Value) -> Vec<&'static str> {
    let document = read(value).unwrap();
    let found = lint(&document, &[]).into_iter().chain(impossible(&document, uri));
    let mut codes: Vec<_> = found.map(|finding| finding.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// A policy file that is in order, with the signers that it names.
fn sound() -> Value {
    let mut sound = file(&json!({
        "images": ["registry.example/**"],
        "files": ["dist/*"],
        "signatures": { "any": ["b", "ci"] },
    }));
    let signers = sound["signers"].as_object_mut().unwrap();
    signers.retain(|name, _| matches!(name.as_str(), "b" | "ci"));
    sound
}

#[test]
fn a_file_that_is_in_order_has_no_findings() {
    assert_eq!(codes(&sound()), Vec::<&str>::new());
}

#[test]
fn expressions() {
    for (expression, expected) in [
        (r"^https://github\.com/org/.*$", &[][..]),
        (r"^[^@]+@example\.com$", &[]),
        (r"https://github\.com/org/.*", &["unanchored"]),
        (r"^https://github\.com/org/.*", &["unanchored"]),
        (r"^a\$", &["unanchored"]),
        (r"^https://github.com/org/.*$", &["unescaped"]),
        (r"^[a.b]+@example\.com$", &[]),
        (r".*@example.com", &["unanchored", "unescaped"]),
        (r"^.*@example\.com$", &["unanchored"]),
        (r"^(?s:.*)@example\.com$", &["unanchored"]),
        (r"^[\s\S]*@example\.com$", &["unanchored"]),
        (r"^(.|\n)*@example\.com$", &["unanchored"]),
        (r"^(?s:.*)(?:org)(?s:.*)$", &["unanchored"]),
        (r"^https://github\.com/org/(?s:.*)$", &["unanchored"]),
        ("^.*$", &["too-wide"]),
        ("^(?s:.*)$", &["too-wide"]),
        (r"^[\s\S]*.*$", &["too-wide"]),
        (".+", &["too-wide", "unanchored"]),
    ] {
        let mut value = sound();
        value["signers"]["ci"] = json!({ "identity-regexp": expression, "issuer": "https://issuer.example" });
        assert_eq!(codes(&value), expected, "{expression}");
    }
}

#[test]
fn scopes() {
    let mut unused = sound();
    unused["signers"]["c"] = json!({ "key": "c" });
    assert_eq!(codes(&unused), ["unused"]);

    for (images, expected) in [
        (json!(["registry.example/app"]), &["unreachable"][..]),
        (json!(["registry.example/a/*"]), &["unreachable"]),
        (json!(["registry.example/**"]), &["unreachable"]),
        (json!(["registry.example/app:v1"]), &["tag", "unreachable"]),
        (json!(["other.example/app"]), &[]),
        (json!(["*/app"]), &["too-wide"]),
        (json!(["other.example/app:v1"]), &["tag"]),
    ] {
        let mut value = sound();
        let scope = json!({ "name": "t", "images": images, "signatures": "b" });
        value["scopes"].as_array_mut().unwrap().push(scope);
        assert_eq!(codes(&value), expected, "{images}");
    }

    let mut open = sound();
    let scope = json!({ "name": "t", "images": ["dev.example/**"], "accept": true });
    open["scopes"].as_array_mut().unwrap().push(scope);
    assert_eq!(codes(&open), ["accept"]);

    for (images, demand, expected) in [
        ("**", "refuse", &[][..]),
        ("**", "accept", &["accept", "too-wide"]),
        ("docker.io/**", "refuse", &[]),
        ("docker.io/**", "accept", &["accept", "accept-public"]),
        ("ghcr.io/*/*", "accept", &["accept", "accept-public"]),
        ("docker.io/library/*", "accept", &["accept"]),
    ] {
        let mut value = sound();
        let scope = json!({ "name": "t", "images": [images], demand: true });
        value["scopes"].as_array_mut().unwrap().push(scope);
        assert_eq!(codes(&value), expected, "{images} {demand}");
    }

    let mut timeless = sound();
    timeless["scopes"][0]["log"] = json!("not-required");
    assert_eq!(codes(&timeless), ["timeless"]);
    timeless["scopes"][0]["timestamp"] = json!("required");
    assert_eq!(codes(&timeless), Vec::<&str>::new());
}

#[test]
fn one_signer_under_two_names_is_one() {
    let mut value = sound();
    value["signers"]["b2"] = json!({ "key": "other" });
    value["scopes"][0]["signatures"] = json!({ "at-least": 2, "of": ["b", "b2"] });
    value["scopes"][0]["attestations"] = json!([{ "type": "spdx", "signers": "ci" }]);
    assert_eq!(codes(&value), ["impossible"]);
    value["scopes"][0]["signatures"] = json!({ "at-least": 2, "of": ["b", "b2", "ci"] });
    assert_eq!(codes(&value), ["same-signer"]);
    value["signers"]["b2"] = json!({ "key": "another" });
    assert_eq!(codes(&value), Vec::<&str>::new());
}

#[test]
fn what_is_compared_as_it_is() {
    let mut value = sound();
    value["signers"]["ci"] =
        json!({ "identity": "https://github.com/org/*", "issuer": "https://issuer.example" });
    assert_eq!(codes(&value), ["literal"]);
    for (reference, expected) in [("main", &["short-ref"][..]), ("refs/heads/main", &[])] {
        for rule in [
            json!({ "github": { "repo": "org/app", "ref": reference } }),
            json!({ "slsa": { "source": "https://github.com/org/app", "ref": reference } }),
        ] {
            let mut value = sound();
            value["scopes"][0]["attestations"] =
                json!([{ "type": "slsaprovenance1", "signers": "ci", "rules": [rule] }]);
            assert_eq!(codes(&value), expected, "{rule}");
        }
    }
}

#[test]
fn keys_that_were_read_are_compared() {
    let mut value = sound();
    value["signers"]["b2"] = json!({ "key": "awskms:///the-same" });
    value["scopes"][0]["signatures"] = json!({ "all": ["b", "b2"] });
    value["scopes"][0]["attestations"] = json!([{ "type": "spdx", "signers": "ci" }]);
    let document = read(&value).unwrap();
    let key = crate::x509::issue::fixtures::p256("signer").public_key().clone();
    let keys: Vec<_> = document.signers.iter().map(|_| Some(key.clone())).collect();
    let found = lint(&document, &keys);
    assert_eq!(found.iter().map(|finding| finding.code).collect::<Vec<_>>(), ["impossible"]);
    assert_eq!(lint(&document, &[]), Vec::new());
}

#[test]
fn what_was_to_be_replaced_is_found() {
    for (member, pattern, expected) in [
        ("files", "ARTIFACT", &["placeholder"][..]),
        ("images", "registry.example/artifact", &["placeholder"]),
        ("files", "dist/ARTIFACT", &[]),
        ("images", "registry.example/artifacts", &[]),
    ] {
        let mut value = sound();
        value["scopes"][0][member] = json!([pattern]);
        assert_eq!(codes(&value), expected, "{pattern}");
    }
}

/// What nothing can meet, beside what is alike and can be met.
#[test]
fn demands_that_nothing_can_meet() {
    let source = "https://github.com/org/repo";
    let from = |from: &str| json!({ "slsa": { "source": source, "source-from": from } });
    let vsa = |id: &str| json!({ "vsa": { "verifier-id": id, "resource-uri": "r" } });
    let vex = |every: &str| json!({ "openvex": { "product": "p", "every": [every], "statuses": { "CVE-1": ["fixed"] } } });
    let builder = |ids: Value| json!({ "slsa": { "builder-id": ids } });
    let workflow = |paths: Value| json!({ "slsa": { "workflow": paths } });
    for (kind, rules, is_possible) in [
        ("cyclonedx", json!([{ "vulnerabilities": { "max-severity": "high" } }]), false),
        ("vuln", json!([{ "vulnerabilities": { "max-severity": "high" } }]), true),
        ("spdxjson", json!([{ "sbom": { "format": "cyclonedx" } }]), false),
        ("cyclonedx", json!([{ "sbom": { "format": "spdx" } }]), false),
        ("cyclonedx", json!([{ "sbom": { "format": "cyclonedx" } }]), true),
        ("spdxjson", json!([{ "sbom": { "format": "any" } }]), true),
        ("slsaprovenance1", json!([from("materials")]), false),
        ("slsaprovenance1", json!([from("config-source")]), false),
        ("slsaprovenance1", json!([from("resolved-dependencies/x")]), true),
        ("slsaprovenance", json!([from("external-parameters")]), false),
        ("slsaprovenance", json!([from("resolved-dependencies")]), false),
        ("slsaprovenance", json!([from("materials")]), true),
        ("https://openvex.dev/ns", json!([vex("affected")]), false),
        ("https://openvex.dev/ns", json!([vex("fixed")]), true),
        ("slsaprovenance1", json!([builder(json!("a")), builder(json!(["b", "c"]))]), false),
        ("slsaprovenance1", json!([builder(json!(["a", "b"])), builder(json!(["b", "c"]))]), true),
        ("slsaprovenance1", json!([builder(json!("a")), builder(json!({ "pattern": "b" }))]), true),
        ("slsaprovenance1", json!([{ "github": { "repo": "o/a" } }, { "github": { "repo": "o/b" } }]), false),
        (
            "slsaprovenance1",
            json!([{ "github": { "repo": "o/a" } }, { "github": { "repo": "o/a", "runner": "self-hosted" } }]),
            true,
        ),
        ("slsaprovenance1", json!([workflow(json!("release.yml@refs/heads/main"))]), false),
        ("slsaprovenance", json!([workflow(json!([".github/workflows/a.yaml@refs/tags/v1"]))]), false),
        ("slsaprovenance1", json!([workflow(json!(["a.yml@refs/heads/main", "a.yml"]))]), true),
        ("slsaprovenance1", json!([workflow(json!({ "pattern": "a.yml@refs/heads/main" }))]), true),
        ("slsaprovenance", json!([workflow(json!("org/repo/.github/workflows/a.yml@refs/tags/v1"))]), true),
        ("slsaprovenance1", json!([workflow(json!("Dockerfile@refs/heads/main"))]), true),
        ("https://slsa.dev/verification_summary/v1", json!([vsa("a"), vsa("b")]), false),
        ("https://slsa.dev/verification_summary/v1", json!([vsa("a"), vsa("a")]), true),
    ] {
        let mut value = sound();
        value["scopes"][0]["attestations"] = json!([{ "type": kind, "signers": "ci", "rules": rules }]);
        assert_eq!(codes(&value), ["impossible"][usize::from(is_possible)..], "{kind}: {rules}");
    }
    // Two demands of one type, with one signer or with two.
    let two = |signers: [&str; 2], pass: &str| {
        let demand = |signer: &str, id: &str| json!({ "type": "slsaprovenance1", "signers": signer, "must-pass": pass, "rules": [builder(json!(id))] });
        let mut value = sound();
        value["scopes"][0]["attestations"] = json!([demand(signers[0], "x"), demand(signers[1], "y")]);
        codes(&value)
    };
    assert_eq!(two(["ci", "ci"], "each"), ["impossible"]);
    assert_eq!(two(["ci", "ci"], "one"), Vec::<&str>::new());
    assert_eq!(two(["ci", "b"], "each"), Vec::<&str>::new());
}

/// A `github` rule compares the certificate.
#[test]
fn signers_whose_statements_never_count() {
    let of_signers = |signers: Value, rule: Value, ci: Value| {
        let mut value = sound();
        value["signers"]["ci"] = ci;
        value["scopes"][0]["attestations"] =
            json!([{ "type": "slsaprovenance1", "signers": signers, "rules": [{ "github": rule }] }]);
        codes(&value)
    };
    let github = "https://token.actions.githubusercontent.com";
    let ci = |issuer: &str| json!({ "identity": "https://github.com/o/a/.github/workflows/r.yml@refs/heads/main", "issuer": issuer });
    let rule = json!({ "repo": "o/a", "ref": "refs/heads/main" });
    let none = Vec::<&str>::new();
    assert_eq!(of_signers(json!("b"), rule.clone(), ci(github)), ["impossible"]);
    assert_eq!(of_signers(json!({ "any": ["b", "ci"] }), rule.clone(), ci(github)), ["impossible"]);
    assert_eq!(of_signers(json!("ci"), rule.clone(), ci(github)), none);
    assert_eq!(of_signers(json!("ci"), rule.clone(), ci("https://accounts.example.com")), ["impossible"]);
    let own = json!({ "repo": "o/a", "issuer": "https://accounts.example.com" });
    assert_eq!(of_signers(json!("ci"), own, ci("https://accounts.example.com")), none);
    let pattern = json!({ "identity-regexp": "^https://github\\.com/o/a/.*$", "issuer-regexp": "^https://token\\.actions\\..*$" });
    assert_eq!(of_signers(json!("ci"), rule.clone(), pattern), none);
    for (claim, stated, expected) in [
        ("workflow-repository", "o/b", &["impossible"][..]),
        ("workflow-repository", "o/a", &[]),
        ("workflow-ref", "refs/heads/dev", &["impossible"]),
        ("workflow-ref", "refs/heads/main", &[]),
        ("workflow-trigger", "push", &[]),
    ] {
        let mut claims = ci(github);
        claims[claim] = json!(stated);
        assert_eq!(of_signers(json!("ci"), rule.clone(), claims), expected, "{claim}: {stated}");
    }
}

#[test]
fn what_images_alone_are_signed_with() {
    for (member, asked, of_images) in [
        ("annotations", json!({ "a": "b" }), &[][..]),
        ("signed-as", json!("same-repository"), &["signed-as"][..]),
    ] {
        let mut value = sound();
        value["scopes"][0][member] = asked;
        let both: Vec<_> = ["impossible"].iter().chain(of_images).copied().collect();
        assert_eq!(codes(&value), both, "{member}");
        value["scopes"][0].as_object_mut().unwrap().remove("files");
        assert_eq!(codes(&value), of_images, "{member}");
    }
}

/// An account at another provider makes no second person, and a workload in another cluster is another one.
#[test]
fn an_e_mail_address_is_one_signer_under_any_issuer() {
    let of = |one: &str, other: &str, least: usize| {
        let mut value = sound();
        value["signers"]["p"] = json!({ "identity": one, "issuer": "https://accounts.google.com" });
        value["signers"]["q"] = json!({ "identity": other, "issuer": "https://github.com/login/oauth" });
        value["scopes"][0]["attestations"] =
            json!([{ "type": "spdxjson", "signers": { "at-least": least, "of": ["p", "q", "b"] } }]);
        codes(&value)
    };
    assert_eq!(of("dev@example.com", "Dev@Example.com", 2), ["same-signer"]);
    assert_eq!(of("dev@example.com", "Dev@Example.com", 3), ["impossible"]);
    assert_eq!(of("dev@example.com", "ops@example.com", 3), Vec::<&str>::new());
    let pod = "https://kubernetes.io/namespaces/ci/serviceaccounts/builder";
    assert_eq!(of(pod, pod, 3), Vec::<&str>::new());
    let workflow = "https://github.com/o/a/.github/workflows/r.yml@refs/heads/main";
    assert_eq!(of(workflow, workflow, 3), Vec::<&str>::new());
}

#[test]
fn names_that_no_certificate_has() {
    let address = "https://accounts.google.com";
    for (identity, issuer, expected) in [
        ("dev@example.com", address, &[][..]),
        (" dev@example.com", address, &["impossible"]),
        ("dev@example.com", "https://accounts.google.com ", &["impossible"]),
        (r"^dev@example\.com$", address, &["literal"]),
        ("dev@example.com", "accounts.google.com", &["issuer-form"]),
        ("dev@example.com", "https://accounts.google.com/", &["issuer-form"]),
        ("dev@example.com", "https://tenant.example.com/", &[]),
    ] {
        let mut value = sound();
        value["signers"]["ci"] = json!({ "identity": identity, "issuer": issuer });
        assert_eq!(codes(&value), expected, "{identity} {issuer}");
    }
}
