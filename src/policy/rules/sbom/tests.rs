use serde_json::{Value, json};

use super::super::Facts;
use super::super::tests::{facts, holds, no_rule, refuses, with};
use super::{CYCLONEDX, SPDX};

fn spdx() -> Value {
    let package = |id: &str, name: &str| {
        json!({
            "SPDXID": id, "name": name, "versionInfo": "1.0", "supplier": "Organization: Example (team@example.com)",
            "externalRefs": [
                {"referenceCategory": "SECURITY", "referenceType": "advisory", "referenceLocator": "https://example.com"},
                {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": format!("pkg:generic/{name}@1.0")}]})
    };
    json!({
        "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "app",
        "creationInfo": {"created": "2024-05-31T12:00:00Z", "creators": ["Tool: scanner-1.0", "Organization: Example"]},
        "packages": [package("SPDXRef-app", "app"), package("SPDXRef-lib", "lib")],
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-app"},
            {"spdxElementId": "SPDXRef-app", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-lib"}]})
}

fn cyclonedx() -> Value {
    let component = |name: &str| {
        json!({"type": "library", "bom-ref": name, "name": name, "version": "1.0",
            "supplier": {"name": "Example"}, "purl": format!("pkg:generic/{name}@1.0")})
    };
    json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {
            "timestamp": "2024-05-31T12:00:00Z", "authors": [{"name": "Team"}],
            "component": {"type": "application", "bom-ref": "app", "name": "app"}},
        "components": [component("a"), with(component("b"), "/components", Some(json!([component("c")])))],
        "dependencies": [{"ref": "app", "dependsOn": ["a", "b"]}, {"ref": "a"}]})
}

fn both() -> [Facts; 4] {
    [
        facts(SPDX, spdx()),
        facts("https://spdx.dev/Document/v2.3", spdx()),
        facts(CYCLONEDX, cyclonedx()),
        facts("https://cyclonedx.org/bom/v1.6", cyclonedx()),
    ]
}

fn ntia() -> Value {
    json!({"sbom": {"elements": "ntia", "max-age": "1d"}})
}

#[test]
fn complete_bills_hold() {
    for facts in both() {
        for value in [
            json!({"format": "any"}),
            json!({"elements": "ntia"}),
            json!({"elements": ["supplier", "version"]}),
            json!({"min-components": 2}),
            json!({"max-age": "1d"}),
            json!({"format": "any", "elements": ["author", "identifiers", "name", "relationships", "supplier", "timestamp", "version"]}),
        ] {
            holds(json!({"sbom": value}), &facts);
        }
        refuses(json!({"sbom": {"min-components": 4}}), &facts, &["components, expected at least 4"]);
        refuses(json!({"sbom": {"max-age": "23h"}}), &facts, &["at most 23h before now"]);
    }
    holds(json!({"sbom": {"format": "spdx"}}), &facts(SPDX, spdx()));
    holds(json!({"sbom": {"format": "cyclonedx"}}), &facts(CYCLONEDX, cyclonedx()));
    refuses(json!({"sbom": {"format": "cyclonedx"}}), &facts(SPDX, spdx()), &["predicateType"]);
    refuses(json!({"sbom": {"format": "spdx"}}), &facts(CYCLONEDX, cyclonedx()), &["predicateType"]);
}

#[test]
fn what_spdx_lacks_is_named() {
    for (at, new, words) in [
        ("/packages/1/supplier", None, "packages[1].supplier is missing"),
        ("/packages/1/supplier", Some(json!("NOASSERTION")), "packages[1].supplier is `NOASSERTION`"),
        ("/packages/1/supplier", Some(json!("Example")), "packages[1].supplier"),
        ("/packages/1/supplier", Some(json!("Organization: ")), "packages[1].supplier"),
        ("/packages/1/supplier", Some(json!("Organization: NOASSERTION")), "packages[1].supplier"),
        ("/packages/1/supplier", Some(json!(["Organization: Example"])), "packages[1].supplier is a list"),
        ("/packages/0/name", Some(json!("")), "packages[0].name is empty"),
        ("/packages/0/versionInfo", Some(json!("NOASSERTION")), "packages[0].versionInfo"),
        ("/packages/0/versionInfo", Some(json!(1.0)), "packages[0].versionInfo"),
        ("/packages/0/externalRefs", None, "packages[0].externalRefs is missing"),
        ("/packages/0/externalRefs/1/referenceType", Some(json!("advisory")), "packages[0].externalRefs"),
        ("/packages/0/externalRefs/1/referenceLocator", Some(json!("")), "packages[0].externalRefs"),
        ("/packages/0/externalRefs", Some(json!({"referenceType": "purl"})), "externalRefs is an object"),
        ("/packages/0", Some(json!("app")), "packages[0]"),
        ("/packages", Some(json!([])), "with 0 components"),
        ("/packages", None, "packages is missing"),
        ("/relationships", None, "relationships is missing"),
        ("/relationships", Some(json!([])), "relationships"),
        (
            "/relationships/1/relatedSpdxElement",
            Some(json!("SPDXRef-nowhere")),
            "expected an element of the document",
        ),
        ("/relationships/1/relationshipType", None, "relationshipType is missing"),
        ("/creationInfo/creators", Some(json!(["Example"])), "creationInfo.creators"),
        ("/creationInfo/creators", Some(json!([])), "creationInfo.creators"),
        ("/creationInfo/created", None, "creationInfo.created is missing"),
        ("/creationInfo/created", Some(json!("2099-01-01T00:00:00Z")), "a time before now"),
        ("/spdxVersion", None, "spdxVersion is missing"),
        ("/spdxVersion", Some(json!("SPDX-3.0")), "spdxVersion"),
        ("/spdxVersion", Some(json!("SPDX-2.3-evil")), "spdxVersion"),
    ] {
        refuses(ntia(), &facts(SPDX, with(spdx(), at, new)), &[words]);
    }
    refuses(ntia(), &facts(SPDX, json!("SPDXVersion: SPDX-2.3")), &["spdxVersion is missing"]);
    refuses(ntia(), &facts(SPDX, cyclonedx()), &["spdxVersion is missing"]);
    let both = with(with(spdx(), "/packages/0/supplier", None), "/packages/1/supplier", None);
    refuses(ntia(), &facts(SPDX, both), &["packages[0].supplier", "1 others of 2"]);
    let nothing = json!([{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "NONE"}]);
    refuses(ntia(), &facts(SPDX, with(spdx(), "/relationships", Some(nothing))), &["relationships"]);
}

#[test]
fn what_cyclonedx_lacks_is_named() {
    for (at, new, words) in [
        ("/components/0/supplier", None, "components[0].supplier.name is missing"),
        ("/components/0/supplier", Some(json!("Example")), "components[0].supplier.name is missing"),
        ("/components/0/name", None, "components[0].name is missing"),
        ("/components/0/version", Some(json!("")), "components[0].version is empty"),
        ("/components/0/version", Some(json!(1)), "components[0].version"),
        ("/components/1/components/0/version", None, "components[1].components[0].version is missing"),
        ("/components/0/purl", None, "components[0].purl is missing"),
        ("/components/0/purl", Some(json!({"x": "y"})), "components[0].purl is an object"),
        ("/components", Some(json!([])), "with 0 components"),
        ("/components", Some(json!({"a": {}})), "components is an object"),
        ("/components", None, "with 0 components"),
        ("/components/1/components", Some(json!("c")), "components[1].components"),
        ("/dependencies", None, "dependencies is missing"),
        ("/dependencies", Some(json!([{"ref": "app"}])), "dependencies"),
        ("/dependencies/0/dependsOn/0", Some(json!("nowhere")), "the `bom-ref` of a component"),
        ("/dependencies/0/ref", Some(json!("nowhere")), "the `bom-ref` of a component"),
        ("/metadata/timestamp", None, "metadata.timestamp is missing"),
        ("/metadata/authors", None, "metadata.authors is missing"),
        ("/metadata/authors", Some(json!([{}])), "metadata.authors"),
        ("/bomFormat", None, "bomFormat is missing"),
        ("/bomFormat", Some(json!("cyclonedx")), "bomFormat"),
        ("/specVersion", Some(json!("2.0")), "specVersion"),
        ("/specVersion", Some(json!("1.")), "specVersion"),
    ] {
        refuses(ntia(), &facts(CYCLONEDX, with(cyclonedx(), at, new)), &[words]);
    }
    refuses(ntia(), &facts(CYCLONEDX, spdx()), &["bomFormat is missing"]);
    for author in [
        json!({"manufacturer": {"name": "Example"}}),
        json!({"supplier": {"name": "Example"}}),
        json!({"tools": [{"vendor": "example", "name": "scanner"}]}),
        json!({"tools": {"components": [{"type": "application", "name": "scanner"}]}}),
    ] {
        holds(
            json!({"sbom": {"elements": ["author"]}}),
            &facts(CYCLONEDX, with(cyclonedx(), "/metadata", Some(author))),
        );
    }
}

#[test]
fn other_types_are_no_bill() {
    for predicate_type in [
        "https://spdx.dev/Document/",
        "https://spdx.dev/Document/v",
        "https://spdx.dev/Document/v2.3/evil",
        "https://spdx.dev/DocumentX",
        "https://cyclonedx.org/bomb",
        "https://cyclonedx.org/bom/1.6",
        "https://slsa.dev/provenance/v1",
        "spdx",
    ] {
        refuses(ntia(), &facts(predicate_type, spdx()), &["predicateType"]);
    }
}

#[test]
fn what_is_no_rule_of_a_bill() {
    for (value, words) in [
        (json!({"min-components": 0}), "demands nothing"),
        (json!({"min-components": -1}), ""),
        (json!({"elements": []}), "a list of"),
        (json!({"elements": "all"}), "`ntia`"),
        (json!({"elements": ["licence"]}), "unknown variant"),
        (json!({"format": "swid"}), "unknown variant"),
        (json!({"max-age": 30}), ""),
        (json!({"licenses": ["MIT"]}), "unknown field"),
    ] {
        no_rule(json!({"sbom": value}), words);
    }
}

#[test]
fn nothing_is_nothing_in_both_formats() {
    for nothing in ["NOASSERTION", "NONE", "", " ", " NONE "].map(|text| json!(text)) {
        for (at, words) in [
            ("/packages/1/name", "packages[1].name"),
            ("/packages/1/versionInfo", "packages[1].versionInfo"),
            ("/packages/1/supplier", "packages[1].supplier"),
            ("/packages/1/externalRefs/1/referenceLocator", "packages[1].externalRefs"),
        ] {
            refuses(ntia(), &facts(SPDX, with(spdx(), at, Some(nothing.clone()))), &[words]);
        }
        for (at, words) in [
            ("/components/0/name", "components[0].name"),
            ("/components/0/version", "components[0].version"),
            ("/components/0/supplier/name", "components[0].supplier.name"),
            ("/components/0/purl", "components[0].purl"),
            ("/metadata/authors/0/name", "metadata.authors"),
        ] {
            refuses(ntia(), &facts(CYCLONEDX, with(cyclonedx(), at, Some(nothing.clone()))), &[words]);
        }
        for at in ["manufacturer", "supplier"] {
            let metadata = with(json!({}), &format!("/{at}"), Some(json!({"name": nothing})));
            let facts = facts(CYCLONEDX, with(cyclonedx(), "/metadata", Some(metadata)));
            refuses(json!({"sbom": {"elements": ["author"]}}), &facts, &["metadata.authors"]);
        }
    }
}

#[test]
fn what_is_no_component_does_not_count() {
    let any = json!({"sbom": {"format": "any"}});
    let spdx_of = |packages: Value| facts(SPDX, with(spdx(), "/packages", Some(packages)));
    let cyclonedx_of =
        |components: Value| facts(CYCLONEDX, with(cyclonedx(), "/components", Some(components)));
    for items in [
        json!([{}]),
        json!([{}, {}]),
        json!([{"name": ""}]),
        json!([{"name": null, "x": [{}]}]),
        json!([{"name": "NONE"}]),
    ] {
        refuses(any.clone(), &spdx_of(items.clone()), &["with 0 components"]);
        refuses(any.clone(), &cyclonedx_of(items), &["with 0 components"]);
    }
    for items in
        [json!(["app"]), json!([1]), json!([null]), json!([[{"name": "app"}]]), json!([{"name": "app"}, 1])]
    {
        refuses(any.clone(), &spdx_of(items.clone()), &["packages[", "expected an object"]);
        refuses(any.clone(), &cyclonedx_of(items), &["components[", "expected an object"]);
    }
    let one = json!([{"name": "app"}, {}]);
    refuses(json!({"sbom": {"min-components": 2}}), &spdx_of(one.clone()), &["with 1 components"]);
    refuses(json!({"sbom": {"elements": ["name"]}}), &spdx_of(one.clone()), &["packages[1].name is missing"]);
    holds(any, &cyclonedx_of(one));
}
