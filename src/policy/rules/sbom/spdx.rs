//! SPDX 2.2 and 2.3 in JSON.

use std::collections::BTreeSet;

use super::super::at::{At, Mismatch};
use super::{Document, Element, NAME, is_asserted, is_nothing};

/// Kinds of `externalRefs` that identify a package (SPDX 2.3, annex F).
const IDENTIFIERS: [&str; 6] = ["purl", "cpe22Type", "cpe23Type", "swid", "swh", "gitoid"];

pub struct Spdx<'a>(At<'a>);

impl<'a> Spdx<'a> {
    /// A document of this format.
    pub fn new(predicate: At<'a>) -> Result<Self, Mismatch> {
        let version = predicate.member("spdxVersion");
        match version.text()? {
            "SPDX-2.2" | "SPDX-2.3" => Ok(Self(predicate)),
            _ => Err(version.not("`SPDX-2.2` or `SPDX-2.3`")),
        }
    }
}

/// A text that asserts something.
fn asserted(at: &At<'_>, what: &str) -> Result<(), Mismatch> {
    if is_asserted(at) { Ok(()) } else { Err(at.not(what)) }
}

/// `Person: X`, `Organization: X` or `Tool: X`.
fn is_actor(text: &str, kinds: &[&str]) -> bool {
    let of = |kind: &&str| text.strip_prefix(*kind).and_then(|rest| rest.strip_prefix(':'));
    kinds.iter().find_map(of).is_some_and(|name| !is_nothing(name))
}

impl<'a> Document<'a> for Spdx<'a> {
    fn components(&self) -> Result<Vec<At<'a>>, Mismatch> {
        self.0.member("packages").items()
    }

    fn component(&self, component: &At<'a>, element: Element) -> Result<(), Mismatch> {
        component.members()?;
        match element {
            Element::Name => asserted(&component.member("name"), "the name of the component"),
            Element::Version => asserted(&component.member("versionInfo"), "the version of the component"),
            Element::Supplier => {
                let at = component.member("supplier");
                if at.text().is_ok_and(|text| is_actor(text, &["Person", "Organization"])) {
                    return Ok(());
                }
                Err(at.not("a supplier, `Organization: NAME` or `Person: NAME`"))
            }
            _ => {
                let at = component.member("externalRefs");
                for reference in at.optional_items()? {
                    let kind = reference.member("referenceType").optional_text()?.unwrap_or_default();
                    if IDENTIFIERS.contains(&kind) && is_asserted(&reference.member("referenceLocator")) {
                        return Ok(());
                    }
                }
                Err(at.not("an identifier (purl, CPE, SWID, SWHID or gitoid)"))
            }
        }
    }

    fn document(&self, element: Element) -> Result<String, Mismatch> {
        match element {
            Element::Author => {
                let at = self.0.below("creationInfo.creators");
                let kinds = ["Person", "Organization", "Tool"];
                let is = |item: &At<'_>| item.text().is_ok_and(|text| is_actor(text, &kinds));
                let author = at.optional_items()?.into_iter().find(is);
                author
                    .map(|author| author.holds())
                    .ok_or_else(|| at.not("a person, an organization or a tool"))
            }
            Element::Timestamp => {
                self.timestamp().time()?;
                Ok(self.timestamp().holds())
            }
            _ => self.relationships(),
        }
    }

    fn timestamp(&self) -> At<'a> {
        self.0.below("creationInfo.created")
    }
}

impl Spdx<'_> {
    /// There are relationships, and each end of each is in the document, or another document's, or nothing that is said to be so.
    fn relationships(&self) -> Result<String, Mismatch> {
        let at = self.0.member("relationships");
        let mut known = BTreeSet::new();
        for list in ["packages", "files", "snippets"] {
            for item in self.0.member(list).optional_items()? {
                known.extend(item.member("SPDXID").optional_text()?);
            }
        }
        known.extend(self.0.member("SPDXID").optional_text()?);
        let items = at.optional_items()?;
        for item in &items {
            item.member("relationshipType").text()?;
            for end in ["spdxElementId", "relatedSpdxElement"] {
                let end = item.member(end);
                let id = end.text()?;
                if !known.contains(id)
                    && !id.starts_with("DocumentRef-")
                    && !matches!(id, "NONE" | "NOASSERTION")
                {
                    return Err(end.not("an element of the document"));
                }
            }
        }
        let says = |item: &&At<'_>| {
            let related = item.member("relatedSpdxElement");
            !related.text().is_ok_and(|id| matches!(id, "NONE" | "NOASSERTION"))
        };
        match items.iter().filter(says).count() {
            0 => Err(at.not("relationships of the components")),
            count => Ok(format!("{NAME}: {} has {count} relationships", at.path)),
        }
    }
}
