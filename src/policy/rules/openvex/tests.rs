use serde_json::{Value, json};

use super::super::Facts;
use super::super::tests::{facts, holds, no_rule, refuses, with};
use super::TYPE;

const PRODUCT: &str = "pkg:oci/app@sha256:00";

fn statement(vulnerability: &str, status: &str, time: &str) -> Value {
    json!({
        "vulnerability": {"name": vulnerability, "aliases": [format!("GHSA-{vulnerability}")]},
        "products": [{"@id": PRODUCT, "identifiers": {"purl": "pkg:oci/app?tag=v1"}}],
        "status": status, "justification": "vulnerable_code_not_present", "timestamp": time})
}

fn document(statements: Value) -> Value {
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex-1", "author": "Team",
        "timestamp": "2024-05-01T00:00:00Z", "last_updated": "2024-05-31T12:00:00Z", "version": 1,
        "statements": statements})
}

fn usual() -> Value {
    document(json!([
        statement("CVE-1", "not_affected", "2024-05-01T00:00:00Z"),
        statement("CVE-2", "under_investigation", "2024-05-01T00:00:00Z"),
        statement("CVE-2", "fixed", "2024-05-31T12:00:00Z")
    ]))
}

fn vex(predicate: Value) -> Facts {
    facts(TYPE, predicate)
}

fn statuses(statuses: Value) -> Value {
    json!({"openvex": {"product": PRODUCT, "statuses": statuses}})
}

#[test]
fn what_a_document_says_of_the_product() {
    let demands = |value: Value| json!({"openvex": value});
    for held in [
        statuses(json!({"CVE-1": ["not_affected"]})),
        statuses(json!({"CVE-1": ["not_affected", "fixed"], "CVE-2": ["fixed"]})),
        statuses(json!({"GHSA-CVE-2": ["fixed"]})),
        demands(json!({"product": PRODUCT, "every": ["not_affected", "fixed"]})),
        demands(json!({"product": "pkg:oci/app?tag=v1", "every": ["not_affected", "fixed"]})),
        demands(json!({"author": "Team", "max-age": "1d"})),
    ] {
        for predicate_type in [TYPE, "https://openvex.dev/ns/v0.2.0"] {
            holds(held.clone(), &facts(predicate_type, usual()));
        }
    }
    // The first versions wrote texts.
    let old = json!({
        "@context": TYPE, "author": "Team", "timestamp": "2024-05-01T00:00:00Z",
        "statements": [{"vulnerability": "CVE-1", "products": [PRODUCT], "status": "fixed"}]});
    holds(statuses(json!({"CVE-1": ["fixed"]})), &vex(old));
    for (refused, words) in [
        (
            statuses(json!({"CVE-1": ["fixed"]})),
            "statements[0].status is not_affected of `CVE-1`, expected fixed",
        ),
        (statuses(json!({"CVE-2": ["under_investigation"]})), "statements[2].status is fixed"),
        (statuses(json!({"CVE-3": ["fixed"]})), "silent about `CVE-3` in `pkg:oci/app@sha256:00`"),
        (statuses(json!({"CVE-1": ["not_affected"], "CVE-3": ["fixed"]})), "silent about `CVE-3`"),
        (statuses(json!({"cve-1": ["not_affected"]})), "silent"),
        (statuses(json!({"CVE-": ["not_affected"]})), "silent"),
        (demands(json!({"product": PRODUCT, "every": ["fixed"]})), "not_affected of `CVE-1`"),
        (demands(json!({"product": "pkg:oci/app", "statuses": {"CVE-1": ["not_affected"]}})), "silent"),
        (
            demands(json!({"product": "pkg:oci/app@sha256:001", "statuses": {"CVE-1": ["not_affected"]}})),
            "silent",
        ),
        (
            demands(json!({"product": "pkg:oci/app", "every": ["not_affected", "fixed"]})),
            "at least one statement about `pkg:oci/app`",
        ),
        (demands(json!({"author": "Tea"})), "predicate.author"),
        (demands(json!({"max-age": "12h"})), "predicate.last_updated"),
    ] {
        refuses(refused, &vex(usual()), &[words]);
    }
}

#[test]
fn what_was_said_last_counts() {
    let fixed = statuses(json!({"CVE-1": ["fixed"]}));
    let two = |first: (&str, &str), second: (&str, &str)| {
        vex(document(json!([statement("CVE-1", first.0, first.1), statement("CVE-1", second.0, second.1)])))
    };
    let (early, late) = ("2024-05-01T00:00:00Z", "2024-05-02T00:00:00Z");
    holds(fixed.clone(), &two(("affected", early), ("fixed", late)));
    holds(fixed.clone(), &two(("fixed", late), ("affected", early)));
    holds(fixed.clone(), &two(("fixed", early), ("fixed", early)));
    refuses(fixed.clone(), &two(("fixed", early), ("affected", late)), &["affected"]);
    refuses(fixed.clone(), &two(("affected", late), ("fixed", early)), &["affected"]);
    for order in [("fixed", "affected"), ("affected", "fixed")] {
        refuses(fixed.clone(), &two((order.0, early), (order.1, early)), &["two things at one time"]);
    }
    // Another name of the same vulnerability.
    let alias = with(statement("GHSA-CVE-1", "affected", late), "/vulnerability/aliases", None);
    refuses(
        fixed.clone(),
        &vex(document(json!([statement("CVE-1", "fixed", early), alias.clone()]))),
        &["affected"],
    );
    refuses(fixed.clone(), &vex(document(json!([alias, statement("CVE-1", "fixed", early)]))), &["affected"]);
    // What is said of a part does not replace what is said of another, nor of all.
    let part = |id: &str, status: &str, time: &str| {
        with(statement("CVE-1", status, time), "/products/0/subcomponents", Some(json!([{"@id": id}])))
    };
    let parts = document(json!([part("a", "affected", early), part("b", "fixed", late)]));
    refuses(fixed.clone(), &vex(parts), &["affected"]);
    let all = document(json!([part("a", "fixed", early), part("b", "fixed", late)]));
    holds(fixed.clone(), &vex(all));
    // In the first versions they stood in the statement.
    let part = |id: &str, status: &str, time: &str| {
        with(statement("CVE-1", status, time), "/subcomponents", Some(json!([id])))
    };
    let parts = document(json!([part("a", "affected", early), part("b", "fixed", late)]));
    refuses(fixed.clone(), &vex(parts), &["affected"]);
    holds(fixed.clone(), &vex(document(json!([part("a", "affected", early), part("a", "fixed", late)]))));
    // When one was changed counts for no order.
    let changed =
        with(statement("CVE-1", "fixed", early), "/last_updated", Some(json!("2024-05-03T00:00:00Z")));
    refuses(
        fixed.clone(),
        &vex(document(json!([changed.clone(), statement("CVE-1", "affected", late)]))),
        &["affected"],
    );
    holds(fixed, &vex(document(json!([changed]))));
}

#[test]
fn hostile_documents() {
    let demands = json!({"openvex": {"product": PRODUCT, "statuses": {"CVE-1": ["not_affected"]}, "author": "Team", "max-age": "1d"}});
    holds(demands.clone(), &vex(usual()));
    for (at, new, words) in [
        ("/@context", None, "@context is missing"),
        ("/@context", Some(json!("https://openvex.dev/nsx")), "@context"),
        ("/@context", Some(json!("https://example.com")), "@context"),
        ("/author", Some(json!(["Team"])), "author is a list"),
        ("/author", None, "author is missing"),
        ("/statements", None, "statements is missing"),
        ("/statements", Some(json!({"0": {}})), "statements is an object"),
        ("/statements/0", Some(json!("CVE-1")), "statements[0]"),
        ("/statements/0/status", Some(json!("not affected")), "statements[0].status"),
        ("/statements/0/status", Some(json!("NOT_AFFECTED")), "statements[0].status"),
        ("/statements/0/status", Some(json!(["not_affected"])), "statements[0].status"),
        ("/statements/0/status", None, "statements[0].status is missing"),
        ("/statements/0/justification", None, "justification is missing"),
        ("/statements/0/vulnerability", None, "vulnerability.name is missing"),
        ("/statements/0/vulnerability/name", Some(json!("")), "vulnerability.name is empty"),
        ("/statements/0/vulnerability/aliases", Some(json!("x")), "aliases"),
        ("/statements/0/products", None, "silent"),
        ("/statements/0/products", Some(json!({"@id": PRODUCT})), "products is an object"),
        ("/statements/0/products/0", Some(json!(7)), "products[0]"),
        ("/statements/0/products/0/@id", Some(json!("pkg:oci/app@sha256:00/")), "silent"),
        ("/statements/0/timestamp", Some(json!("2099-01-01T00:00:00Z")), "a time before now"),
        ("/statements/0/timestamp", Some(json!("yesterday")), "timestamp"),
        ("/last_updated", Some(json!("2099-01-01T00:00:00Z")), "a time before now"),
        ("/last_updated", Some(json!("2024-04-01T00:00:00Z")), "no time before predicate.timestamp"),
        (
            "/statements/0/last_updated",
            Some(json!("2024-04-01T00:00:00Z")),
            "no time before predicate.statements[0]",
        ),
        ("/statements/0/last_updated", Some(json!("2099-01-01T00:00:00Z")), "a time before now"),
    ] {
        let changed = with(usual(), at, new.clone());
        let changed = match at {
            "/statements/0/products/0/@id" => with(changed, "/statements/0/products/0/identifiers", None),
            _ => changed,
        };
        refuses(demands.clone(), &vex(changed), &[words]);
    }
    for predicate_type in [
        "https://openvex.dev/ns/v1",
        "https://openvex.dev/ns/",
        "https://openvex.dev/nsx",
        "http://openvex.dev/ns",
    ] {
        refuses(demands.clone(), &facts(predicate_type, usual()), &["predicateType"]);
    }
}

#[test]
fn what_is_no_rule_of_a_document() {
    for (value, words) in [
        (json!({"product": PRODUCT}), "`statuses` or `every`"),
        (json!({"statuses": {"CVE-1": ["fixed"]}}), "`product`"),
        (json!({"every": ["fixed"]}), "`product`"),
        (json!({"product": PRODUCT, "every": []}), "is empty"),
        (json!({"product": PRODUCT, "statuses": {}}), "is empty"),
        (json!({"product": PRODUCT, "statuses": {"CVE-1": []}}), "is empty"),
        (json!({"product": "", "every": ["fixed"]}), "empty `product`"),
        (json!({"product": PRODUCT, "every": ["not-affected"]}), "unknown variant"),
        (json!({"product": PRODUCT, "every": "fixed"}), ""),
        (json!({"products": [PRODUCT]}), "unknown field"),
    ] {
        no_rule(json!({"openvex": value}), words);
    }
}

#[test]
fn identifiers_that_are_no_texts_are_not_passed_over() {
    let every = json!({"openvex": {"product": PRODUCT, "every": ["not_affected", "fixed"]}});
    let with_more = |products: Value| {
        let mut more = statement("CVE-3", "affected", "2024-05-01T00:00:00Z");
        more["products"] = products;
        vex(with(usual(), "/statements/-", Some(more)))
    };
    for identifiers in [
        json!({"purl": [PRODUCT]}),
        json!({"cpe23": 1}),
        json!({"purl": {"x": PRODUCT}}),
        json!({"a": "b", "purl": null}),
        json!([PRODUCT]),
        json!(PRODUCT),
    ] {
        let facts = with_more(json!([{"@id": "pkg:oci/other", "identifiers": identifiers}]));
        refuses(every.clone(), &facts, &["statements[3].products[0].identifiers"]);
    }
    let mut document = usual();
    document["statements"][1]["status"] = json!("fixed");
    let mut other = statement("CVE-3", "affected", "2024-05-01T00:00:00Z");
    other["products"] = json!([{"@id": "pkg:oci/other", "identifiers": {"purl": "pkg:oci/other"}}]);
    holds(every, &vex(with(document, "/statements/-", Some(other))));
}
