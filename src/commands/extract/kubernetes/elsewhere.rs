//! Images where nobody looked: in documents of kinds that are not known. Pure.

use std::collections::HashSet;

use serde_json::Value;

use super::join;

/// Names whose members are texts about the object, which no controller runs.
const SAID: [&str; 2] = ["annotations", "labels"];

/// The places in `document` where a text stands that looks like the name of an image, under a name that says so, in the order of
/// the document; those of `judged` apart. `listed`: the objects in `items` are documents of their own.
///
/// What is a text and could be pulled counts: something that is no image is one flag for the user, an image that nobody judged
/// is a false success.
pub(super) fn images(document: &Value, judged: &HashSet<String>, listed: bool) -> Vec<String> {
    let mut found = Vec::new();
    let Value::Object(members) = document else { return found };
    for (name, value) in members {
        match (name.as_str(), value) {
            // What the cluster says of it.
            ("status", _) => {}
            ("items", Value::Array(items)) if listed => {
                let texts = items.iter().enumerate().filter(|(_, item)| !item.is_object());
                texts.for_each(|(index, item)| walk(item, "", &format!("items[{index}]"), &mut found));
            }
            _ => walk(value, name, name, &mut found),
        }
    }
    found.retain(|at| !judged.contains(at));
    found
}

/// `called`: the nearest name above it, through lists.
fn walk(value: &Value, called: &str, at: &str, found: &mut Vec<String>) {
    match value {
        Value::String(text) if is_image(called) && could_be_pulled(text) => found.push(at.to_owned()),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, called, &format!("{at}[{index}]"), found);
            }
        }
        Value::Object(members) => {
            let of_image = is_image(called);
            for (name, value) in members {
                if called == "metadata" && SAID.contains(&name.as_str()) {
                    continue;
                }
                // `image: {reference: NAME}` of volumes, and `image: {repository: NAME, tag: TAG}`.
                let is_name = of_image && matches!(name.as_str(), "reference" | "repository");
                walk(value, if is_name { "image" } else { name }, &join(at, name), found);
            }
        }
        _ => {}
    }
}

/// `image`, `images`, `sidecarImage`, `base_image`.
fn is_image(name: &str) -> bool {
    let name = name.strip_suffix('s').unwrap_or(name);
    name.eq_ignore_ascii_case("image") || name.ends_with("Image") || name.ends_with("_image")
}

/// Looser than the grammar of references, which differs from one runtime to the next; and what a controller fills in before it
/// pulls is not known, so it is not judged either. Addresses of pictures and switches are no names.
fn could_be_pulled(text: &str) -> bool {
    let filled_in = ["$(", "${", "{{"].iter().any(|start| text.contains(start));
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:@+".contains(c);
    filled_in || !matches!(text, "" | "true" | "false") && !text.contains("://") && text.chars().all(plain)
}

/// A path that has this place in it: every item of its lists.
pub(super) fn path(at: &str) -> String {
    let mut parts = at.split('[');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |path, part| match part.split_once(']') {
        Some((index, rest)) if index.bytes().all(|b| b.is_ascii_digit()) => format!("{path}[*]{rest}"),
        _ => format!("{path}[{part}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(document: &Value) -> String {
        images(document, &HashSet::new(), false).join(" ")
    }

    #[test]
    fn what_looks_like_an_image() {
        for (document, expected) in [
            (json!({"spec": {"image": "a"}}), "spec.image"),
            (json!({"image": "a", "Image": "b"}), "image Image"),
            (json!({"spec": {"steps": [{"x": 1}, {"image": "r.example/a:1"}]}}), "spec.steps[1].image"),
            (json!({"spec": {"images": ["a", "b"]}}), "spec.images[0] spec.images[1]"),
            (json!({"spec": {"images": {"x": "a"}}}), ""),
            (json!({"spec": {"sidecarImage": "a", "base_image": "b"}}), "spec.sidecarImage spec.base_image"),
            (json!({"spec": {"image": {"reference": "a"}}}), "spec.image.reference"),
            (json!({"spec": {"image": {"repository": "a", "tag": "b"}}}), "spec.image.repository"),
            (json!({"spec": {"a.b": {"image": "a"}}}), "spec['a.b'].image"),
            (json!({"spec": {"metadata": {"image": "a"}}}), "spec.metadata.image"),
            (json!({"items": [["x", {"image": "a"}]]}), "items[0][1].image"),
            // Schemas name what is an object; other names are other things.
            (json!({"spec": {"properties": {"image": {"type": "string", "default": "a"}}}}), ""),
            (json!({"spec": {"imagePullPolicy": "Always", "imagery": "a", "repository": "a"}}), ""),
            (json!({"spec": {"image": "", "logoImage": "https://x.example/a.png", "bootImage": "true"}}), ""),
            (json!({"spec": {"image": "{{ .Values.image }}"}}), "spec.image"),
            (json!({"spec": {"image": "a picture", "images": [null, 1, true]}}), ""),
            (json!({"metadata": {"annotations": {"image": "a"}, "labels": {"image": "a"}}}), ""),
            (json!({"status": {"image": "a"}}), ""),
        ] {
            assert_eq!(of(&document), expected, "{document}");
        }
    }

    #[test]
    fn what_was_judged_and_items_that_are_documents_are_left_out() {
        let document = json!({"a": [{"image": "x"}, {"image": "y"}], "items": [{"image": "z"}, ["w"], [{"image": "v"}]]});
        let judged = HashSet::from(["a[1].image".to_owned()]);
        assert_eq!(images(&document, &judged, true), ["a[0].image", "items[2][0].image"]);
    }

    #[test]
    fn places_become_paths() {
        for (at, expected) in [
            ("spec.image", "spec.image"),
            ("spec.a[10].b[2].image", "spec.a[*].b[*].image"),
            ("spec['a[1].b'][0].image", "spec['a[*].b'][*].image"),
            ("images[0]", "images[*]"),
        ] {
            assert_eq!(path(at), expected);
        }
    }
}
