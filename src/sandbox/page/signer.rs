//! Who signed, as a key or a certificate says it. Nothing of it is verified here.

use super::super::html::{Html, code, facts, html, isolated, list};
use super::text;
use crate::crypto::PublicKey;
use crate::tlog::LoggedVerifier;
use crate::x509::{Certificate, SubjectAlternativeName, fulcio, sct};

/// So many extensions of a certificate are shown.
const MOST: usize = 64;

/// Whose signature it is.
#[derive(Debug, Clone)]
pub(super) enum Signer {
    /// That of a key.
    Key(PublicKey),
    /// That of whom a certificate is for.
    Certificate(Box<Certificate>),
    /// That of somebody with a key that is not there.
    Unknown,
    /// A certificate that cannot be read.
    Unreadable,
}

impl From<&LoggedVerifier> for Signer {
    fn from(verifier: &LoggedVerifier) -> Self {
        match verifier {
            LoggedVerifier::PublicKey(key) => Self::Key(key.clone()),
            LoggedVerifier::Certificate(der) => Certificate::from_der(der)
                .map_or(Self::Unreadable, |certificate| Self::Certificate(Box::new(certificate))),
        }
    }
}

impl Signer {
    /// Who it is, in one line.
    pub fn name(&self) -> Html {
        match self {
            Self::Key(key) => {
                let id = hex::encode(key.key_id());
                html("the key {} ({})", &[&code(id.get(..16).unwrap_or(&id)), &key.key_type().to_string()])
            }
            Self::Certificate(certificate) => list(names(certificate)),
            Self::Unknown => html("a key that is not named", &[]),
            Self::Unreadable => html("a certificate that cannot be read", &[]),
        }
    }

    /// Who said so to the certificate authority.
    pub fn issuer(&self) -> Html {
        match self {
            Self::Certificate(certificate) => issuer(certificate),
            _ => Html::default(),
        }
    }

    /// All about it.
    pub fn description(&self) -> Html {
        match self {
            Self::Key(key) => {
                let id = code(&hex::encode(key.key_id()));
                let facts = facts([("Key", html("{}", &[&key.key_type().to_string()])), ("SHA-256", id)]);
                html("{}{}", &[&facts, &text::document(key.to_pem().as_bytes())])
            }
            Self::Certificate(certificate) => certificate_facts(certificate),
            Self::Unknown | Self::Unreadable => html("<p>{}</p>", &[&self.name()]),
        }
    }
}

/// The names that a certificate is for.
pub(super) fn names(certificate: &Certificate) -> Vec<Html> {
    match certificate.subject_alternative_names() {
        Ok(names) if names.is_empty() => vec![isolated(&certificate.subject())],
        Ok(names) => names.iter().map(|name| isolated(name.value())).collect(),
        Err(_) => vec![html("names that cannot be read", &[])],
    }
}

/// Who issued the token that a certificate was made for.
pub(super) fn issuer(certificate: &Certificate) -> Html {
    let extensions = fulcio::extensions(certificate).ok();
    extensions.and_then(|extensions| extensions.issuer).map(|issuer| isolated(&issuer)).unwrap_or_default()
}

/// What a certificate says.
pub(super) fn certificate_facts(certificate: &Certificate) -> Html {
    let name = |name: &SubjectAlternativeName| {
        let kind = match name {
            SubjectAlternativeName::Email(_) => "e-mail",
            SubjectAlternativeName::Uri(_) => "URI",
            SubjectAlternativeName::Dns(_) => "DNS",
            SubjectAlternativeName::Ip(_) => "IP",
            SubjectAlternativeName::Other(_) => "user name",
        };
        html("{} <span class=\"dim\">({})</span>", &[&isolated(name.value()), &kind])
    };
    let shown_names = certificate
        .subject_alternative_names()
        .map_or_else(|_| html("cannot be read", &[]), |names| list(names.iter().map(name).collect()));
    let key = certificate.public_key().map_or_else(
        |_| html("cannot be read", &[]),
        |key| html("{}, SHA-256 {}", &[&key.key_type().to_string(), &code(&hex::encode(key.key_id()))]),
    );
    let usage = certificate.key_usage().join(", ");
    let extended = certificate.extended_key_usage().unwrap_or_default().join(", ");
    let mut rows = vec![
        ("Made out to", shown_names),
        ("Identity provider", issuer(certificate)),
        ("Good from", html("{}", &[&certificate.not_before()])),
        ("Good until", html("{}", &[&certificate.not_after()])),
        ("Subject", isolated(&certificate.subject())),
        ("Issued by", isolated(&certificate.issuer())),
        ("Serial number", code(&certificate.serial())),
        ("Key", key),
        ("Key usage", html("{} {}", &[&usage, &extended])),
    ];
    let scts = sct::embedded(certificate).unwrap_or_default();
    rows.extend(scts.iter().map(|sct| {
        let log = code(&hex::encode(sct.log_id));
        ("Promised by", html("the certificate log {}, at {}", &[&log, &sct.time]))
    }));
    rows.retain(|(_, value)| !value.is_empty());
    html(
        "{}{}<details><summary>PEM</summary>{}</details>",
        &[&facts(rows), &workflow(certificate), &text::document(certificate.to_pem().as_bytes())],
    )
}

/// What Fulcio's extensions say beside the issuer.
fn workflow(certificate: &Certificate) -> Html {
    let Ok(extensions) = fulcio::extensions(certificate) else { return Html::default() };
    let old = [
        ("Workflow trigger", extensions.github_workflow_trigger),
        ("Workflow commit", extensions.github_workflow_sha),
        ("Workflow name", extensions.github_workflow_name),
        ("Workflow repository", extensions.github_workflow_repository),
        ("Workflow ref", extensions.github_workflow_ref),
    ];
    let old = old.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let new = extensions.others.into_iter().map(|(_, name, value)| (name, value));
    let rows: Vec<_> = old.chain(new).take(MOST).map(|(name, value)| (name, isolated(&value))).collect();
    if rows.is_empty() { Html::default() } else { html("<h3>The workflow</h3>{}", &[&facts(rows)]) }
}
