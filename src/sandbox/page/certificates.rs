//! The certificates that were issued, as the certificate log has them.

use std::sync::Arc;

use axum::extract::{Path, State};

use super::super::html::{Html, code, facts, html, list, table};
use super::query::{Query, number};
use super::{Page, Refused, Shown, signer, turn};
use crate::crypto::UnixTime;
use crate::x509::Certificate;

/// Where the list is.
const PATH: &str = "/certificates";

/// An entry of the certificate log.
struct Issued {
    time: Option<UnixTime>,
    precertificate: Option<Certificate>,
}

impl Page {
    fn issued(&self, index: u64) -> Result<Option<Issued>, Refused> {
        let record =
            self.certificates.log().entry(index).map_err(|error| Refused::Failed(error.to_string()))?;
        Ok(record.map(|record| Issued { time: time(&record.leaf), precertificate: first(&record.attached) }))
    }

    /// A row for each of these certificates, newest first.
    pub(super) fn certificate_table(&self, indices: std::ops::Range<u64>) -> Result<Html, Refused> {
        let mut rows = Vec::new();
        for index in indices.rev() {
            let Some(Issued { time, precertificate }) = self.issued(index)? else { continue };
            let link = html("<a href=\"{}/{}\">{}</a>", &[&PATH, &index, &index]);
            let time = html("{}", &[&time]);
            rows.push(match precertificate {
                Some(it) => {
                    let until = html("{}", &[&it.not_after()]);
                    [link, time, list(signer::names(&it)), signer::issuer(&it), until]
                }
                None => [link, time, html("cannot be read", &[]), Html::default(), Html::default()],
            });
        }
        if rows.is_empty() {
            return Ok(html("<p>None yet.</p>", &[]));
        }
        Ok(table(["Index", "Time", "Made out to", "Identity provider", "Good until"], rows))
    }
}

/// When the log took it in: `timestamp` of TimestampedEntry, behind version and type of the MerkleTreeLeaf (RFC 6962
/// section 3.4).
fn time(leaf: &[u8]) -> Option<UnixTime> {
    let millis = u64::from_be_bytes(leaf.get(2..10)?.try_into().ok()?);
    Some(UnixTime::from_millis(i64::try_from(millis).ok()?))
}

/// The precertificate, which is kept first, behind its length in three bytes.
fn first(attached: &[u8]) -> Option<Certificate> {
    let ([a, b, c], rest) = attached.split_first_chunk::<3>()?;
    let length = usize::try_from(u32::from_be_bytes([0, *a, *b, *c])).ok()?;
    Certificate::from_der(rest.get(..length)?).ok()
}

/// `GET /certificates`: a page of them.
pub(super) async fn show_list(State(page): State<Arc<Page>>, query: Query) -> Result<Shown, Refused> {
    let size = page.certificates.log().size();
    let (indices, links) = turn(size, &query, PATH)?;
    let body = html(
        "<h1>Certificates</h1><p>{} certificates were issued, newest first. Each is good for minutes, and says who asked for \
         it and which identity provider said so.</p>{}{}",
        &[&size, &page.certificate_table(indices)?, &links],
    );
    Ok(Shown { title: "Certificates".to_owned(), place: PATH, live: query.text("before").is_none(), body })
}

/// `GET /certificates/INDEX`: one of them.
pub(super) async fn show(State(page): State<Arc<Page>>, Path(index): Path<String>) -> Result<Shown, Refused> {
    let index = number(&index)?;
    let issued = page.issued(index)?.ok_or(Refused::NotThere)?;
    let log = page.certificates.log();
    let size = log.size();
    let root = log.root(size).map(|root| code(&hex::encode(root))).unwrap_or_default();
    let path = log.inclusion_path(index, size).unwrap_or_default();
    let about = issued
        .precertificate
        .as_ref()
        .map_or_else(|| html("<p>It cannot be read.</p>", &[]), signer::certificate_facts);
    let rows = [
        ("Index in the log", html("{}", &[&index])),
        ("Taken in", html("{}", &[&issued.time])),
        ("Leaf", log.leaf_hash(index).map(|leaf| code(&hex::encode(leaf))).unwrap_or_default()),
        ("Hashes up to the root", list(path.iter().map(|hash| code(&hex::encode(hash))).collect())),
        ("Root", root),
        ("Certificates in the tree", html("{}", &[&size])),
    ];
    let title = format!("Certificate {index}");
    let body = html(
        "<h1>{}</h1><p class=\"dim\">The precertificate, as the log has it: without the log's promise, which is made for \
         it.</p>{}<h2>Inclusion proof</h2>{}",
        &[&title, &about, &facts(rows)],
    );
    Ok(Shown { title, place: PATH, live: false, body })
}
