//! CycloneDX 1 in JSON.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::at::{At, Mismatch};
use super::{Document, Element, NAME, is_asserted};

pub struct CycloneDx<'a>(At<'a>);

impl<'a> CycloneDx<'a> {
    /// A document of this format.
    pub fn new(predicate: At<'a>) -> Result<Self, Mismatch> {
        let format = predicate.member("bomFormat");
        if format.text()? != "CycloneDX" {
            return Err(format.not("`CycloneDX`"));
        }
        let version = predicate.member("specVersion");
        let minor = version.text()?.strip_prefix("1.");
        if !minor.is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|b| b.is_ascii_digit())) {
            return Err(version.not("a version of CycloneDX 1"));
        }
        Ok(Self(predicate))
    }
}

/// Components, with those inside of them.
fn gather<'a>(list: &At<'a>, found: &mut Vec<At<'a>>) -> Result<(), Mismatch> {
    for component in list.optional_items()? {
        component.members()?;
        let inner = component.member("components");
        found.push(component);
        gather(&inner, found)?;
    }
    Ok(())
}

impl<'a> Document<'a> for CycloneDx<'a> {
    fn components(&self) -> Result<Vec<At<'a>>, Mismatch> {
        let mut found = Vec::new();
        gather(&self.0.member("components"), &mut found)?;
        Ok(found)
    }

    fn component(&self, component: &At<'a>, element: Element) -> Result<(), Mismatch> {
        let text = |path: &str, what: &str| {
            let at = component.below(path);
            if is_asserted(&at) { Ok(()) } else { Err(at.not(what)) }
        };
        match element {
            Element::Name => text("name", "the name of the component"),
            Element::Version => text("version", "the version of the component"),
            Element::Supplier => text("supplier.name", "the supplier of the component"),
            _ => {
                let of = ["purl", "cpe", "swid.tagId"];
                let is_there = |path: &&str| is_asserted(&component.below(path));
                let listed = |name: &str| {
                    let items = component.member(name).optional_items().unwrap_or_default();
                    items.iter().any(is_asserted)
                };
                if of.iter().any(is_there) || listed("swhid") || listed("omniborId") {
                    return Ok(());
                }
                Err(component.member("purl").not("an identifier (purl, cpe, swid, swhid or omniborId)"))
            }
        }
    }

    fn document(&self, element: Element) -> Result<String, Mismatch> {
        match element {
            Element::Author => self.author(),
            Element::Timestamp => {
                self.timestamp().time()?;
                Ok(self.timestamp().holds())
            }
            _ => self.relationships(),
        }
    }

    fn timestamp(&self) -> At<'a> {
        self.0.below("metadata.timestamp")
    }
}

impl CycloneDx<'_> {
    fn author(&self) -> Result<String, Mismatch> {
        let metadata = self.0.member("metadata");
        for author in metadata.member("authors").optional_items()? {
            if is_asserted(&author.member("name")) || is_asserted(&author.member("email")) {
                return Ok(author.holds());
            }
        }
        // Until version 1.5 the manufacturer was `manufacture`.
        for name in ["manufacturer", "manufacture", "supplier"] {
            let name = metadata.member(name).member("name");
            if is_asserted(&name) {
                return Ok(name.holds());
            }
        }
        let tools = metadata.member("tools");
        let lists = match tools.value {
            Some(Value::Object(_)) => vec![tools.member("components"), tools.member("services")],
            _ => vec![tools],
        };
        for list in lists {
            if let Some(tool) =
                list.optional_items()?.into_iter().find(|tool| is_asserted(&tool.member("name")))
            {
                return Ok(tool.member("name").holds());
            }
        }
        Err(metadata.member("authors").not("an author, here or as manufacturer, supplier or tool"))
    }

    /// There are dependencies, of components that are there.
    fn relationships(&self) -> Result<String, Mismatch> {
        let mut components = self.components()?;
        gather_one(&self.0.below("metadata.component"), &mut components)?;
        let mut known = BTreeSet::new();
        for component in &components {
            known.extend(component.member("bom-ref").optional_text()?);
        }
        for service in self.0.member("services").optional_items()? {
            known.extend(service.member("bom-ref").optional_text()?);
        }
        let at = self.0.member("dependencies");
        let mut count = 0_usize;
        for item in at.optional_items()? {
            let reference = item.member("ref");
            let mut ends = vec![reference];
            ends.extend(item.member("dependsOn").optional_items()?);
            count += ends.len() - 1;
            for end in ends {
                if !known.contains(end.text()?) {
                    return Err(end.not("the `bom-ref` of a component"));
                }
            }
        }
        if count == 0 {
            Err(at.not("what depends on what"))
        } else {
            Ok(format!("{NAME}: {} has {count} relationships", at.path))
        }
    }
}

fn gather_one<'a>(component: &At<'a>, found: &mut Vec<At<'a>>) -> Result<(), Mismatch> {
    if component.is_there() {
        component.members()?;
        found.push(component.clone());
        gather(&component.member("components"), found)?;
    }
    Ok(())
}
