//! `bundle inspect --suggest`: the command that verifies a document, by what the document says of itself.

use std::path::Path;

use super::super::{Context, Error, ErrorKind};
use super::inspect::{Known, Recognised, is_repetition, problems, read, recognise, undecodable};
use crate::attest::PredicateType;
use crate::bundle::{Content, Format, Profile, SignedEntity, VerificationMaterial};
use crate::crypto::UnixTime;
use crate::payload::Statement;
use crate::timestamp::{self, Authority, Token};
use crate::trust::TrustedRoot;
use crate::x509::path::{self, Usage};
use crate::x509::{Certificate, fulcio, sct};

/// The command line, for a POSIX shell, without a line break. What only the user can know stands in it in capitals: `ARTIFACT`,
/// `KEY`, `TRUSTED_ROOT`.
///
/// # Errors
/// The document cannot be read or decoded, holds no signature, or what it says cannot be asked for on a command line.
pub fn bundle_suggest(document: &Path, context: &mut Context) -> Result<String, Error> {
    let (format, entities) = signatures(document)?;
    let path = document.to_str().ok_or_else(|| unquotable("the name of the document"))?;
    let entity = first(document, &entities)?;
    let line = command(path, format, entity, &Known::new())?;
    warn(&entities, "this command asks", context);
    Ok(line)
}

/// The signatures of a document.
///
/// # Errors
/// The document cannot be read or decoded, or is something else.
pub(super) fn signatures(document: &Path) -> Result<(Option<Format>, Vec<SignedEntity>), Error> {
    let bytes = read(document)?;
    let source = document.display().to_string();
    match recognise(&bytes).map_err(|e| undecodable(&source, &e))? {
        Recognised::Signed(format, entities) => Ok((format, entities)),
        other => {
            let message = format!("`{source}` holds no signature ({})", other.format());
            Err(Error::new(ErrorKind::NoSignature, message))
        }
    }
}

/// The one that is looked at.
pub(super) fn first<'e>(document: &Path, entities: &'e [SignedEntity]) -> Result<&'e SignedEntity, Error> {
    let message = || format!("`{}` holds no signature", document.display());
    entities.first().ok_or_else(|| Error::new(ErrorKind::NoSignature, message()))
}

/// Says what is wrong with a document as far as that is seen, and that nothing in it was verified. `what`: what was made from it.
pub(super) fn warn(entities: &[SignedEntity], what: &str, context: &mut Context) {
    let mut problems = problems(entities);
    let is_untimed = entities.first().is_some_and(is_without_time);
    if is_untimed {
        // That is told in other words.
        problems.retain(|problem| problem.code != "no-trusted-time");
    }
    // Worst first; what is only said twice is no reason to refuse it.
    problems.sort_by_key(is_repetition);
    if let Some(problem) = problems.first() {
        let expect = if is_repetition(problem) { "" } else { ", so expect a failure" };
        let more = if problems.len() > 1 { ", and more" } else { "" };
        let message = &problem.message;
        context.narrator.warn(&format!("the document shows a problem{expect}: {message}{more}"));
    }
    if is_untimed {
        context.narrator.warn(
            "nothing in the document says when the certificate was used: if a timestamp lies beside it, name it with \
             --rfc3161-timestamp",
        );
    }
    context.narrator.warn(&format!(
        "{what} for what the document says of itself, and anybody can write such a document: compare the signer with the one \
         whom you expect before you rely on it"
    ));
}

/// A certificate in one of the formats that leave timestamps to a file of their own.
fn is_without_time(entity: &SignedEntity) -> bool {
    entity.profile == Profile::Legacy
        && matches!(entity.material, VerificationMaterial::Certificate(_))
        && entity.timestamps.is_empty()
        && entity.log_entries.is_empty()
}

fn command(
    path: &str,
    format: Option<Format>,
    entity: &SignedEntity,
    known: &Known,
) -> Result<String, Error> {
    let mut line = Line::default();
    match &entity.content {
        Content::Message { .. } => line.word("verify-blob"),
        Content::SimpleSigning { .. } => {
            return Err(nothing("it is the signature of an image: `verify` finds it by the image's name"));
        }
        Content::Envelope(envelope) => {
            let statement = Statement::from_json(&envelope.parsed.payload).map_err(|e| {
                nothing("its envelope holds no in-toto statement, and only statements are verified")
                    .caused_by(&e)
            })?;
            line.word("verify-blob-attestation");
            let asked = statement.predicate_type.as_str();
            if PredicateType::uri_to_verify(asked) != asked {
                return Err(nothing(
                    "its predicate type is one of the short names of --type, which mean others",
                ));
            }
            line.flag("--type", asked, "the predicate type")?;
        }
    }
    match &entity.material {
        VerificationMaterial::Certificate(chain) => identity(&mut line, chain.first(), entity)?,
        VerificationMaterial::PublicKey { .. } => line.words(&["--key", "KEY"]),
    }
    if entity.log_entries.is_empty() {
        line.word("--no-log");
        // Then the timestamp is the only witness.
        if !entity.timestamps.is_empty() {
            line.word("--use-signed-timestamps");
        }
    }
    if !is_public(entity, known.root()) {
        line.words(&["--trusted-root", "TRUSTED_ROOT"]);
    }
    let flag = if matches!(format, None | Some(Format::Envelope)) { "--signature" } else { "--bundle" };
    // A name such as `env://X` is a file's here, and not always one where signatures are named.
    let path = if path.contains("://") && !path.starts_with('/') { &format!("./{path}") } else { path };
    line.flag(flag, path, "the name of the document")?;
    line.word("ARTIFACT");
    Ok(line.0)
}

fn identity(line: &mut Line, leaf: Option<&Certificate>, entity: &SignedEntity) -> Result<(), Error> {
    let leaf = leaf.ok_or_else(|| nothing("it has no certificate"))?;
    let unreadable = |e| nothing("its certificate cannot be read").caused_by(&e);
    let names = leaf.subject_alternative_names().map_err(unreadable)?;
    let name = names.first().ok_or_else(|| nothing("its certificate states no identity"))?;
    line.flag("--certificate-identity", name.value(), "the certificate's identity")?;
    match fulcio::extensions(leaf).map_err(unreadable)?.issuer {
        Some(issuer) => line.flag("--certificate-oidc-issuer", &issuer, "the certificate's issuer")?,
        // An exact issuer never accepts a certificate that states none.
        None => line.flag("--certificate-oidc-issuer-regexp", "^$", "the certificate's issuer")?,
    }
    if sct::embedded(leaf).is_ok_and(|scts| scts.is_empty()) && entity.detached_scts.is_empty() {
        line.word("--insecure-ignore-sct");
    }
    Ok(())
}

/// Whether the root built into this program lists all the services that the document names. A path to a built-in authority
/// is looked for, so that a certificate which only has the name of one is not taken for its.
pub(super) fn is_public(entity: &SignedEntity, root: &TrustedRoot) -> bool {
    let logs = entity.log_entries.iter().all(|e| root.logs.iter().any(|log| log.log_id == e.log_id));
    let time_is_promised = entity.log_entries.iter().any(|e| e.inclusion_promise.is_some());
    let times =
        time_is_promised || entity.timestamps.iter().all(|der| is_public_timestamp(der, entity, root));
    match &entity.material {
        VerificationMaterial::PublicKey { .. } => logs && (!entity.log_entries.is_empty() || times),
        VerificationMaterial::Certificate(chain) => {
            logs && times
                && chain.first().is_some_and(|leaf| is_public_certificate(leaf, leaf.not_before(), root))
        }
    }
}

fn is_public_certificate(leaf: &Certificate, time: UnixTime, root: &TrustedRoot) -> bool {
    let issued = |a: &crate::trust::CertificateAuthority| {
        path::verify(leaf, &a.intermediates, &a.anchors, time, Usage::CodeSigning).is_ok()
    };
    root.certificate_authorities.iter().any(issued)
}

fn is_public_timestamp(der: &[u8], entity: &SignedEntity, root: &TrustedRoot) -> bool {
    let Ok(token) = Token::from_der(der) else { return false };
    let signature = entity.content.signature();
    let by = |a: &crate::trust::CertificateAuthority| {
        timestamp::verify(&token, signature, Authority { anchors: &a.anchors, others: &a.intermediates })
            .is_ok()
    };
    root.timestamp_authorities.iter().any(by)
}

fn nothing(why: &str) -> Error {
    Error::new(ErrorKind::Other, "there is no command to suggest for this document").cause(why)
}

fn unquotable(what: &str) -> Error {
    Error::new(ErrorKind::Other, "there is no command to suggest for this document")
        .cause(format!("{what} holds characters that cannot stand in a command line that people read"))
}

/// A command line for a POSIX shell.
struct Line(String);

impl Default for Line {
    fn default() -> Self {
        Self("rcosign".to_owned())
    }
}

impl Line {
    /// Adds a word of our own, which needs no quotes.
    fn word(&mut self, word: &str) {
        self.0.push(' ');
        self.0.push_str(word);
    }

    fn words(&mut self, words: &[&str]) {
        words.iter().for_each(|word| self.word(word));
    }

    /// Adds a flag with a value from outside.
    fn flag(&mut self, flag: &str, value: &str, what: &str) -> Result<(), Error> {
        let quoted = quote(value).ok_or_else(|| unquotable(what))?;
        // A value that looks like a flag has to be tied to its own.
        let tie = if value.starts_with('-') && value != "-" { "=" } else { " " };
        self.word(&format!("{flag}{tie}{quoted}"));
        Ok(())
    }
}

/// A flag with its value, after a blank, as a shell takes them; `otherwise` in place of a value that cannot be shown. A value that
/// looks like a flag is tied to its own.
pub(in crate::commands) fn flag(name: &str, value: &str, otherwise: &str) -> String {
    let tie = if value.starts_with('-') { '=' } else { ' ' };
    format!(" --{name}{tie}{}", quote(value).unwrap_or_else(|| otherwise.to_owned()))
}

/// A word as a POSIX shell reads it back: within single quotes everything stands for itself (XCU section 2.2.2), and a single
/// quote itself stands outside of them behind a backslash. `None` for what a reader could not see, or a terminal would obey:
/// anything but printable ASCII and letters and digits of other scripts.
pub(in crate::commands) fn quote(word: &str) -> Option<String> {
    // Letters that are blank: the fillers of Hangul, and vowels of Khmer that are never written.
    let blank = |c| matches!(c, '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}' | '\u{ffa0}');
    let seen = |c: char| c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric() && !blank(c);
    if !word.chars().all(seen) {
        return None;
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+,-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return Some(word.to_owned());
    }
    Some(format!("'{}'", word.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::SubjectAlternativeName;
    use crate::x509::issue::fixtures::{self_signed, span};
    use crate::x509::issue::{Extension, Template};

    fn suggest(name: &str, issuer: &str, path: &str) -> Result<String, Error> {
        let names = [SubjectAlternativeName::Uri(name.to_owned())];
        let template = Template {
            version: 3,
            common_name: "x".into(),
            organization: String::new(),
            email_address: String::new(),
            serial: vec![1],
            validity: span(0, 600),
            extensions: vec![Extension::subject_alternative_names(&names), Extension::fulcio_text(8, issuer)],
        };
        let entity = SignedEntity {
            content: Content::Message { digest: None, signature: vec![1] },
            material: VerificationMaterial::Certificate(vec![self_signed(&template, "hostile")]),
            log_entries: Vec::new(),
            timestamps: Vec::new(),
            detached_scts: Vec::new(),
            profile: Profile::Legacy,
        };
        command(path, Some(Format::Legacy), &entity, &Known::new())
    }

    /// All three are an attacker's to choose.
    #[test]
    fn names_in_the_certificate_run_nothing() {
        let line = suggest("https://a.example/$(touch x)", "https://i.example/'; touch x; '", "b c").unwrap();
        let expected = [
            "rcosign verify-blob --certificate-identity 'https://a.example/$(touch x)'",
            r"--certificate-oidc-issuer 'https://i.example/'\''; touch x; '\''' --insecure-ignore-sct --no-log",
            "--trusted-root TRUSTED_ROOT --bundle 'b c' ARTIFACT",
        ];
        assert_eq!(line, expected.join(" "));
        for issuer in ["https://i.example\ntouch x", "https://i.example\u{1b}[2J", "\u{202e}elpmaxe"] {
            let error = suggest("https://a.example", issuer, "b").unwrap_err();
            assert!(error.causes[0].starts_with("the certificate's issuer holds characters"), "{error:?}");
        }
        assert!(suggest("https://a.example", "https://i.example", "a\nb").is_err());
        let line = suggest("https://a.example", "https://i.example", "env://X").unwrap();
        assert!(line.ends_with(" --bundle ./env://X ARTIFACT"), "{line}");
    }

    #[test]
    fn quoting_leaves_nothing_to_the_shell() {
        for (word, expected) in [
            ("a.txt", "a.txt"),
            ("", "''"),
            ("https://a.example/x@refs/heads/main", "https://a.example/x@refs/heads/main"),
            ("a b", "'a b'"),
            ("a'; rm -rf ~; '", r"'a'\''; rm -rf ~; '\'''"),
            ("$(id)`id`\"!x", "'$(id)`id`\"!x'"),
            ("~", "'~'"),
            ("a=b", "'a=b'"),
            ("\\", "'\\'"),
            ("#x", "'#x'"),
            ("Zoë", "'Zoë'"),
        ] {
            assert_eq!(quote(word).as_deref(), Some(expected));
        }
        for word in
            ["a\nb", "a\rb", "\u{1b}[2J", "a\u{202e}b", "a\0", "a\u{200b}", "a\u{a0}b", "\u{7f}", "\u{3164}"]
        {
            assert_eq!(quote(word), None, "{word:?}");
        }
    }

    /// The shell itself is the judge.
    #[cfg(unix)]
    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        let mut line = String::new();
        let words = ["a'b", "$HOME", "`id`", "a;b|c&d>e<f", "*?[a]{x,y}", "\\n", " ", "'''", "!!", "-x"];
        for word in words {
            line.push(' ');
            line.push_str(&quote(word).unwrap());
        }
        let script = format!("for word in{line}; do printf '%s\\n' \"$word\"; done");
        let output = std::process::Command::new("/bin/sh").arg("-c").arg(script).output().unwrap();
        let read: Vec<&str> = std::str::from_utf8(&output.stdout).unwrap().lines().collect();
        assert_eq!(read, words);
    }

    #[test]
    fn a_value_that_looks_like_a_flag_is_tied_to_its_own() {
        let mut line = Line::default();
        line.flag("--bundle", "--key", "x").unwrap();
        line.flag("--bundle", "-", "x").unwrap();
        assert_eq!(line.0, "rcosign --bundle=--key --bundle -");
        assert!(
            line.flag("--bundle", "a\nb", "the name").unwrap_err().causes[0].starts_with("the name holds")
        );
    }
}
