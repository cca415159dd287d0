//! `sbom`: bills of materials in SPDX 2 and CycloneDX, both in JSON.
//!
//! The elements are those of NTIA, "The Minimum Elements For a Software Bill of Materials (SBOM)", 2021. What a format lets a
//! document say of nothing (`NOASSERTION`, `NONE`, an empty text) is nothing.

mod cyclonedx;
mod spdx;

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::age::Age;
use super::at::{At, Mismatch};
use super::facts::Facts;

/// The name of the rule.
pub(super) const NAME: &str = "sbom";
const SPDX: &str = "https://spdx.dev/Document";
const CYCLONEDX: &str = "https://cyclonedx.org/bom";

/// What a bill of materials has to say.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Sbom {
    /// The format; `any` takes both.
    format: Option<Format>,
    /// The elements that it must have.
    elements: Option<Elements>,
    /// How many components there have to be; one, where nothing is said.
    min_components: Option<usize>,
    /// The greatest age, from its own time.
    max_age: Option<Age>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Any,
    CycloneDx,
    Spdx,
}

/// A minimum element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Element {
    Author,
    Identifiers,
    Name,
    Relationships,
    Supplier,
    Timestamp,
    Version,
}

impl Element {
    const ALL: [Self; 7] = [
        Self::Author,
        Self::Identifiers,
        Self::Name,
        Self::Relationships,
        Self::Supplier,
        Self::Timestamp,
        Self::Version,
    ];

    /// Whether each component has it, or the document.
    fn is_of_component(self) -> bool {
        matches!(self, Self::Identifiers | Self::Name | Self::Supplier | Self::Version)
    }
}

/// `ntia`, which is all of them, or a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
struct Elements(BTreeSet<Element>);

impl TryFrom<Value> for Elements {
    type Error = String;
    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::String(text) if text == "ntia" => Ok(Self(Element::ALL.into_iter().collect())),
            Value::Array(items) if !items.is_empty() => {
                serde_json::from_value(Value::Array(items)).map(Self).map_err(|error| error.to_string())
            }
            _ => Err("the elements are `ntia`, or a list of: author, identifiers, name, relationships, supplier, timestamp, version".to_owned()),
        }
    }
}

/// What a format's reader says of a document.
pub(super) trait Document<'a> {
    /// The components, at every depth.
    fn components(&self) -> Result<Vec<At<'a>>, Mismatch>;
    /// What a component lacks of an element: the place, where it is not there.
    fn component(&self, component: &At<'a>, element: Element) -> Result<(), Mismatch>;
    /// A line of evidence for an element of the document.
    fn document(&self, element: Element) -> Result<String, Mismatch>;
    /// Where its time is.
    fn timestamp(&self) -> At<'a>;
}

impl Sbom {
    pub(super) fn demands(&self) -> Result<(), String> {
        if self.min_components == Some(0) {
            return Err("has `min-components: 0`, which demands nothing".to_owned());
        }
        let some = self.format.is_some()
            || self.elements.is_some()
            || self.min_components.is_some()
            || self.max_age.is_some();
        if some { Ok(()) } else { Err("demands nothing (write `format: any` if any will do)".to_owned()) }
    }

    pub(super) fn is_about(&self, predicate_type: &str) -> bool {
        match self.format.unwrap_or(Format::Any) {
            Format::Any => is_spdx(predicate_type) || is_cyclonedx(predicate_type),
            Format::CycloneDx => is_cyclonedx(predicate_type),
            Format::Spdx => is_spdx(predicate_type),
        }
    }

    pub(super) fn expected_type(&self) -> &'static str {
        match self.format.unwrap_or(Format::Any) {
            Format::Any => {
                "`https://spdx.dev/Document` or `https://cyclonedx.org/bom`, with or without a version"
            }
            Format::CycloneDx => "`https://cyclonedx.org/bom` with or without a version",
            Format::Spdx => "`https://spdx.dev/Document` with or without a version",
        }
    }

    pub(super) fn check(&self, facts: &Facts) -> Result<Vec<String>, Mismatch> {
        let predicate = At::root(NAME, "predicate", facts.predicate.as_ref());
        if is_spdx(&facts.predicate_type) {
            self.document(&spdx::Spdx::new(predicate)?, facts)
        } else {
            self.document(&cyclonedx::CycloneDx::new(predicate)?, facts)
        }
    }

    fn document<'a>(&self, document: &impl Document<'a>, facts: &Facts) -> Result<Vec<String>, Mismatch> {
        let components = document.components()?;
        components.iter().try_for_each(|component| component.members().map(drop))?;
        let least = self.min_components.unwrap_or(1);
        let count =
            components.iter().filter_map(|component| component.value).filter(|value| says(value)).count();
        if count < least {
            let found = format!("with {count} components");
            return Err(Mismatch::new(NAME, "predicate", format!("at least {least}"), found));
        }
        let mut held = vec![format!("{NAME}: predicate has {count} components")];
        let elements = self.elements.as_ref().map(|elements| &elements.0);
        for element in elements.into_iter().flatten().copied() {
            if element.is_of_component() {
                held.push(each(document, &components, element)?);
            } else {
                held.push(document.document(element)?);
            }
        }
        if let Some(age) = &self.max_age {
            held.push(age.check(&document.timestamp(), facts.now)?);
        }
        Ok(held)
    }
}

/// Whether anything is said in a value.
fn says(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => !is_nothing(text),
        Value::Array(items) => items.iter().any(says),
        Value::Object(members) => members.values().any(says),
    }
}

/// What a format lets a document say of nothing.
fn is_nothing(text: &str) -> bool {
    matches!(text.trim(), "" | "NOASSERTION" | "NONE")
}

/// Whether a text is here that asserts something.
fn is_asserted(at: &At<'_>) -> bool {
    at.text().is_ok_and(|text| !is_nothing(text))
}

/// Every component has the element; the first that lacks it is named, the others are counted.
fn each<'a>(
    document: &impl Document<'a>,
    components: &[At<'a>],
    element: Element,
) -> Result<String, Mismatch> {
    let mut lacking = components.iter().filter_map(|component| document.component(component, element).err());
    let Some(first) = lacking.next() else {
        return Ok(format!("{NAME}: all {} components have the element {element:?}", components.len())
            .to_lowercase());
    };
    match lacking.count() {
        0 => Err(first),
        others => {
            let found =
                format!("{} (and so it is with {others} others of {})", first.found, components.len());
            Err(Mismatch { found, ..first })
        }
    }
}

fn is_spdx(predicate_type: &str) -> bool {
    is_version(predicate_type, SPDX)
}

fn is_cyclonedx(predicate_type: &str) -> bool {
    is_version(predicate_type, CYCLONEDX)
}

/// The type itself, or with `/v2.3`.
fn is_version(predicate_type: &str, of: &str) -> bool {
    let Some(rest) = predicate_type.strip_prefix(of) else { return false };
    let numbers =
        |text: &str| text.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    rest.is_empty() || rest.strip_prefix("/v").is_some_and(numbers)
}

#[cfg(test)]
mod tests;
