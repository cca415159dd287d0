//! The structures into which cosign reads the predicates of three short names of `--type`, and what is left of them.
//!
//! A member that is missing gets the zero value of its type or is left out, one that the structure has not is dropped, and one of
//! another type is an error, as in Go's `encoding/json`. The same predicate asked for by its URI is shown whole.

use serde_json::{Map, Value};

use crate::policy::spelling::one_spelling;

/// What a value is read as.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// Whatever it is.
    Any,
    Bool,
    Text,
    /// RFC 3339; `true`: may be missing.
    Time(bool),
    List(&'static Shape),
    Map(&'static Shape),
    Struct(&'static [Member]),
    /// A structure that may be missing.
    Optional(&'static [Member]),
}

/// A member: its name, whether it is left out when it is empty, and its shape.
type Member = (&'static str, bool, Shape);

use Shape::{Any, Bool, List, Map as MapOf, Optional, Struct, Text, Time};

/// The short names that mean a structure; the others, and URIs, mean the predicate as it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Typed {
    /// `link`
    Link,
    /// `slsaprovenance`
    Provenance,
    /// `vuln`
    Vuln,
}

impl Typed {
    /// By the name that `--type` has.
    pub(super) fn of(asked: &str) -> Option<Self> {
        match asked {
            "link" => Some(Self::Link),
            "slsaprovenance" => Some(Self::Provenance),
            "vuln" => Some(Self::Vuln),
            _ => None,
        }
    }

    /// The structure of the predicate.
    pub(super) fn shape(self) -> Shape {
        Struct(match self {
            Self::Link => LINK,
            Self::Provenance => PROVENANCE,
            Self::Vuln => VULN,
        })
    }
}

const DIGESTS: Shape = MapOf(&Text);
const LINK: &[Member] = &[
    ("_type", false, Text),
    ("name", false, Text),
    ("materials", false, MapOf(&DIGESTS)),
    ("products", false, MapOf(&DIGESTS)),
    ("byproducts", false, MapOf(&Any)),
    ("command", false, List(&Text)),
    ("environment", false, MapOf(&Any)),
];
const PROVENANCE: &[Member] = &[
    ("builder", false, Struct(&[("id", false, Text)])),
    ("buildType", false, Text),
    (
        "invocation",
        false,
        Struct(&[
            (
                "configSource",
                false,
                Struct(&[("uri", true, Text), ("digest", true, DIGESTS), ("entryPoint", true, Text)]),
            ),
            ("parameters", true, Any),
            ("environment", true, Any),
        ]),
    ),
    ("buildConfig", true, Any),
    (
        "metadata",
        true,
        Optional(&[
            ("buildInvocationID", true, Text),
            ("buildStartedOn", true, Time(true)),
            ("buildFinishedOn", true, Time(true)),
            (
                "completeness",
                false,
                Struct(&[
                    ("parameters", false, Bool),
                    ("environment", false, Bool),
                    ("materials", false, Bool),
                ]),
            ),
            ("reproducible", false, Bool),
        ]),
    ),
    ("materials", true, List(&Struct(&[("uri", true, Text), ("digest", true, DIGESTS)]))),
];
const VULN: &[Member] = &[
    (
        "invocation",
        false,
        Struct(&[
            ("parameters", false, Any),
            ("uri", false, Text),
            ("event_id", false, Text),
            ("builder.id", false, Text),
        ]),
    ),
    (
        "scanner",
        false,
        Struct(&[
            ("uri", false, Text),
            ("version", false, Text),
            ("db", false, Struct(&[("uri", false, Text), ("version", false, Text)])),
            ("result", false, Any),
        ]),
    ),
    (
        "metadata",
        false,
        Struct(&[("scanStartedOn", false, Time(false)), ("scanFinishedOn", false, Time(false))]),
    ),
];

/// What is left of `value`, which stands at `at`.
///
/// # Errors
/// In words: it is of another type.
pub(super) fn fit(shape: Shape, value: &Value, at: &str) -> Result<Value, String> {
    let wrong = |what: &str| Err(format!("`{at}` is not {what}, which `--type` asks for"));
    match (shape, value) {
        (Any, value) => Ok(value.clone()),
        (Bool, Value::Bool(_)) | (Text, Value::String(_)) => Ok(value.clone()),
        (Bool, Value::Null) => Ok(false.into()),
        (Text, Value::Null) => Ok("".into()),
        (List(_) | MapOf(_) | Optional(_) | Time(true), Value::Null) => Ok(Value::Null),
        (Time(false), Value::Null) => Ok("0001-01-01T00:00:00Z".into()),
        (Time(_), Value::String(text)) => match time(text) {
            Some(time) => Ok(time.into()),
            None => wrong("a time of RFC 3339"),
        },
        (List(item), Value::Array(items)) => {
            let fitted = items.iter().enumerate().map(|(i, value)| fit(*item, value, &format!("{at}[{i}]")));
            fitted.collect::<Result<Vec<_>, _>>().map(Value::from)
        }
        (MapOf(item), Value::Object(members)) => {
            let one = |(name, value): (&String, &Value)| {
                Ok((name.clone(), fit(*item, value, &format!("{at}.{name}"))?))
            };
            members.iter().map(one).collect::<Result<Map<_, _>, _>>().map(Value::Object)
        }
        (Struct(known), Value::Null) => structure(known, &Map::new(), at),
        (Struct(known) | Optional(known), Value::Object(members)) => structure(known, members, at),
        (Bool, _) => wrong("true or false"),
        (Text | Time(_), _) => wrong("a string"),
        (List(_), _) => wrong("an array"),
        (MapOf(_) | Struct(_) | Optional(_), _) => wrong("an object"),
    }
}

fn structure(known: &[Member], members: &Map<String, Value>, at: &str) -> Result<Value, String> {
    let names: Vec<&str> = known.iter().map(|(name, ..)| *name).collect();
    one_spelling(&format!("`{at}`"), members.keys().map(String::as_str), &names)?;
    let mut out = Map::new();
    for (name, sparse, shape) in known {
        let value = fit(*shape, members.get(*name).unwrap_or(&Value::Null), &format!("{at}.{name}"))?;
        if !(*sparse && is_empty(*shape, &value)) {
            out.insert((*name).to_owned(), value);
        }
    }
    Ok(Value::Object(out))
}

/// What Go leaves out: a text, a list or a map without content, and what is null; what may be anything counts by that alone.
fn is_empty(shape: Shape, value: &Value) -> bool {
    match (shape, value) {
        (_, Value::Null) => true,
        (Text, Value::String(text)) => text.is_empty(),
        (List(_), Value::Array(items)) => items.is_empty(),
        (MapOf(_), Value::Object(members)) => members.is_empty(),
        _ => false,
    }
}

/// A time as Go writes it again: without zeros at the end of its fraction, and `Z` for no offset.
fn time(text: &str) -> Option<String> {
    crate::crypto::UnixTime::parse_rfc3339(text).ok()?;
    let offset = text.find(['Z', '+']).or_else(|| text.rfind('-').filter(|at| *at > 10))?;
    let (clock, offset) = text.split_at(offset);
    let clock = match clock.contains('.') {
        true => clock.trim_end_matches('0').trim_end_matches('.'),
        false => clock,
    };
    let offset = if matches!(offset, "+00:00" | "-00:00") { "Z" } else { offset };
    Some(format!("{clock}{offset}"))
}
