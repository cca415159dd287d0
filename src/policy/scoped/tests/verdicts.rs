//! What is enough: entities that are really signed and logged, and scopes that ask for them, or for a little more.

use serde_json::{Value, json};

use super::super::verdict::Outcome;
use super::super::voices::{Voice, distinct};
use super::super::{Artifacts, Course, Ledger, Ready, Refused, SignerSource, Subject};
use super::{file, read};
use crate::bundle::SignedEntity;
use crate::crypto::{HashAlgorithm, SigningKey as _};
use crate::payload::{Artifact, IN_TOTO_PAYLOAD_TYPE};
use crate::verify::tests::fixture::{
    ARTIFACT, CT_LOGS, IDENTITY, ISSUER, JUDGED, Kind, OTHER_ARTIFACT, OTHER_V1, PREDICATE_TYPE, Signer, V1,
    World, image_payload, leaf_life, statement,
};
use crate::verify::{ExpectedSigner, NonEmpty};
use crate::x509::SubjectAlternativeName;
use crate::x509::issue::Template;
use crate::x509::issue::fixtures::{p256, second};

/// What is there to be judged, and the world in which it was made.
struct Attached {
    world: World,
    entities: Vec<SignedEntity>,
    artifacts: Artifacts,
}

impl Attached {
    fn new() -> Self {
        Self { world: World::new(), entities: Vec::new(), artifacts: Artifacts::Files }
    }

    fn logged(mut self, mut entity: SignedEntity, signer: &Signer, kind: Kind) -> Self {
        self.world.log(&mut entity, signer, V1, kind);
        self.entities.push(entity);
        self
    }

    fn signature(self, signer: &Signer) -> Self {
        self.logged(signer.message(ARTIFACT), signer, Kind::HashedRekord)
    }

    fn attestation(self, signer: &Signer) -> Self {
        self.logged(signer.statement(ARTIFACT), signer, Kind::Dsse)
    }

    fn saying(self, signer: &Signer, predicate: &str) -> Self {
        let text = statement(ARTIFACT).replace("\"predicate\":{}", &format!("\"predicate\":{predicate}"));
        self.logged(signer.envelope(text.as_bytes(), IN_TOTO_PAYLOAD_TYPE), signer, Kind::Dsse)
    }

    fn image(self, signer: &Signer) -> Self {
        let new = self.logged(signer.image(&image_payload(ARTIFACT)), signer, Kind::HashedRekord);
        Self { artifacts: Artifacts::Images, ..new }
    }

    /// A certificate for another key of the same, or of another identity.
    fn keyless(&self, key: &'static str, identity: &str) -> Signer {
        let name = SubjectAlternativeName::Uri(identity.to_owned());
        let template = Template::fulcio(name, ISSUER, leaf_life());
        let certificate = self.world.certificate(&template, p256(key), &CT_LOGS[..1]);
        Signer { key: p256(key), certificate: Some(certificate) }
    }

    fn outcome(&self, ready: &Ready, is_complete: bool) -> Outcome {
        let Some(Course::Verified(plan)) = ready.course(0, self.artifacts, &app()) else { panic!("no plan") };
        let artifact = Artifact {
            name: "artifact".to_owned(),
            digests: HashAlgorithm::Sha256.digest(ARTIFACT).into(),
            ed25519: Vec::new(),
        };
        let now = second(JUDGED);
        let mut ledger = Ledger::new(&plan);
        for (number, entity) in self.entities.iter().enumerate() {
            for leaf in plan.leaves() {
                let named = (number, &*number.to_string());
                let _ = ledger.judge(leaf, named, entity, &artifact, (&self.world.root, now));
            }
        }
        ledger.decide(now, is_complete)
    }

    #[track_caller]
    fn accepted(&self, scope: Value) {
        let outcome = self.outcome(&ready(&file(&scope)), true);
        assert!(outcome.result.is_ok(), "{scope}: {:?}", outcome.demands);
    }

    #[track_caller]
    fn refused(&self, scope: Value) {
        let outcome = self.outcome(&ready(&file(&scope)), true);
        assert_eq!(outcome.result.err(), Some(Refused::Unmet), "{scope}: {:?}", outcome.demands);
    }
}

/// The image that [`image_payload`] names.
fn app() -> Subject {
    Subject::Image { name: "registry.example/app".to_owned(), tag: Some("v1".to_owned()), digest: None }
}

/// A policy file, whose keys are those of the fixtures by their names.
fn ready(value: &Value) -> Ready {
    let document = read(value).unwrap();
    let signer = |source: &SignerSource| match source {
        SignerSource::Key(name) if name == "signer" => {
            ExpectedSigner::Key(p256("signer").public_key().clone())
        }
        SignerSource::Key(_) => ExpectedSigner::Key(p256("other").public_key().clone()),
        SignerSource::Identity(identity) => ExpectedSigner::Identity(NonEmpty::new((**identity).clone(), [])),
    };
    let signers = document.signers.iter().map(|named| Some(signer(&named.source))).collect();
    Ready { document, signers, policies: Vec::new(), uri: |asked| asked }
}

fn key(name: &'static str) -> Signer {
    Signer { key: p256(name), certificate: None }
}

fn both() -> Attached {
    Attached::new().signature(&key("signer")).signature(&key("other"))
}

#[test]
fn one_of_several() {
    let one = Attached::new().signature(&key("signer"));
    one.accepted(json!({ "signatures": "a" }));
    one.accepted(json!({ "signatures": { "any": ["a", "b"] } }));
    one.accepted(json!({ "signatures": { "at-least": 1, "of": ["a", "b"] } }));
    one.refused(json!({ "signatures": "b" }));
    one.refused(json!({ "signatures": "ci" }));
    one.refused(json!({ "signatures": { "any": ["b", "ci"] } }));
    Attached::new().refused(json!({ "signatures": "a" }));
}

#[test]
fn several_are_distinct_signers() {
    both().accepted(json!({ "signatures": { "all": ["a", "b"] } }));
    both().accepted(json!({ "signatures": { "at-least": 2, "of": ["a", "a-again", "b"] } }));
    let one = Attached::new().signature(&key("signer"));
    one.refused(json!({ "signatures": { "all": ["a", "b"] } }));
    // The key under two names: two files, or a file and a key service.
    one.refused(json!({ "signatures": { "all": ["a", "a-again"] } }));
    one.refused(json!({ "signatures": { "at-least": 2, "of": ["a", "a-again", "b"] } }));
    // Two signatures by one key.
    let twice = one.signature(&key("signer"));
    twice.refused(json!({ "signatures": { "all": ["a", "a-again"] } }));
    twice.refused(json!({ "signatures": { "at-least": 2, "of": ["a", "a-again", "b"] } }));
    both().refused(json!({ "signatures": { "at-least": 3, "of": ["a", "a-again", "b"] } }));
}

#[test]
fn an_identity_is_one_signer_whatever_its_certificates() {
    let new = Attached::new();
    let (first, second) = (new.keyless("signer", IDENTITY), new.keyless("other", IDENTITY));
    let twice = new.signature(&first).signature(&second);
    twice.accepted(json!({ "signatures": { "any": ["ci", "anybody-of-org"] } }));
    twice.refused(json!({ "signatures": { "all": ["ci", "anybody-of-org"] } }));
    let new = Attached::new();
    let other =
        new.keyless("other", "https://github.com/org/another/.github/workflows/x.yml@refs/heads/main");
    let (first, upper) =
        (new.keyless("signer", IDENTITY), new.keyless("third", &IDENTITY.replace("repo", "REPO")));
    let two = new.signature(&first).signature(&other);
    two.accepted(json!({ "signatures": { "all": ["ci", "anybody-of-org"] } }));
    // Case alone makes nobody another.
    let one = Attached { world: two.world, entities: Vec::new(), artifacts: Artifacts::Files };
    one.signature(&first)
        .signature(&upper)
        .refused(json!({ "signatures": { "all": ["ci", "anybody-of-org"] } }));
}

#[test]
fn a_key_in_a_certificate_is_the_signer_there() {
    let new = Attached::new();
    let certified = new.keyless("signer", IDENTITY);
    let both = new.signature(&certified).signature(&key("signer"));
    both.accepted(json!({ "signatures": { "any": ["a", "ci"] } }));
    both.refused(json!({ "signatures": { "all": ["a", "ci"] } }));
    both.signature(&key("other")).accepted(json!({ "signatures": { "all": ["b", "ci"] } }));
}

#[test]
fn matching_of_names_and_signers() {
    let (a, b) = (|name| (name, Voice::new("a", None)), |name| (name, Voice::new("b", None)));
    assert_eq!(distinct(&[]), 0);
    assert_eq!(distinct(&[a(0), a(1), a(2)]), 1);
    assert_eq!(distinct(&[a(0), b(0)]), 1);
    assert_eq!(distinct(&[a(0), b(1)]), 2);
    // The first name has to give way to the second.
    assert_eq!(distinct(&[a(0), b(0), a(1)]), 2);
    assert_eq!(distinct(&[a(0), b(0), a(1), b(1), a(2), b(2)]), 2);
    // Whoever links two makes one of them.
    let x = Some(("x", "issuer"));
    let linked = [(0, Voice::new("a", x)), (1, Voice::new("b", x)), b(2)];
    assert_eq!(distinct(&linked), 1);
    let late = [a(0), (1, Voice::new("b", x)), (2, Voice::new("a", x))];
    assert_eq!(distinct(&late), 1);
    // A person with two accounts is one; what an issuer names itself is another one elsewhere.
    let under_two = |subject: &'static str| {
        [("k", "https://one.example"), ("l", "https://two.example")]
            .map(|(key, issuer)| (usize::from(key == "k"), Voice::new(key, Some((subject, issuer)))))
    };
    assert_eq!(distinct(&under_two("Dev@example.com")), 1);
    assert_eq!(distinct(&under_two("https://kubernetes.io/namespaces/a/serviceaccounts/b")), 2);
    assert_eq!(distinct(&under_two("https://github.com/o/a/.github/workflows/r.yml@refs/heads/main")), 2);
}

#[test]
fn attestations_and_signatures_do_not_stand_in_for_each_other() {
    let wanted = || json!([{ "type": PREDICATE_TYPE, "signers": "a" }]);
    let signed = Attached::new().signature(&key("signer"));
    signed.refused(json!({ "attestations": wanted() }));
    let attested = Attached::new().attestation(&key("signer"));
    attested.accepted(json!({ "attestations": wanted() }));
    attested.refused(json!({ "signatures": "a" }));
    attested.refused(json!({ "signatures": "a", "attestations": wanted() }));
    attested.signature(&key("signer")).accepted(json!({ "signatures": "a", "attestations": wanted() }));
    // A signature by one and an attestation by another.
    let crossed = Attached::new().signature(&key("signer")).attestation(&key("other"));
    crossed.refused(json!({ "signatures": "a", "attestations": wanted() }));
    crossed
        .accepted(json!({ "signatures": "a", "attestations": [{ "type": PREDICATE_TYPE, "signers": "b" }] }));
    crossed
        .refused(json!({ "signatures": "b", "attestations": [{ "type": PREDICATE_TYPE, "signers": "a" }] }));
    let image = Attached { artifacts: Artifacts::Images, ..Attached::new().attestation(&key("signer")) };
    image.refused(json!({ "signatures": "a" }));
}

#[test]
fn the_predicate_type_is_the_one_that_is_asked_for() {
    let attested = Attached::new().attestation(&key("signer"));
    for other in
        ["https://slsa.dev/provenance/v0.2", "https://slsa.dev/provenance/v1 ", "https://spdx.dev/Document"]
    {
        attested.refused(json!({ "attestations": [{ "type": other, "signers": "a" }] }));
        attested.refused(json!({ "attestations": [
            { "type": PREDICATE_TYPE, "signers": "a" }, { "type": other, "signers": "a" },
        ] }));
    }
}

#[test]
fn what_is_about_something_else_counts_for_nothing() {
    let signer = key("signer");
    let new = Attached::new();
    let other = new.logged(signer.message(OTHER_ARTIFACT), &signer, Kind::HashedRekord);
    other.refused(json!({ "signatures": "a" }));
    let stated = other.logged(signer.statement(OTHER_ARTIFACT), &signer, Kind::Dsse);
    stated.refused(json!({ "attestations": [{ "type": PREDICATE_TYPE, "signers": "a" }] }));
    let image = Attached { artifacts: Artifacts::Images, ..Attached::new() };
    image
        .logged(signer.image(&image_payload(OTHER_ARTIFACT)), &signer, Kind::HashedRekord)
        .refused(json!({ "signatures": "a" }));
}

#[test]
fn images_and_their_annotations() {
    let image = Attached::new().image(&key("signer"));
    image.accepted(json!({ "signatures": "a", "annotations": { "env": "prod" } }));
    image.refused(json!({ "signatures": "a", "annotations": { "env": "dev" } }));
    image.refused(json!({ "signatures": "a", "annotations": { "env": "prod", "team": "x" } }));
    // The signature of a file is none of an image, and the other way round.
    let file = Attached { artifacts: Artifacts::Images, ..Attached::new().signature(&key("signer")) };
    file.refused(json!({ "signatures": "a" }));
    Attached { artifacts: Artifacts::Files, ..image }.refused(json!({ "signatures": "a" }));
    Attached::new()
        .signature(&key("signer"))
        .refused(json!({ "signatures": "a", "annotations": { "env": "prod" } }));
}

#[test]
fn ages_are_of_proven_times() {
    let signer = key("signer");
    let logged = Attached::new().signature(&signer);
    logged.accepted(json!({ "signatures": "a", "max-age": "2d" }));
    logged.accepted(json!({ "signatures": "a", "max-age": "24h" }));
    logged.refused(json!({ "signatures": "a", "max-age": "23h" }));
    let until = |scope: Value| logged.outcome(&ready(&file(&scope)), true).result.unwrap().until();
    assert_eq!(until(json!({ "signatures": "a", "max-age": "25h" })), Some(second(JUDGED + 3_600)));
    assert_eq!(until(json!({ "signatures": "a" })), None);
    // Nothing proves a time.
    let mut bare = Attached::new();
    bare.entities.push(signer.message(ARTIFACT));
    bare.accepted(json!({ "signatures": "a", "log": "not-required" }));
    bare.refused(json!({ "signatures": "a", "log": "not-required", "max-age": "1000w" }));
    bare.refused(json!({ "signatures": "a" }));
    // A timestamp of today makes no old signature young.
    let mut stamped = Attached::new().signature(&signer);
    let signature = stamped.entities[0].content.signature().to_vec();
    let token = stamped.world.stamp(0, &signature, second(JUDGED - 60));
    stamped.entities[0].timestamps.push(token);
    stamped.accepted(json!({ "signatures": "a", "timestamp": "required", "max-age": "2d" }));
    stamped.refused(json!({ "signatures": "a", "timestamp": "required", "max-age": "23h" }));
    let attested = Attached::new().attestation(&signer);
    let wanted = |age: &str| json!([{ "type": PREDICATE_TYPE, "signers": "a", "max-age": age }]);
    attested.accepted(json!({ "attestations": wanted("2d"), "max-age": "1h" }));
    attested.refused(json!({ "attestations": wanted("1h"), "max-age": "2d" }));
}

#[test]
fn logs_and_timestamps() {
    let signer = key("signer");
    let one = Attached::new().signature(&signer);
    one.refused(json!({ "signatures": "a", "log": { "at-least": 2 } }));
    one.refused(json!({ "signatures": "a", "timestamp": "required" }));
    let mut twice = Attached::new().signature(&signer);
    let Attached { world, entities, .. } = &mut twice;
    world.log(&mut entities[0], &signer, V1, Kind::HashedRekord);
    twice.refused(json!({ "signatures": "a", "log": { "at-least": 2 } }));
    let Attached { world, entities, .. } = &mut twice;
    world.log(&mut entities[0], &signer, OTHER_V1, Kind::HashedRekord);
    twice.accepted(json!({ "signatures": "a", "log": { "at-least": 2 } }));
    // A certificate without an SCT.
    let mut new = Attached::new();
    let bare = Signer {
        certificate: Some(new.world.certificate(&World::template(), p256("signer"), &[])),
        ..signer
    };
    new = new.signature(&bare);
    new.refused(json!({ "signatures": "ci" }));
    new.accepted(json!({ "signatures": "ci", "sct": "not-required" }));
}

#[test]
fn every_option_of_an_identity_refuses() {
    let new = Attached::new();
    let certificate = new.world.certificate(&World::template(), p256("signer"), &CT_LOGS[..1]);
    let signed = new.signature(&Signer { key: p256("signer"), certificate: Some(certificate) });
    let judge = |identity: Value| {
        let mut value = file(&json!({ "signatures": "x" }));
        value["signers"]["x"] = identity;
        signed.outcome(&ready(&value), true).result.is_ok()
    };
    for (right, wrong) in [
        (
            json!({ "identity": IDENTITY, "issuer": ISSUER }),
            json!({ "identity": "https://github.com/org/repo" }),
        ),
        (json!({ "identity": IDENTITY, "issuer": ISSUER }), json!({ "identity": IDENTITY.to_uppercase() })),
        (json!({ "identity": IDENTITY, "issuer": ISSUER }), json!({ "identity": format!("{IDENTITY}\n") })),
        (json!({ "identity": IDENTITY, "issuer": ISSUER }), json!({ "issuer": "https://issuer.example" })),
        (json!({ "identity": IDENTITY, "issuer": ISSUER }), json!({ "issuer": format!("{ISSUER}/") })),
        (
            json!({ "identity-regexp": r"^https://github\.com/org/repo/.*$", "issuer": ISSUER }),
            json!({ "identity-regexp": r"^https://github\.com/org/rep" }),
        ),
        // Neither the beginning nor the end of it, nor a part.
        (
            json!({ "identity-regexp": r"https://github\.com/org/repo/.*", "issuer": ISSUER }),
            json!({ "identity-regexp": r"github\.com/org/repo/.*" }),
        ),
        (
            json!({ "identity-regexp": r"(?i)HTTPS://github\.com/org/repo/.*", "issuer": ISSUER }),
            json!({ "identity-regexp": r"HTTPS://github\.com/org/repo/.*" }),
        ),
        (
            json!({ "identity-regexp": r"x|https://.*main", "issuer": ISSUER }),
            json!({ "identity-regexp": r"https://.*mai|main" }),
        ),
        (
            json!({ "identity": IDENTITY, "issuer-regexp": r"^https://token\.actions\.githubusercontent\.com$" }),
            json!({ "issuer-regexp": r"https://token\.actions\.githubusercontent" }),
        ),
        (
            json!({ "identity": IDENTITY, "issuer": ISSUER, "workflow-trigger": "push" }),
            json!({ "workflow-trigger": "pus" }),
        ),
        (
            json!({ "identity": IDENTITY, "issuer": ISSUER, "workflow-name": "ci" }),
            json!({ "workflow-name": "CI" }),
        ),
        (
            json!({ "identity": IDENTITY, "issuer": ISSUER, "workflow-repository": "org/repo" }),
            json!({ "workflow-repository": "org" }),
        ),
        (
            json!({ "identity": IDENTITY, "issuer": ISSUER, "workflow-ref": "refs/heads/main" }),
            json!({ "workflow-ref": "refs/heads/mai" }),
        ),
        (
            json!({ "identity": IDENTITY, "issuer": ISSUER, "workflow-sha": "6e09ee2b1ee1b1a3f4ad6a1a9ed7a7d5bc6ef1ab" }),
            json!({ "workflow-sha": "6e09ee2b" }),
        ),
    ] {
        assert!(judge(right.clone()), "{right}");
        let mut changed = right.clone();
        changed.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        assert!(!judge(changed), "{wrong}");
    }
}

#[cfg(feature = "rego")]
mod rules {
    use super::*;
    use crate::policy::{Policy, PolicyFile};

    fn with_rule(scope: &Value) -> Ready {
        let text = "package signature\nallow { input.predicate.level >= 3 }";
        let rego = PolicyFile { name: "p.rego".to_owned(), bytes: text.as_bytes().to_vec() };
        let policy = Policy::load(vec![rego], Vec::new(), second(JUDGED), true).unwrap();
        Ready { policies: vec![vec![vec![policy]]], ..ready(&file(scope)) }
    }

    fn scope(must_pass: &str) -> Value {
        json!({ "attestations": [{
            "type": PREDICATE_TYPE, "signers": { "any": ["a", "b"] }, "must-pass": must_pass,
            "rules": [{ "rego": ["p.rego"] }],
        }] })
    }

    #[test]
    fn each_statement_has_to_pass_unless_one_is_enough() {
        let signer = key("signer");
        let good = Attached::new().saying(&signer, r#"{"level":3}"#);
        assert!(good.outcome(&with_rule(&scope("each")), true).result.is_ok());
        let mixed = good.saying(&signer, r#"{"level":1}"#);
        assert_eq!(mixed.outcome(&with_rule(&scope("each")), true).result.err(), Some(Refused::Unmet));
        assert!(mixed.outcome(&with_rule(&scope("one")), true).result.is_ok());
        let bad = Attached::new().saying(&signer, r#"{"level":1}"#).saying(&signer, "{}");
        for must_pass in ["each", "one"] {
            assert_eq!(bad.outcome(&with_rule(&scope(must_pass)), true).result.err(), Some(Refused::Unmet));
        }
    }

    #[test]
    fn where_each_has_to_pass_nothing_may_be_left_unseen() {
        let good = Attached::new().saying(&key("signer"), r#"{"level":3}"#);
        assert_eq!(good.outcome(&with_rule(&scope("each")), false).result.err(), Some(Refused::Limit));
        assert!(good.outcome(&with_rule(&scope("one")), false).result.is_ok());
    }

    #[test]
    fn what_others_say_is_not_looked_at() {
        let good = Attached::new().saying(&key("signer"), r#"{"level":3}"#).saying(&key("third"), "{}");
        assert!(good.outcome(&with_rule(&scope("each")), true).result.is_ok());
    }
}

#[test]
fn scopes_are_asked_in_their_order() {
    let mut value = file(&json!({ "images": ["registry.example/prod/**"], "signatures": "a" }));
    let open = json!({ "name": "open", "images": ["registry.example/**"], "accept": true });
    value["scopes"].as_array_mut().unwrap().push(open);
    let ready = ready(&value);
    let scope = |name: &str| {
        let subject =
            super::super::Subject::Image { name: name.to_owned(), tag: Some("v1".to_owned()), digest: None };
        ready.document.scope_of(&subject).map(|(position, scope)| (position, scope.name.as_str()))
    };
    assert_eq!(scope("registry.example/prod/app"), Some((0, "s")));
    assert_eq!(scope("registry.example/dev/app"), Some((1, "open")));
    assert_eq!(scope("other.example/prod/app"), None);
    let Some(Course::Accepted(accepted)) = ready.course(1, Artifacts::Images, &app()) else {
        panic!("not accepted")
    };
    assert!(accepted.is_unsigned() && accepted.counted().is_empty());
    assert!(ready.course(2, Artifacts::Images, &app()).is_none());
    let refusing = super::verdicts::ready(&file(&json!({ "refuse": true })));
    assert!(matches!(refusing.course(0, Artifacts::Files, &app()), Some(Course::Refused)));
}

/// A signature says under which name it was made; one that says nothing, or another name, does not count where a name is asked for.
#[test]
fn the_name_under_which_an_image_was_signed() {
    let attached = Attached::new().image(&key("signer"));
    let scope = |signed_as: Value| json!({ "signatures": "a", "signed-as": signed_as });
    attached.accepted(scope(json!("same-repository")));
    attached.accepted(scope(json!({ "repository": "registry.example/app" })));
    attached.accepted(scope(json!({ "repository": "registry.example:443/app" })));
    attached.refused(scope(json!({ "repository": "registry.example/app2" })));
    attached.refused(scope(json!({ "repository": "other.example/app" })));
    let message = Attached { artifacts: Artifacts::Files, ..Attached::new() }.signature(&key("signer"));
    message.accepted(json!({ "signatures": "a" }));
    message.refused(scope(json!({ "repository": "registry.example/app" })));
}
