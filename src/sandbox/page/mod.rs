//! The page at the sandbox's address, for people who would rather look than read: what the logs and the registry hold, where the
//! services are, and what to type.
//!
//! It changes nothing. Everything that it shows came from clients, so nothing is believed: text is escaped
//! ([`html`](super::html)), lists are cut into pages, and long things are cut off.

mod certificates;
mod entries;
mod images;
mod overview;
mod query;
mod signer;
#[cfg(test)]
mod tests;
mod text;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use self::query::Query;
use super::ct::CertificateLog;
use super::documents::Addresses;
use super::html::{self, Document, Html, html};
use super::registry::Contents;
use super::rekor::{RekorError, RekorV1, RekorV2};
use super::routes::Routes;

/// How many entries, certificates or images there are at once.
const ROWS: u64 = 25;
/// What shows the newest is asked for again after so many seconds.
const REFRESH: u64 = 5;
/// Where one can go.
const PLACES: [(&str, &str); 6] = [
    ("/", "Overview"),
    ("/log/1", "Log v1"),
    ("/log/2", "Log v2"),
    ("/certificates", "Certificates"),
    ("/images", "Images"),
    ("/use", "How to use it"),
];

/// What the page looks at.
pub struct Page {
    /// Where the services are.
    pub addresses: Addresses,
    /// The folder with the documents.
    pub folder: PathBuf,
    /// Whom the token in the folder is for.
    pub somebody: String,
    /// The log, version 1.
    pub rekor: Arc<RekorV1>,
    /// The log, version 2.
    pub rekor2: Arc<RekorV2>,
    /// The log of certificates.
    pub certificates: Arc<CertificateLog>,
    /// What the registry holds.
    pub images: Contents,
}

impl Page {
    /// What answers its requests.
    pub fn router(self: Arc<Self>) -> Router {
        Routes::new(self)
            .get("/", overview::show)
            .get("/log/{log}", entries::show_list)
            .get("/log/{log}/{index}", entries::show)
            .get("/certificates", certificates::show_list)
            .get("/certificates/{index}", certificates::show)
            .get("/images", images::show_repositories)
            .get("/repository", images::show_repository)
            .get("/manifest", images::show_manifest)
            .get("/use", show_use)
            .get("/favicon.svg", html::icon)
            .elsewhere(|| async { Refused::NotThere })
            .otherwise(|| async { Refused::Method })
            .router()
    }
}

/// What a page is made of.
struct Shown {
    title: String,
    /// The place in the navigation.
    place: &'static str,
    /// Whether it shows what is newest, and so is asked for again.
    live: bool,
    body: Html,
}

impl IntoResponse for Shown {
    fn into_response(self) -> Response {
        respond(StatusCode::OK, &self.title, self.place, self.live, self.body)
    }
}

/// Why there is nothing to show.
#[derive(Debug)]
enum Refused {
    /// There is no such thing.
    NotThere,
    /// The request is not of its form.
    Malformed(String),
    /// Something that is not done here.
    Method,
    /// A log cannot be read.
    Failed(String),
}

impl From<RekorError> for Refused {
    fn from(error: RekorError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, title, text) = match self {
            Self::NotThere => {
                (StatusCode::NOT_FOUND, "Not found", "There is nothing here. It may come later.".to_owned())
            }
            Self::Malformed(reason) => (StatusCode::BAD_REQUEST, "Not understood", reason),
            Self::Method => {
                let text = "Here one can only look (GET).".to_owned();
                (StatusCode::METHOD_NOT_ALLOWED, "Not done here", text)
            }
            Self::Failed(reason) => (StatusCode::INTERNAL_SERVER_ERROR, "Failed", reason),
        };
        respond(status, title, "", false, html("<h1>{}</h1><p>{}</p>", &[&title, &text]))
    }
}

fn respond(status: StatusCode, title: &str, place: &str, live: bool, body: Html) -> Response {
    let link = |(to, name): &(&str, &str)| {
        let current = (*to == place).then(|| html(" aria-current=\"page\"", &[]));
        html("<a href=\"{}\"{}>{}</a>", &[to, &current, name])
    };
    let links: Html = PLACES.iter().map(link).collect();
    let note = html(
        "<b>For testing only.</b> Whoever uses this machine can be anybody here. Trust these roots, logs and signatures \
         nowhere else.",
        &[],
    );
    let footer = live.then(|| html("This page asks for what is new every {} seconds.", &[&REFRESH]));
    let document = Document {
        title,
        navigation: html("<nav><b>rcosign sandbox</b>{}</nav>", &[&links]),
        note,
        body,
        footer: footer.unwrap_or_default(),
        refresh: live.then_some(REFRESH),
        ..Document::default()
    };
    document.response(status)
}

/// `GET /use`: where everything is, and what to type.
async fn show_use(State(page): State<Arc<Page>>) -> Shown {
    let body = html("<h1>How to use it</h1>{}{}", &[&overview::addresses(&page), &overview::commands(&page)]);
    Shown { title: "How to use it".to_owned(), place: "/use", live: false, body }
}

/// The indices of one page of a log, newest first, and the links to the others.
fn turn(size: u64, query: &Query, path: &'static str) -> Result<(std::ops::Range<u64>, Html), Refused> {
    let end = query.number("before")?.unwrap_or(size).min(size);
    let start = end.saturating_sub(ROWS);
    let newer = (end < size).then(|| {
        let before = end.saturating_add(ROWS);
        if before >= size {
            html("<a href=\"{}\">newer</a>", &[&path])
        } else {
            html("<a href=\"{}?before={}\">newer</a>", &[&path, &before])
        }
    });
    let older = (start > 0).then(|| html("<a href=\"{}?before={}\">older</a>", &[&path, &start]));
    Ok((start..end, html("<p class=\"turn\">{}{}</p>", &[&newer, &older])))
}
