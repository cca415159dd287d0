//! Attestations: every predicate type, every form, every kind of key.

use super::{Form, KINDS, Kind, Peer, peers, sandbox};
use crate::support::{Output, Sandbox, repository};

const FORMS: [Form; 3] = [Form::Detached, Form::Legacy, Form::Bundle];

/// Predicate types with the input in `testdata/cosign-2.x/predicates` and the URI that stands for the type.
const TYPES: &[(&str, &str, &str)] = &[
    ("custom", "spdx.in", "https://cosign.sigstore.dev/attestation/v1"),
    ("slsaprovenance", "slsaprovenance02.in", "https://slsa.dev/provenance/v0.2"),
    ("slsaprovenance02", "slsaprovenance02.in", "https://slsa.dev/provenance/v0.2"),
    ("slsaprovenance1", "slsaprovenance1.in", "https://slsa.dev/provenance/v1"),
    ("spdx", "spdx.in", "https://spdx.dev/Document"),
    ("spdxjson", "json.in", "https://spdx.dev/Document"),
    ("cyclonedx", "json.in", "https://cyclonedx.org/bom"),
    ("link", "link.in", "https://in-toto.io/Link/v1"),
    ("vuln", "vuln.in", "https://cosign.sigstore.dev/attestation/vuln/v1"),
    ("openvex", "json.in", "https://openvex.dev/ns"),
    ("https://example.com/predicate/v1", "json.in", "https://example.com/predicate/v1"),
    ("https://slsa.dev/provenance/v1", "slsaprovenance1.in", "https://slsa.dev/provenance/v1"),
];

/// The types with the forms to try them in. A legacy bundle is an envelope in another wrapping: two types of them will do.
fn types() -> impl Iterator<Item = (&'static str, &'static str, &'static str, Form)> {
    let tried = |word: &str, form| form != Form::Legacy || ["custom", "spdx"].contains(&word);
    let forms = move |&(word, input, uri)| FORMS.map(|form| (word, input, uri, form));
    TYPES.iter().flat_map(forms).filter(move |(word, _, _, form)| tried(word, *form))
}

/// Attests `artifact.txt` into a file, whose name is returned. `signer` is a peer, or rcosign, which takes a plain key.
fn attest(
    sandbox: &Sandbox,
    signer: Option<&Peer>,
    key: &str,
    (word, input): (&str, &str),
    form: Form,
) -> String {
    let predicate = repository().join("testdata/cosign-2.x/predicates").join(input);
    let name = word.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let file = format!("{key}.{name}.{form:?}.{}", signer.map_or(0, |peer| peer.version));
    let plain = KINDS.iter().find(|kind| kind.name == key).unwrap().plain();
    let key = if signer.is_some() { format!("{key}.key") } else { plain.to_str().unwrap().to_owned() };
    let mut args =
        vec!["attest-blob", "--key", &key, "--type", word, "--predicate", predicate.to_str().unwrap()];
    args.extend(form.signing(signer));
    args.extend([form.flags().0, &file, "artifact.txt"]);
    let output = match signer {
        None => sandbox.run(&args),
        Some(peer) => peer.run(sandbox, &args),
    };
    let _ = output.ok();
    file
}

/// What is verified: the form, the file, the key, the type, the blob.
#[derive(Clone, Copy)]
struct Question<'a>(Form, &'a str, &'a str, &'a str, &'a str);

fn verify(sandbox: &Sandbox, verifier: Option<(&Peer, &[&str])>, question: Question<'_>) -> Output {
    let Question(form, file, key, word, blob) = question;
    let key = format!("{key}.pub");
    let mut args = vec!["verify-blob-attestation", "--key", &key, "--type", word, form.flags().1, file];
    match verifier {
        None => {
            args.extend(["--no-log", blob]);
            sandbox.run(&args)
        }
        Some((peer, more)) => {
            let flags = peer.verifying(form);
            args.extend(flags.iter().map(String::as_str));
            args.extend(more);
            args.push(blob);
            peer.run(sandbox, &args)
        }
    }
}

/// Neither peer reads a bundle with a predicate that is a string, as SPDX's tag-value form is, and 3.1 no such envelope.
fn reads(peer: &Peer, word: &str, form: Form) -> bool {
    word != "spdx" || (peer.version == 2 && form != Form::Bundle)
}

#[test]
fn every_predicate_type_is_attested_here_and_verifies_there() {
    let peers = peers();
    if peers.is_empty() {
        return;
    }
    let sandbox = sandbox();
    for (word, input, uri, form) in types() {
        let file = attest(&sandbox, None, "p256", (word, input), form);
        for peer in &peers {
            let ask = |word| {
                verify(&sandbox, Some((peer, &[])), Question(form, &file, "p256", word, "artifact.txt"))
            };
            let expected = i32::from(!reads(peer, word, form));
            for word in [word, uri] {
                let output = ask(word);
                assert_eq!(output.code, expected, "{file} {peer:?}: {}", output.stderr);
            }
        }
    }
}

#[test]
fn every_predicate_type_is_attested_there_and_verifies_here() {
    let peers = peers();
    if peers.is_empty() {
        return;
    }
    let sandbox = sandbox();
    for peer in &peers {
        for (word, input, uri, form) in types() {
            let file = attest(&sandbox, Some(peer), "p256", (word, input), form);
            let ask = |word, blob| verify(&sandbox, None, Question(form, &file, "p256", word, blob));
            let _ = ask(word, "artifact.txt").ok().says("Verified OK");
            let _ = ask(uri, "artifact.txt").ok();
            let _ = ask("https://example.com/other", "artifact.txt").code(12).says("predicate type");
            let _ = ask(word, "other.txt").code(12).says("about another artifact: sha256:");
        }
    }
}

const CUSTOM: (&str, &str) = ("custom", "json.in");

#[test]
fn every_kind_of_key_attests_here_and_verifies_there() {
    let peers = peers();
    if peers.is_empty() {
        return;
    }
    let sandbox = sandbox();
    for kind in KINDS {
        for form in FORMS {
            let file = attest(&sandbox, None, kind.name, CUSTOM, form);
            for peer in &peers {
                let (more, expected) = match kind.verifiable_by(peer) {
                    Some(more) => (more, 0),
                    None => (Vec::new(), 1),
                };
                for (blob, expected) in [("artifact.txt", expected), ("other.txt", 1)] {
                    let question = Question(form, &file, kind.name, "custom", blob);
                    let output = verify(&sandbox, Some((peer, &more)), question);
                    assert_eq!(output.code, expected, "{file} {blob} {peer:?}: {}", output.stderr);
                }
            }
        }
    }
}

#[test]
fn every_kind_of_key_attests_there_and_verifies_here() {
    let sandbox = sandbox();
    for peer in peers() {
        for Kind { name, .. } in KINDS {
            for form in FORMS {
                let file = attest(&sandbox, Some(&peer), name, CUSTOM, form);
                let ask = |key, blob| verify(&sandbox, None, Question(form, &file, key, "custom", blob));
                let _ = ask(*name, "artifact.txt").ok();
                let _ = ask(*name, "other.txt").code(12);
                let other = if *name == "p256" { "p384" } else { "p256" };
                let _ = ask(other, "artifact.txt").code(12);
            }
        }
    }
}
