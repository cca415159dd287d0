//! The entries of both logs.

use std::sync::Arc;

use axum::extract::{Path, State};

use super::super::html::{Html, code, facts, html, list, table};
use super::super::rekor::{Logged, RekorV1, RekorV2};
use super::super::service::Service;
use super::query::{Query, number};
use super::signer::Signer;
use super::{Page, Refused, Shown, text, turn};
use crate::crypto::base64;
use crate::tlog::merkle::leaf_hash;
use crate::tlog::{Entry, Spec, body};

/// A longer body is not parsed for a list.
const READ_FOR_LISTS: usize = 256 * 1024;

/// One of the two logs.
#[derive(Clone, Copy)]
pub(super) enum WhichLog<'a> {
    V1(&'a RekorV1),
    V2(&'a RekorV2),
}

impl Page {
    fn log(&self, version: &str) -> Result<WhichLog<'_>, Refused> {
        match version {
            "1" => Ok(WhichLog::V1(&self.rekor)),
            "2" => Ok(WhichLog::V2(&self.rekor2)),
            _ => Err(Refused::NotThere),
        }
    }
}

impl WhichLog<'_> {
    pub fn size(self) -> u64 {
        match self {
            Self::V1(log) => log.log().size(),
            Self::V2(log) => log.log().size(),
        }
    }

    pub fn checkpoint(self) -> Result<String, Refused> {
        Ok(match self {
            Self::V1(log) => log.checkpoint(),
            Self::V2(log) => log.checkpoint(),
        }?)
    }

    fn logged(self, index: u64) -> Result<Option<Logged>, Refused> {
        Ok(match self {
            Self::V1(log) => log.logged(index),
            Self::V2(log) => log.logged(index),
        }?)
    }

    fn entry(self, index: u64) -> Result<Option<Entry>, Refused> {
        Ok(match self {
            Self::V1(log) => log.entry(index),
            Self::V2(log) => log.entry(index),
        }?)
    }

    fn version(self) -> &'static str {
        match self {
            Self::V1(_) => "1",
            Self::V2(_) => "2",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::V1(_) => "/log/1",
            Self::V2(_) => "/log/2",
        }
    }

    /// A row for each of these entries, newest first.
    pub fn table(self, indices: std::ops::Range<u64>) -> Result<Html, Refused> {
        let mut rows = Vec::new();
        for index in indices.rev() {
            let Some(logged) = self.logged(index)? else { continue };
            let about = About::of(&logged.body, READ_FOR_LISTS);
            rows.push([
                html("<a href=\"{}/{}\">{}</a>", &[&self.path(), &index, &index]),
                html("{}", &[&logged.time]),
                about.kind,
                list(about.signers.iter().map(Signer::name).collect()),
                about.signers.first().map(Signer::issuer).unwrap_or_default(),
                list(about.digests.iter().map(|(_, digest)| short(digest)).collect()),
            ]);
        }
        if rows.is_empty() {
            return Ok(html("<p>No entries.</p>", &[]));
        }
        Ok(table(["Index", "Time", "Kind", "Signed by", "Identity provider", "Digest"], rows))
    }
}

/// The beginning of a digest; all of it where the pointer rests.
pub(super) fn short(digest: &str) -> Html {
    let shown = match digest.split_once(':').and_then(|(name, hex)| Some((name, hex.get(..12)?))) {
        Some((name, hex)) => format!("{name}:{hex}\u{2026}"),
        None => digest.to_owned(),
    };
    html("<code title=\"{}\">{}</code>", &[&digest, &shown])
}

/// What a body says.
struct About {
    kind: Html,
    /// What was hashed, and its digest.
    digests: Vec<(&'static str, String)>,
    signers: Vec<Signer>,
}

impl About {
    fn of(bytes: &[u8], limit: usize) -> Self {
        let nothing = |kind| Self { kind, digests: Vec::new(), signers: Vec::new() };
        if bytes.len() > limit {
            return nothing(html("a body of {} bytes", &[&bytes.len()]));
        }
        let Ok(body) = body::parse(bytes) else {
            return nothing(html("a body that cannot be read", &[]));
        };
        let kind = html("{} {}", &[&body.kind.kind, &body.kind.version]);
        let (digests, signers) = match &body.spec {
            Spec::HashedRekord { digest, verifier, .. } | Spec::Rekord { digest, verifier, .. } => {
                (vec![("Digest", Some(digest))], vec![Signer::from(verifier)])
            }
            Spec::Dsse { envelope_hash, payload_hash, signatures } => (
                vec![("Payload", Some(payload_hash)), ("Envelope", envelope_hash.as_ref())],
                signatures.iter().map(|(_, verifier)| verifier.into()).collect(),
            ),
            Spec::Intoto { envelope_hash, payload_hash, signatures } => (
                vec![("Payload", payload_hash.as_ref()), ("Envelope", envelope_hash.as_ref())],
                signatures.iter().map(|(_, verifier)| verifier.into()).collect(),
            ),
        };
        let digests = digests.into_iter().filter_map(|(what, digest)| Some((what, digest?.to_string())));
        Self { kind, digests: digests.collect(), signers }
    }
}

/// `GET /log/VERSION`: a page of entries.
pub(super) async fn show_list(
    State(page): State<Arc<Page>>,
    Path(version): Path<String>,
    query: Query,
) -> Result<Shown, Refused> {
    let log = page.log(&version)?;
    let (indices, links) = turn(log.size(), &query, log.path())?;
    let title = format!("Log v{}", log.version());
    let body = html(
        "<h1>{}</h1><p>{} entries, newest first. Whoever signed logs that here, so that nobody signs unseen.</p>{}{}\
         <h2>Checkpoint</h2><p class=\"dim\">The log's signature over its size and all that is in it, as of now.</p>{}",
        &[&title, &log.size(), &log.table(indices)?, &links, &text::document(log.checkpoint()?.as_bytes())],
    );
    Ok(Shown { title, place: log.path(), live: query.text("before").is_none(), body })
}

/// `GET /log/VERSION/INDEX`: one entry.
pub(super) async fn show(
    State(page): State<Arc<Page>>,
    Path((version, index)): Path<(String, String)>,
) -> Result<Shown, Refused> {
    let log = page.log(&version)?;
    let index = number(&index)?;
    let (Some(entry), Some(logged)) = (log.entry(index)?, log.logged(index)?) else {
        return Err(Refused::NotThere);
    };
    let about = About::of(&entry.canonicalized_body, usize::MAX);
    let mut rows = vec![
        ("Log", html("<a href=\"{}\">version {}</a>", &[&log.path(), &log.version()])),
        ("Index", html("{}", &[&index])),
        ("Time", html("{}", &[&logged.time])),
        ("Kind", about.kind),
        ("Signed by", list(about.signers.iter().map(Signer::name).collect())),
        ("Identity provider", about.signers.first().map(Signer::issuer).unwrap_or_default()),
    ];
    rows.extend(about.digests.iter().map(|(what, digest)| (*what, code(digest))));
    if let WhichLog::V1(rekor) = log {
        rows.push(("UUID", code(&rekor.uuid(&leaf_hash(&entry.canonicalized_body)))));
    }
    rows.push(("Log identifier", code(&hex::encode(&entry.log_id))));
    rows.retain(|(_, value)| !value.is_empty());
    let signers: Html = about
        .signers
        .iter()
        .map(|signer| {
            let heading = if matches!(signer, Signer::Key(_)) { "Key" } else { "Certificate" };
            html("<h2>{}</h2>{}", &[&heading, &signer.description()])
        })
        .collect();
    let title = format!("Entry {index} of log v{}", log.version());
    let body = html(
        "<h1>{}</h1>{}{}{}<h2>Body</h2>{}{}",
        &[
            &title,
            &facts(rows),
            &signers,
            &proof(&entry),
            &text::document(&entry.canonicalized_body),
            &page.how_to_get(log, index),
        ],
    );
    Ok(Shown { title, place: log.path(), live: false, body })
}

fn proof(entry: &Entry) -> Html {
    let proof = entry.inclusion_proof.as_ref().map(|proof| {
        let hashes: Vec<Html> = proof.hashes.iter().map(|hash| code(&hex::encode(hash))).collect();
        let hashes = if hashes.is_empty() { html("none: it is the only entry", &[]) } else { list(hashes) };
        let checkpoint = proof
            .checkpoint
            .as_ref()
            .map(|checkpoint| html("<h2>Checkpoint</h2>{}", &[&text::document(checkpoint.as_bytes())]));
        let facts = facts([
            ("Leaf", code(&hex::encode(leaf_hash(&entry.canonicalized_body)))),
            ("Hashes up to the root", hashes),
            ("Root", code(&hex::encode(&proof.root_hash))),
            ("Entries in the tree", html("{}", &[&proof.tree_size])),
        ]);
        html("<h2>Inclusion proof</h2>{}{}", &[&facts, &checkpoint])
    });
    let promise = entry
        .inclusion_promise
        .as_ref()
        .map(|promise| html("<h2>Inclusion promise</h2><p>{}</p>", &[&code(&base64::encode(promise))]));
    html("{}{}", &[&proof, &promise])
}

impl Page {
    fn how_to_get(&self, log: WhichLog<'_>, index: u64) -> Html {
        let command = match log {
            WhichLog::V1(_) => {
                let url = self.addresses.url(Service::RekorV1);
                format!("curl '{url}/api/v1/log/entries?logIndex={index}'")
            }
            WhichLog::V2(log) => {
                let url = self.addresses.url(Service::RekorV2);
                let (mut tile, rest) = (index / 256, log.log().size() - index / 256 * 256);
                let mut path = format!("{:03}", tile % 1000);
                while tile >= 1000 {
                    tile /= 1000;
                    path = format!("x{:03}/{path}", tile % 1000);
                }
                let partial = if rest < 256 { format!(".p/{rest}") } else { String::new() };
                format!("curl -o entries '{url}/api/v2/tile/entries/{path}{partial}'")
            }
        };
        html("<h2>Get it</h2><pre><code>{}</code></pre>", &[&command])
    }
}
