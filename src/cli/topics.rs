//! Concepts, as texts that `help TOPIC` shows and that stand in the documents.

use std::ffi::OsStr;

use super::suggest;

/// A concept.
#[derive(Debug, Clone, Copy)]
pub struct Topic {
    /// The word after `help`.
    pub name: &'static str,
    /// What it is about, in a few words.
    pub about: &'static str,
    /// The text, in the small part of Markdown that `render` knows.
    pub text: &'static str,
}

const fn topic(name: &'static str, about: &'static str, text: &'static str) -> Topic {
    Topic { name, about, text }
}

/// The topics, in the order of help.
pub const TOPICS: &[Topic] = &[
    topic(
        "verification",
        "What is checked, in which order, and what success means",
        include_str!("../../docs/concepts/verification.md"),
    ),
    topic(
        "policy-file",
        "One file that says who must have signed what",
        include_str!("../../docs/concepts/policy-file.md"),
    ),
    topic(
        "batches",
        "Many artifacts in one run: lists, reports, going on, shares",
        include_str!("../../docs/concepts/batches.md"),
    ),
    topic("bundles", "What is in a bundle, and its formats", include_str!("../../docs/concepts/bundles.md")),
    topic("keys", "Key pairs, references to keys, passwords", include_str!("../../docs/concepts/keys.md")),
    topic(
        "identities",
        "Signatures without a key of one's own (keyless)",
        include_str!("../../docs/concepts/identities.md"),
    ),
    topic(
        "trust",
        "Trusted roots: which authorities and logs count",
        include_str!("../../docs/concepts/trust.md"),
    ),
    topic(
        "logs",
        "Transparency logs and timestamps: when it was signed",
        include_str!("../../docs/concepts/logs.md"),
    ),
    topic(
        "offline",
        "What works without a network, and the air gap",
        include_str!("../../docs/concepts/offline.md"),
    ),
    topic(
        "registries",
        "Names of images, credentials, TLS, and what is tried again",
        include_str!("../../docs/concepts/registries.md"),
    ),
    topic(
        "layouts",
        "Images in folders and archives, without a registry",
        include_str!("../../docs/concepts/layouts.md"),
    ),
    topic(
        "copying",
        "What copy, save and load take along, and in which order",
        include_str!("../../docs/concepts/copying.md"),
    ),
    topic(
        "testing",
        "A Sigstore on this machine, for trying, testing and teaching",
        include_str!("../../docs/concepts/testing.md"),
    ),
    topic(
        "exit-codes",
        "What the program ends with, for every command",
        include_str!("../../docs/reference/exit-codes.md"),
    ),
    topic(
        "environment",
        "Variables, and the flags that they stand in for",
        include_str!("../../docs/concepts/environment.md"),
    ),
    topic(
        "compatibility",
        "What is the same as in cosign, and what is not",
        include_str!("../../docs/concepts/compatibility.md"),
    ),
];

/// The names of the topics.
pub fn names() -> impl Iterator<Item = &'static str> + Clone {
    TOPICS.iter().map(|topic| topic.name)
}

/// The topic of this name.
pub fn named(word: &OsStr) -> Option<&'static Topic> {
    TOPICS.iter().find(|topic| word == topic.name)
}

/// The topic that explains what the commands of a group work on.
pub fn of_group(group: &str) -> Option<&'static str> {
    match group {
        "bundle" => Some("bundles"),
        "trusted-root" | "signing-config" => Some("trust"),
        "compose" | "dockerfile" | "manifest" => Some("batches"),
        "policy" => Some("policy-file"),
        "attach" | "download" => Some("bundles"),
        "upload" => Some("registries"),
        "debug" => Some("identities"),
        "pkcs11-tool" | "piv-tool" => Some("keys"),
        "sandbox" => Some("testing"),
        _ => None,
    }
}

/// The topic that `word` may be meant for: a misspelling, or the singular or plural of it.
pub fn closest(word: &str) -> Option<&'static str> {
    let stem =
        |text: &str| text.trim_end_matches('s').trim_end_matches("ie").trim_end_matches('y').to_owned();
    let same = names().find(|name| word.len() > 2 && stem(name) == stem(word));
    same.or_else(|| suggest::closest(word, names()))
}

#[cfg(test)]
mod tests;
