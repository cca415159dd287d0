//! Lists in pages: tags, the catalog.

use serde_json::{Value, json};

use super::Rules;
use super::reply::{Code, Reply};
use super::request::{Request, percent_encoded};
use super::store::Store;

/// One page of a list.
#[derive(Debug)]
pub(super) struct Page {
    pub entries: Vec<Value>,
    /// The Link header to the next page.
    pub next: Option<String>,
}

/// The page that is asked for with `n` and `last` (OCI distribution specification 1.1, section "Listing Tags"): entries whose key, which they are sorted by,
/// comes after `last`; no more than `n`, and no more than the registry's own limit. With `n=0` it is empty and the last.
pub(super) fn page(list: Vec<(String, Value)>, request: &Request, limit: Option<usize>, more: &str) -> Page {
    // A number that is none counts for nothing, as in Docker's registry.
    let asked = request.parameter("n").and_then(|n| n.parse::<usize>().ok());
    let last = request.parameter("last").unwrap_or_default();
    let size = asked.unwrap_or(usize::MAX).min(limit.unwrap_or(usize::MAX));
    let mut rest = list.into_iter().filter(|(key, _)| *key > last).peekable();
    let taken: Vec<_> = rest.by_ref().take(size).collect();
    let end = taken.last().filter(|_| rest.peek().is_some()).map(|(key, _)| percent_encoded(key));
    let n = asked.map(|n| format!("&n={n}")).unwrap_or_default();
    let next = end.map(|end| format!("<{}?last={end}{n}{more}>; rel=\"next\"", request.path));
    Page { entries: taken.into_iter().map(|(_, value)| value).collect(), next }
}

/// The tags of a repository, in order.
pub(super) fn tags(store: &Store, rules: &Rules, request: &Request, name: &str) -> Reply {
    let Some(repository) = store.repositories.get(name).filter(|repository| repository.tagged) else {
        return Reply::error(Code::NameUnknown, json!({ "name": name }));
    };
    let tags = repository.tags.keys().map(|tag| (tag.clone(), json!(tag))).collect();
    let page = page(tags, request, rules.page, "");
    answer(request, json!({ "name": name, "tags": page.entries }), page.next)
}

/// The repositories that have a manifest or a tag, in order.
pub(super) fn catalog(store: &Store, rules: &Rules, request: &Request) -> Reply {
    let names = store.listed().map(|name| (name.clone(), json!(name))).collect();
    let page = page(names, request, rules.page, "");
    answer(request, json!({ "repositories": page.entries }), page.next)
}

fn answer(request: &Request, list: Value, next: Option<String>) -> Reply {
    if request.method != "GET" {
        return Reply::no_method("GET");
    }
    let reply = Reply::json(200, &list);
    match next {
        Some(next) => reply.with("Link", next),
        None => reply,
    }
}
