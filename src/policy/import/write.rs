//! The policy file as text, with what was left out as comments where it would stand.

use super::draft::{
    Attestation, Code, Draft, DraftScope, Need, Proofs, Requires, Signatures, SignedAs, Signer, Text, Who,
};
use super::{Imported, Note, Source};
use crate::policy::PolicyFile;
use crate::policy::scoped::Path;

/// What the patterns of every registry match beside images of registries.
const LOCAL: [&str; 4] = ["oci:*", "oci:*/**", "oci-archive:*", "oci-archive:*/**"];

/// Writes it.
pub(super) fn policy(mut draft: Draft, sources: &[Source], stem: &str) -> Imported {
    // Scopes without an image have notes all the same; they stand at the head.
    let (mut scopes, empty): (Vec<_>, Vec<_>) =
        draft.scopes.into_iter().partition(|scope| !scope.images.is_empty());
    draft.notes.extend(empty.into_iter().flat_map(|scope| scope.notes));
    let is_wide = |scope: &DraftScope| scope.images.iter().any(|image| image.starts_with('*'));
    if scopes.iter().any(|scope| scope.need != Need::Refuse && is_wide(scope)) {
        scopes.insert(0, local(sources));
    }
    if scopes.is_empty() {
        let images = vec!["**".to_owned()];
        scopes.push(DraftScope { name: "nothing".to_owned(), images, need: Need::Refuse, notes: Vec::new() });
    }
    let mut writer = Writer { stem, signers: Vec::new(), codes: Vec::new(), files: Vec::new() };
    let body: String = scopes.iter().map(|scope| writer.scope(scope)).collect();
    let mut names: Vec<_> = sources.iter().map(|source| source.file.as_str()).collect();
    names.dedup();
    let mut text = line(&format!("written by `rcosign policy import` from {}", names.join(", ")), "");
    draft.notes.iter().for_each(|note| text.push_str(&line(&note.to_string(), "")));
    let mut notes: Vec<Note> = Vec::new();
    for note in draft.notes.into_iter().chain(scopes.into_iter().flat_map(|scope| scope.notes)) {
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    text.push_str("version: 1\n");
    if !writer.signers.is_empty() {
        text.push_str("signers:\n");
        writer
            .signers
            .iter()
            .for_each(|(name, who, file)| text.push_str(&signer(name, who, file.as_deref())));
    }
    text.push_str("scopes:\n");
    text.push_str(&body);
    Imported { text, files: writer.files, notes }
}

/// A scope that decides about nothing in a registry, before the ones that match whatever has a name.
fn local(sources: &[Source]) -> DraftScope {
    let name = sources.first().map(|source| source.name()).unwrap_or_default();
    let reason = "patterns of every registry match layouts and archives on this machine too, which the source is not about: they are refused";
    let notes = vec![Note::changed(&name, &Path::default(), reason)];
    DraftScope {
        name: "layouts and archives".to_owned(),
        images: LOCAL.map(str::to_owned).to_vec(),
        need: Need::Refuse,
        notes,
    }
}

struct Writer<'a> {
    stem: &'a str,
    /// The name, who it is, and the file of the key.
    signers: Vec<(String, Who, Option<String>)>,
    /// What the files of a policy hold, and their names.
    codes: Vec<(Code, Vec<String>)>,
    files: Vec<PolicyFile>,
}

impl Writer<'_> {
    fn scope(&mut self, scope: &DraftScope) -> String {
        let mut text: String = scope.notes.iter().map(|note| line(&note.to_string(), "  ")).collect();
        text.push_str(&format!("  - name: {}\n    images:\n", quoted(&scope.name)));
        scope.images.iter().for_each(|image| text.push_str(&format!("      - {}\n", quoted(image))));
        match &scope.need {
            Need::Accept => text.push_str("    accept: true\n"),
            Need::Refuse => text.push_str("    refuse: true\n"),
            Need::Require(requires) => self.requires(requires, &mut text),
        }
        text
    }

    fn requires(&mut self, requires: &Requires, text: &mut String) {
        if let Some(Signatures { all, of }) = &requires.signatures {
            text.push_str(&format!("    signatures: {}\n", self.names(of, *all)));
        }
        if !requires.attestations.is_empty() {
            text.push_str("    attestations:\n");
        }
        for Attestation { predicate_type, of, code } in &requires.attestations {
            let signers = self.names(of, false);
            text.push_str(&format!("      - type: {}\n        signers: {signers}\n", quoted(predicate_type)));
            if let Some(code) = code {
                let files = self.code(code);
                let language = if files.iter().all(|name| name.ends_with(".cue")) { "cue" } else { "rego" };
                let files: Vec<_> = files.iter().map(|name| quoted(name)).collect();
                text.push_str(&format!(
                    "        rules:\n          - {language}: [{}]\n        must-pass: one\n",
                    files.join(", ")
                ));
            }
        }
        let Proofs { log, timestamp, sct } = requires.proofs;
        let word = |is_required: bool| if is_required { "required" } else { "not-required" };
        text.push_str(&format!("    log: {}\n", word(log)));
        for (name, value, _) in [("timestamp", timestamp, false), ("sct", sct, true)]
            .iter()
            .filter(|(_, value, default)| value != default)
        {
            text.push_str(&format!("    {name}: {}\n", word(*value)));
        }
        match &requires.signed_as {
            None => {}
            Some(SignedAs::SameRepository) => text.push_str("    signed-as: same-repository\n"),
            Some(SignedAs::Repository(name)) => {
                text.push_str(&format!("    signed-as: {{ repository: {} }}\n", quoted(name)));
            }
        }
    }

    /// The names of signers, as a scope writes them.
    fn names(&mut self, of: &[Signer], all: bool) -> String {
        let names: Vec<String> = of.iter().map(|signer| quoted(&self.signer(signer))).collect();
        match names.as_slice() {
            [one] => one.clone(),
            _ => format!("{{ {}: [{}] }}", if all { "all" } else { "any" }, names.join(", ")),
        }
    }

    fn signer(&mut self, signer: &Signer) -> String {
        if let Some((name, ..)) = self.signers.iter().find(|(_, who, _)| *who == signer.who) {
            return name.clone();
        }
        let name = free(&plain(&signer.name), |name| self.signers.iter().any(|(known, ..)| known == name));
        let file = match &signer.who {
            Who::Pem(pem) => Some(self.file(&name, ".pub", pem)),
            Who::Key(_) | Who::Identity { .. } => None,
        };
        self.signers.push((name.clone(), signer.who.clone(), file));
        name
    }

    fn code(&mut self, code: &Code) -> Vec<String> {
        if let Some((_, names)) = self.codes.iter().find(|(known, _)| known.files == code.files) {
            return names.clone();
        }
        let name = plain(&code.name);
        let names: Vec<String> = code.files.iter().map(|(end, text)| self.file(&name, end, text)).collect();
        self.codes.push((code.clone(), names.clone()));
        names
    }

    /// A file beside the policy file.
    fn file(&mut self, name: &str, end: &str, text: &str) -> String {
        let base = format!("{}-{name}", self.stem);
        let name = free(&base, |name| self.files.iter().any(|file| file.name == format!("{name}{end}")));
        let name = format!("{name}{end}");
        self.files.push(PolicyFile { name: name.clone(), bytes: text.as_bytes().to_vec() });
        name
    }
}

fn signer(name: &str, who: &Who, file: Option<&str>) -> String {
    let one = |member: &str, text: &Text| match text {
        Text::Exact(text) => format!("    {member}: {}\n", quoted(text)),
        Text::Pattern(text) => format!("    {member}-regexp: {}\n", quoted(text)),
    };
    let members = match who {
        Who::Key(reference) => format!("    key: {}\n", quoted(reference)),
        Who::Pem(_) => format!("    key: {}\n", quoted(file.unwrap_or_default())),
        Who::Identity { subject, issuer } => one("identity", subject) + &one("issuer", issuer),
    };
    format!("  {}:\n{members}", quoted(name))
}

/// A name that is not taken.
fn free(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut found = name.to_owned();
    let mut number = 1;
    while is_taken(&found) {
        number += 1;
        found = format!("{name}-{number}");
    }
    found
}

/// A name as files may have it.
fn plain(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c.to_ascii_lowercase() } else { '-' };
    let name: String = name.chars().take(100).map(plain).collect();
    let name = name.trim_matches('-').to_owned();
    if name.is_empty() { "signer".to_owned() } else { name }
}

/// A text in quotation marks, as JSON and YAML have it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A comment of one line.
pub(super) fn line(text: &str, indent: &str) -> String {
    let is_seen = |c: char| c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric();
    let shown: String = text.chars().map(|c| if is_seen(c) { c } else { ' ' }).collect();
    format!("{indent}# {shown}\n")
}
