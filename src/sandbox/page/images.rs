//! What the registry holds: repositories, tags and manifests, with what is attached to them.

mod manifest;

use std::sync::Arc;

use axum::extract::State;

use self::manifest::{Manifest, attached, attached_by_tag};
use super::super::html::{Html, code, facts, html, isolated, list, table};
use super::entries::short;
use super::overview::counted;
use super::query::Query;
use super::signer::Signer;
use super::{Page, ROWS, Refused, Shown, text};

/// The most of what is attached to one manifest that is shown.
const ATTACHED: usize = 100;
/// The most of what is attached whose signer is looked for in a list.
const LOOKED_AT: usize = 4;
/// Where the list is.
const PATH: &str = "/images";

/// A value in a query.
struct Encoded<'a>(&'a str);

impl Encoded<'_> {
    fn text(&self) -> String {
        let mut out = String::new();
        for byte in self.0.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b':' => {
                    out.push(char::from(byte));
                }
                other => out.push_str(&format!("%{other:02X}")),
            }
        }
        out
    }
}

fn repository_link(name: &str) -> Html {
    html("<a href=\"/repository?name={}\">{}</a>", &[&Encoded(name).text(), &isolated(name)])
}

fn manifest_link(repository: &str, digest: &str, shown: &Html) -> Html {
    let (name, encoded) = (Encoded(repository).text(), Encoded(digest).text());
    html("<a href=\"/manifest?repository={}&amp;digest={}\">{}</a>", &[&name, &encoded, shown])
}

/// The rows of a page of a list, and the links to the other pages. `path` ends where the number of the page comes.
fn part<T>(all: &[T], query: &Query, path: &str) -> Result<(usize, usize, Html), Refused> {
    let rows = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let page = usize::try_from(query.number("page")?.unwrap_or(1)).unwrap_or(usize::MAX).max(1);
    let start = (page - 1).saturating_mul(rows).min(all.len());
    let end = start.saturating_add(rows).min(all.len());
    let back = (page > 1).then(|| html("<a href=\"{}{}\">back</a>", &[&path, &(page - 1)]));
    let on = (end < all.len()).then(|| html("<a href=\"{}{}\">more</a>", &[&path, &(page + 1)]));
    Ok((start, end, html("<p class=\"turn\">{}{}</p>", &[&back, &on])))
}

fn repositories(page: &Page, names: &[String]) -> Html {
    let row = |name: &String| {
        let (tags, manifests) = (page.images.tags(name).len(), page.images.manifests(name).len());
        [repository_link(name), html("{}", &[&tags]), html("{}", &[&manifests])]
    };
    if names.is_empty() {
        return html("<p>None yet.</p>", &[]);
    }
    table(["Repository", "Tags", "Manifests"], names.iter().map(row))
}

/// The first repositories, and how many there are.
pub(super) fn newest(page: &Page, most: u64) -> (Html, u64) {
    let names = page.images.repositories();
    let first = names.get(..usize::try_from(most).unwrap_or(0)).unwrap_or(&names);
    (repositories(page, first), names.len() as u64)
}

/// `GET /images`: the repositories.
pub(super) async fn show_repositories(State(page): State<Arc<Page>>, query: Query) -> Result<Shown, Refused> {
    let names = page.images.repositories();
    let (start, end, links) = part(&names, &query, "/images?page=")?;
    let body = html(
        "<h1>Images</h1><p>{} in the registry {}.</p>{}{}",
        &[
            &counted(names.len() as u64, "repository", "repositories"),
            &code(page.addresses.registry()),
            &repositories(&page, names.get(start..end).unwrap_or_default()),
            &links,
        ],
    );
    Ok(Shown { title: "Images".to_owned(), place: PATH, live: query.text("page").is_none(), body })
}

/// `GET /repository?name=NAME`: tags and manifests.
pub(super) async fn show_repository(State(page): State<Arc<Page>>, query: Query) -> Result<Shown, Refused> {
    let name = query.needed("name")?;
    let (tags, manifests) = (page.images.tags(name), page.images.manifests(name));
    if tags.is_empty() && manifests.is_empty() {
        return Err(Refused::NotThere);
    }
    let tagged: std::collections::BTreeSet<&String> = tags.iter().map(|(_, digest)| digest).collect();
    let untagged = manifests.iter().filter(|digest| !tagged.contains(digest)).map(|digest| (None, digest));
    let all: Vec<(Option<&String>, &String)> =
        tags.iter().map(|(tag, digest)| (Some(tag), digest)).chain(untagged).collect();
    let (start, end, links) =
        part(&all, &query, &format!("/repository?name={}&page=", Encoded(name).text()))?;
    let row = |(tag, digest): &(Option<&String>, &String)| {
        let manifest = Manifest::of(&page.images, name, digest);
        let tag = tag.map(|tag| manifest_link(name, digest, &isolated(tag)));
        let what = manifest.as_ref().map_or_else(|| html("not there", &[]), Manifest::what);
        let about = manifest.as_ref().and_then(|it| it.subject.as_deref());
        let about = about.map(|subject| manifest_link(name, subject, &short(subject)));
        let attached = attached(&page.images, name, digest);
        let of = |it: &Manifest| it.signers(&page.images, name);
        let mut signers = manifest.as_ref().map(of).unwrap_or_default();
        for digest in attached.iter().take(LOOKED_AT) {
            signers.extend(Manifest::of(&page.images, name, digest).as_ref().map(of).unwrap_or_default());
        }
        let signers: Vec<Html> = signers.iter().map(Signer::name).collect();
        let count = (!attached.is_empty()).then(|| html("{}", &[&attached.len()]));
        [
            tag.unwrap_or_default(),
            manifest_link(name, digest, &short(digest)),
            what,
            about.unwrap_or_default(),
            count.unwrap_or_default(),
            list(signers),
        ]
    };
    let rows = all.get(start..end).unwrap_or_default().iter().map(row);
    let body = html(
        "<h1>{}</h1><p>Reference: {}</p>{}{}",
        &[
            &isolated(name),
            &code(&format!("{}/{name}", page.addresses.registry())),
            &table(["Tag", "Digest", "What it is", "Attached to", "Attachments", "Signed by"], rows),
            &links,
        ],
    );
    Ok(Shown { title: name.to_owned(), place: PATH, live: false, body })
}

/// `GET /manifest?repository=NAME&digest=DIGEST`: a manifest.
pub(super) async fn show_manifest(State(page): State<Arc<Page>>, query: Query) -> Result<Shown, Refused> {
    let (name, digest) = (query.needed("repository")?, query.needed("digest")?);
    let manifest = Manifest::of(&page.images, name, digest).ok_or(Refused::NotThere)?;
    let tags = page.images.tags(name);
    let mine = tags.iter().filter(|(_, target)| target == digest).take(ATTACHED);
    let subject = manifest.subject.as_deref();
    let mut rows = vec![
        ("Repository", repository_link(name)),
        ("Tags", list(mine.map(|(tag, _)| isolated(tag)).collect())),
        ("Digest", code(digest)),
        ("Reference", code(&format!("{}/{name}@{digest}", page.addresses.registry()))),
        ("What it is", manifest.what()),
        ("Media type", code(&manifest.media_type)),
        ("Size", counted(manifest.bytes.len() as u64, "byte", "bytes")),
        ("Attached to", subject.map(|it| manifest_link(name, it, &code(it))).unwrap_or_default()),
        ("Signed by", list(manifest.signers(&page.images, name).iter().map(Signer::name).collect())),
    ];
    rows.extend(
        manifest
            .annotations()
            .map(|(key, value)| ("Annotation", html("{}: {}", &[&code(key), &isolated(value)]))),
    );
    rows.retain(|(_, value)| !value.is_empty());
    let title = format!("Manifest in {name}");
    let body = html(
        "<h1>{}</h1>{}<h2>Attached to it</h2>{}{}<h2>The manifest</h2>{}",
        &[
            &html("Manifest in {}", &[&isolated(name)]),
            &facts(rows),
            &attachments(&page, name, digest),
            &parts(&manifest, name),
            &text::document(&manifest.bytes),
        ],
    );
    Ok(Shown { title, place: PATH, live: false, body })
}

/// What is attached to a manifest: signatures, attestations and whatever else.
fn attachments(page: &Page, name: &str, digest: &str) -> Html {
    let found = attached(&page.images, name, digest);
    let by_tag = attached_by_tag(&page.images, name, digest);
    if found.is_empty() {
        return html("<p>Nothing: no signature, no attestation.</p>", &[]);
    }
    let row = |found: &String| {
        let manifest = Manifest::of(&page.images, name, found);
        let tag = by_tag.iter().find(|(_, target)| target == found).map(|(tag, _)| tag.as_str());
        let how = tag.map_or_else(|| html("referrer", &[]), |tag| html("tag {}", &[&code(tag)]));
        let (what, signers) = match manifest {
            Some(it) => (it.what(), it.signers(&page.images, name)),
            None => (html("not there", &[]), Vec::new()),
        };
        let issuer = signers.first().map(Signer::issuer).unwrap_or_default();
        let signers = list(signers.iter().map(Signer::name).collect());
        [manifest_link(name, found, &short(found)), what, how, signers, issuer]
    };
    let rows = found.iter().take(ATTACHED).map(row);
    let more = (found.len() > ATTACHED).then(|| html("<p class=\"dim\">{} in all.</p>", &[&found.len()]));
    html("{}{}", &[&table(["Digest", "What it is", "By", "Signed by", "Identity provider"], rows), &more])
}

/// Config, layers or manifests.
fn parts(manifest: &Manifest, name: &str) -> Html {
    let parts: Vec<manifest::Part<'_>> = manifest.parts();
    if parts.is_empty() {
        return Html::default();
    }
    let row = |part: &manifest::Part<'_>| {
        let digest = short(part.digest);
        let digest = if part.is_manifest { manifest_link(name, part.digest, &digest) } else { digest };
        let size = part.size.map(|size| html("{}", &[&size])).unwrap_or_default();
        [html("{}", &[&part.role]), code(part.media_type), digest, size]
    };
    html("<h2>Parts</h2>{}", &[&table(["Part", "Media type", "Digest", "Size"], parts.iter().map(row))])
}
