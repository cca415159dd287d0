//! Images where nobody looked: in documents of kinds that are not known. Pure.

use std::collections::HashSet;

use serde_json::Value;

use super::join;

/// Names whose members are texts about the object, which no controller runs.
const SAID: [&str; 2] = ["annotations", "labels"];

/// Ends of names that say something about an image and are no name of one, in lower case: `imageTag`, `imagePullSecrets`.
const ABOUT: [&str; 12] = [
    "tag",
    "digest",
    "version",
    "policy",
    "secret",
    "secrets",
    "secretname",
    "type",
    "format",
    "size",
    "arch",
    "description",
];

/// What the names above a text say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Called {
    /// Nothing.
    Other,
    /// Something about an image.
    About,
    /// An image is in its name, or in one above it.
    Within,
    /// It is an image.
    Image,
}

/// The places in `document` where a text stands that looks like the name of an image, under a name that says so, and those of
/// addresses of images (`docker://`), in the order of the document; those of `judged` apart. `listed`: the objects in `items` are
/// documents of their own.
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
                texts.for_each(|(index, item)| {
                    walk(item, Called::Other, &format!("items[{index}]"), &mut found);
                });
            }
            _ => walk(value, Called::Other.then(name), &join("", name), &mut found),
        }
    }
    found.retain(|at| !judged.contains(at));
    found
}

/// Whether a text that is called so looks like the name of an image.
pub(super) fn is_image_called(name: &str, value: &Value) -> bool {
    value.as_str().is_some_and(|text| Called::Other.then(name).is_named_by(text))
}

/// `called`: what the names above it say, through lists.
fn walk(value: &Value, called: Called, at: &str, found: &mut Vec<String>) {
    match value {
        Value::String(text) if called.is_named_by(text) => found.push(at.to_owned()),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, called, &format!("{at}[{index}]"), found);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                // Texts about an object, also about one in another (`template: {metadata: ...}`).
                let is_metadata = at == "metadata" || at.ends_with(".metadata");
                if !(is_metadata && SAID.contains(&name.as_str())) {
                    walk(value, called.then(name), &join(at, name), found);
                }
            }
        }
        _ => {}
    }
}

impl Called {
    /// What is called `name` in what is called so.
    fn then(self, name: &str) -> Self {
        let lower = name.to_ascii_lowercase();
        // `image: {reference: NAME}` of volumes, and `image: {repository: NAME, tag: TAG}`.
        let is_name = self == Self::Image && matches!(name, "reference" | "repository");
        match self {
            _ if is_name || is_image(name) => Self::Image,
            Self::Other if !lower.contains("image") => Self::Other,
            _ if ABOUT.iter().any(|end| lower.ends_with(end)) => Self::About,
            Self::About if !lower.contains("image") => Self::About,
            _ => Self::Within,
        }
    }

    /// Whether this text, called so, is to be judged.
    fn is_named_by(self, text: &str) -> bool {
        let address = ["docker://", "oci://"].into_iter().find_map(|scheme| {
            let start = text.get(..scheme.len())?;
            start.eq_ignore_ascii_case(scheme).then(|| (scheme, text.get(scheme.len()..).unwrap_or_default()))
        });
        match (self, address) {
            (_, Some(("docker://", name))) => !name.is_empty(),
            // Charts and other artifacts have such an address too.
            (Self::Within | Self::Image, Some((_, name))) => !name.is_empty(),
            (Self::Other, _) => false,
            (Self::About, _) => text.contains('/') && could_be_pulled(text) && is_reference(text),
            (Self::Within, _) => could_be_pulled(text) && is_reference(text),
            (Self::Image, _) => could_be_pulled(text),
        }
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
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:@+".contains(c);
    is_filled_in(text)
        || !matches!(text, "" | "true" | "false") && !text.contains("://") && text.chars().all(plain)
}

fn is_filled_in(text: &str) -> bool {
    ["$(", "${", "{{"].iter().any(|start| text.contains(start))
}

/// Whether what could be pulled has a repository in lower case, as all runtimes ask: `Always` has none.
fn is_reference(text: &str) -> bool {
    let name = text.split('@').next().unwrap_or_default();
    let (registry, last) = name.rsplit_once('/').unwrap_or(("", name));
    let last = last.split(':').next().unwrap_or_default();
    let path = registry.split_once('/').map_or("", |(_, path)| path);
    let is_lower = |part: &str| !part.bytes().any(|b| b.is_ascii_uppercase());
    is_filled_in(text)
        || last.starts_with(|c: char| c.is_ascii_alphanumeric()) && is_lower(last) && is_lower(path)
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
            (json!({"spec": {"images": {"x": "a"}}}), "spec.images.x"),
            (json!({"spec": {"sidecarImage": "a", "base_image": "b"}}), "spec.sidecarImage spec.base_image"),
            (json!({"spec": {"image": {"reference": "a"}}}), "spec.image.reference"),
            (json!({"spec": {"image": {"repository": "a", "tag": "b"}}}), "spec.image.repository"),
            (json!({"spec": {"a.b": {"image": "a"}}}), "spec['a.b'].image"),
            (json!({"spec": {"metadata": {"image": "a"}}}), "spec.metadata.image"),
            (json!({"items": [["x", {"image": "a"}]]}), "items[0][1].image"),
            (
                json!({"spec": {"imageName": "r.example/a:1", "imageRef": "a"}}),
                "spec.imageName spec.imageRef",
            ),
            (
                json!({"imagePath": "r/a", "imageURI": "r/a", "image_name": "a"}),
                "imagePath imageURI image_name",
            ),
            (json!({"IMAGE_NAME": "r/a", "podimages": {"x": ["R:5000/a"]}}), "IMAGE_NAME podimages.x[0]"),
            (
                json!({"relatedImages": [{"name": "x", "ref": "r/a"}]}),
                "relatedImages[0].name relatedImages[0].ref",
            ),
            (json!({"url": "docker://r/a", "x": ["Docker://r/b", "docker://"]}), "url x[0]"),
            (json!({"imageURL": "oci://r/a", "url": "oci://r/chart"}), "imageURL"),
            (json!({"imageTag": "r.example/a:1", "imageName": "${A}"}), "imageTag imageName"),
            // What is said about an image, and is the name of none.
            (
                json!({"image": {"repository": "r/a", "tag": "1", "digest": "sha256:1", "pullPolicy": "x"}}),
                "image.repository",
            ),
            (json!({"imageTag": "1", "imagePullSecrets": [{"name": "credentials"}], "imageName": "A b"}), ""),
            // Schemas name what is an object; other names are other things.
            (json!({"spec": {"properties": {"image": {"type": "string"}}}}), ""),
            (json!({"spec": {"imagePullPolicy": "Always", "repository": "a"}}), ""),
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
