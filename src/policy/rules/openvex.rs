//! `openvex`: what a vendor says of vulnerabilities in a product (OpenVEX v0.2.0).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::age::Age;
use super::at::{At, Mismatch, quoted};
use super::facts::Facts;
use super::text::Text;
use crate::crypto::UnixTime;

/// The name of the rule.
pub(super) const NAME: &str = "openvex";
const TYPE: &str = "https://openvex.dev/ns";

/// What a document has to say.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Openvex {
    /// The product: its `@id`, or one of its identifiers, exactly.
    product: Option<String>,
    /// Vulnerabilities that the document has to speak of, each with the statuses that pass.
    statuses: Option<BTreeMap<String, BTreeSet<Status>>>,
    /// The statuses that pass for whatever it says of the product.
    every: Option<BTreeSet<Status>>,
    /// Who says so.
    author: Option<Text>,
    /// The greatest age, from `last_updated`, or `timestamp`.
    max_age: Option<Age>,
}

/// What is said of a vulnerability (OpenVEX v0.2.0, "Status Labels").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Affected,
    Fixed,
    NotAffected,
    UnderInvestigation,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Affected => "affected",
            Self::Fixed => "fixed",
            Self::NotAffected => "not_affected",
            Self::UnderInvestigation => "under_investigation",
        }
    }

    fn of(at: &At<'_>) -> Result<Self, Mismatch> {
        let all = [Self::Affected, Self::Fixed, Self::NotAffected, Self::UnderInvestigation];
        let text = at.text()?;
        let known = all.into_iter().find(|status| status.name() == text);
        known.ok_or_else(|| at.not("one of the four statuses"))
    }
}

/// Whether this is a type of document that can be read.
pub(super) fn is_about(predicate_type: &str) -> bool {
    let version = predicate_type.strip_prefix(TYPE);
    version.is_some_and(|rest| matches!(rest, "" | "/v0.0.1" | "/v0.0.2" | "/v0.2.0"))
}

/// One thing that is said: of a part of the product (or of all of it), by when it was said.
struct Said {
    path: String,
    vulnerability: Vec<String>,
    part: String,
    status: Status,
    time: Option<UnixTime>,
}

impl Openvex {
    pub(super) fn demands(&self) -> Result<(), String> {
        let of_product = self.statuses.is_some() || self.every.is_some();
        if of_product != self.product.is_some() {
            return Err("has a `product` and either `statuses` or `every`, or none of them".to_owned());
        }
        if self.product.as_ref().is_some_and(String::is_empty) {
            return Err("has an empty `product`".to_owned());
        }
        let hollow = self.every.as_ref().is_some_and(BTreeSet::is_empty);
        let statuses = self.statuses.as_ref();
        let empty = |statuses: &BTreeMap<String, BTreeSet<Status>>| {
            statuses.is_empty() || statuses.iter().any(|(id, of)| id.is_empty() || of.is_empty())
        };
        if hollow || statuses.is_some_and(empty) {
            return Err("has a list of statuses that is empty".to_owned());
        }
        let some = of_product || self.author.is_some() || self.max_age.is_some();
        if some { Ok(()) } else { Err("demands nothing".to_owned()) }
    }

    /// Why no document says what is demanded.
    pub(super) fn impossible(&self) -> Option<String> {
        let every = self.every.as_ref()?;
        let excluded = self.statuses.iter().flatten().find(|(_, passing)| passing.is_disjoint(every));
        excluded
            .map(|(id, _)| format!("none of the statuses of `{id}` in `statuses` is one of those in `every`"))
    }

    pub(super) fn check(&self, facts: &Facts) -> Result<Vec<String>, Mismatch> {
        let predicate = At::root(NAME, "predicate", facts.predicate.as_ref());
        let context = predicate.member("@context");
        if !is_about(context.text()?) {
            return Err(context.not(format!("`{TYPE}` with or without a version")));
        }
        let mut held = Vec::new();
        if let Some(expected) = &self.author {
            held.push(expected.check(&predicate.member("author"))?);
        }
        if let Some(age) = &self.max_age {
            let (issued, updated) = (predicate.member("timestamp"), predicate.member("last_updated"));
            if issued.is_there() && updated.is_there() && updated.time()? < issued.time()? {
                return Err(updated.not(format!("no time before {}", issued.path)));
            }
            held.push(age.check(if updated.is_there() { &updated } else { &issued }, facts.now)?);
        }
        let Some(product) = &self.product else { return Ok(held) };
        let said = said(&predicate, product, facts.now)?;
        for (vulnerability, passing) in self.statuses.iter().flatten() {
            let about = about(&said, vulnerability);
            if about.is_empty() {
                let at = format!("{}.statements", predicate.path);
                let expected = format!("{} of {}", names(passing), quoted(vulnerability));
                let found = format!("silent about {} in {}", quoted(vulnerability), quoted(product));
                return Err(Mismatch::new(NAME, at, expected, found));
            }
            for last in last_of_each(&about)? {
                held.push(passes(last, passing)?);
            }
        }
        if let Some(passing) = &self.every {
            if said.is_empty() {
                // Nothing said of it is nothing good said of it: the product may be written in another way.
                let at = format!("{}.statements", predicate.path);
                let expected = format!("at least one statement about {}", quoted(product));
                return Err(Mismatch::new(NAME, at, expected, "without one"));
            }
            let mut names: BTreeSet<&str> = BTreeSet::new();
            names.extend(said.iter().filter_map(|said| said.vulnerability.first()).map(String::as_str));
            for name in names {
                for last in last_of_each(&about(&said, name))? {
                    held.push(passes(last, passing)?);
                }
            }
            held.push(format!("{NAME}: {} statements are about {}", said.len(), quoted(product)));
        }
        Ok(held)
    }
}

/// What is said of a vulnerability by any of its names: an alias that one statement gives counts for all.
fn about<'a>(said: &'a [Said], vulnerability: &'a str) -> Vec<&'a Said> {
    let mut names = BTreeSet::from([vulnerability]);
    loop {
        let known = names.len();
        let is_named = |said: &&Said| said.vulnerability.iter().any(|name| names.contains(name.as_str()));
        let about: Vec<&Said> = said.iter().filter(is_named).collect();
        names.extend(about.iter().flat_map(|said| said.vulnerability.iter().map(String::as_str)));
        if names.len() == known {
            return about;
        }
    }
}

fn names(statuses: &BTreeSet<Status>) -> String {
    let names: Vec<&str> = statuses.iter().map(|status| status.name()).collect();
    names.join(" or ")
}

fn passes(said: &Said, passing: &BTreeSet<Status>) -> Result<String, Mismatch> {
    let vulnerability = said.vulnerability.first().map_or("", String::as_str);
    let what = format!("{} of {}", said.status.name(), quoted(vulnerability));
    if passing.contains(&said.status) {
        return Ok(format!("{NAME}: {}.status is {what}", said.path));
    }
    Err(Mismatch::new(NAME, format!("{}.status", said.path), names(passing), what))
}

/// What was said last of each part. Two things of one time that differ leave open which of them counts.
fn last_of_each<'a>(said: &[&'a Said]) -> Result<Vec<&'a Said>, Mismatch> {
    let mut last: BTreeMap<&str, &Said> = BTreeMap::new();
    for said in said {
        let Some(other) = last.get(said.part.as_str()) else {
            last.insert(&said.part, said);
            continue;
        };
        // Without a time, and with the same, neither replaces the other.
        let order = said.time.zip(other.time).map(|(this, other)| this.cmp(&other));
        match order {
            Some(std::cmp::Ordering::Greater) => {
                last.insert(&said.part, said);
            }
            Some(std::cmp::Ordering::Less) => {}
            _ if said.status == other.status => {}
            _ => {
                let expected = format!("{} as at {}", other.status.name(), other.path);
                return Err(Mismatch::new(
                    NAME,
                    format!("{}.status", said.path),
                    expected,
                    said.status.name(),
                )
                .hint("the document says two things at one time, and which of them counts is open"));
            }
        }
    }
    Ok(last.into_values().collect())
}

/// What the document says of the product.
fn said(predicate: &At<'_>, product: &str, now: UnixTime) -> Result<Vec<Said>, Mismatch> {
    let mut found = Vec::new();
    for statement in predicate.member("statements").items()? {
        statement.members()?;
        let mut parts = Vec::new();
        // Without products, the statement is about what the attestation is about, which may not be the product that is meant.
        for item in statement.member("products").optional_items()? {
            if is_product(&item, product)? {
                parts.extend(parts_of(&item, &statement)?);
            }
        }
        if parts.is_empty() {
            continue;
        }
        let status = Status::of(&statement.member("status"))?;
        explained(&statement, status)?;
        let time = time_of(&statement, &predicate.member("timestamp"), now)?;
        let vulnerability = vulnerability(&statement.member("vulnerability"))?;
        found.extend(parts.into_iter().map(|part| Said {
            path: statement.path.clone(),
            vulnerability: vulnerability.clone(),
            part,
            status,
            time,
        }));
    }
    Ok(found)
}

/// When a statement was said: its `timestamp`, or the document's. By that statements are in order, and not by when one was changed (OpenVEX v0.2.0, "Inheritance"; go-vex, too).
fn time_of(statement: &At<'_>, issued: &At<'_>, now: UnixTime) -> Result<Option<UnixTime>, Mismatch> {
    let past = |at: &At<'_>| match at.is_there() {
        false => Ok(None),
        true if at.time()? > now.plus_seconds(300) => Err(at.not(format!("a time before now, {now}"))),
        true => at.time().map(Some),
    };
    let (own, updated) = (statement.member("timestamp"), statement.member("last_updated"));
    let (said, changed) = (past(&own)?, past(&updated)?);
    match said.zip(changed) {
        Some((said, changed)) if changed < said => Err(updated.not(format!("no time before {}", own.path))),
        _ => said.map_or_else(|| past(issued), |said| Ok(Some(said))),
    }
}

/// `not_affected` says why (OpenVEX v0.2.0, "Status Requirements").
fn explained(statement: &At<'_>, status: Status) -> Result<(), Mismatch> {
    let says = |name: &str| statement.member(name).text().is_ok();
    if status == Status::NotAffected && !says("justification") && !says("impact_statement") {
        return Err(statement
            .member("justification")
            .not("a reason for not_affected, here or as impact_statement"));
    }
    Ok(())
}

/// The names of a vulnerability: a text in the first versions, later an object with aliases.
fn vulnerability(at: &At<'_>) -> Result<Vec<String>, Mismatch> {
    if let Some(Value::String(_)) = at.value {
        return Ok(vec![at.text()?.to_owned()]);
    }
    let mut names = vec![at.member("name").text()?.to_owned()];
    for alias in at.member("aliases").optional_items()? {
        names.push(alias.text()?.to_owned());
    }
    Ok(names)
}

fn is_product(item: &At<'_>, product: &str) -> Result<bool, Mismatch> {
    if let Some(Value::String(text)) = item.value {
        return Ok(text == product);
    }
    item.members()?;
    if item.member("@id").optional_text()? == Some(product) {
        return Ok(true);
    }
    let identifiers = item.member("identifiers");
    if !identifiers.is_there() {
        return Ok(false);
    }
    // One that is no text may be the product all the same: it is not passed over.
    let mut is_it = false;
    for name in identifiers.members()?.keys() {
        is_it |= identifiers.member(name).text()? == product;
    }
    Ok(is_it)
}

/// The parts of the product that a statement is about; `""` is all of it. Before v0.2.0 they stood in the statement, for all of its products.
fn parts_of(item: &At<'_>, statement: &At<'_>) -> Result<Vec<String>, Mismatch> {
    let mut parts = Vec::new();
    let mut all = item.member("subcomponents").optional_items()?;
    all.extend(statement.member("subcomponents").optional_items()?);
    for part in all {
        let id = match part.value {
            Some(Value::String(_)) => part.text()?,
            _ => part.member("@id").text()?,
        };
        parts.push(id.to_owned());
    }
    if parts.is_empty() {
        parts.push(String::new());
    }
    Ok(parts)
}

#[cfg(test)]
mod tests;
