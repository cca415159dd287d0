//! `regexp`: Go's regular expressions; the pattern comes first.

use std::collections::BTreeMap;

use super::Parameter::{Int, String as Text};
use super::arguments::{Arguments, check_elements, check_text, failed};
use super::{CallError, Members, function, validator};
use crate::cue::data::Data;
use crate::re2::Pattern;

/// The members of the package.
pub(super) const MEMBERS: Members = &[
    ("Find", function(&[Text, Text], |a| first(a, |_, found| found.text(0).into()))),
    ("FindAll", function(&[Text, Text, Int], |a| all(a, |_, found| found.text(0).into()))),
    ("FindAllNamedSubmatch", function(&[Text, Text, Int], |a| all(a, named))),
    ("FindAllSubmatch", function(&[Text, Text, Int], |a| all(a, groups))),
    ("FindNamedSubmatch", function(&[Text, Text], |a| first(a, named))),
    ("FindSubmatch", function(&[Text, Text], |a| first(a, groups))),
    ("Valid", validator(&[Text], |a| compiled(a).map(|_| true.into()))),
    ("Match", validator(&[Text, Text], |a| Ok(compiled(a)?.matches(a.text(1)?).into()))),
    ("QuoteMeta", function(&[Text], |a| Ok(quote_meta(a.text(0)?).into()))),
    ("ReplaceAll", function(&[Text, Text, Text], |a| replace(a, true))),
    ("ReplaceAllLiteral", function(&[Text, Text, Text], |a| replace(a, false))),
];

/// One match: the text and place of each group, of which the first is the whole.
struct Found<'t>(Vec<Option<(usize, &'t str)>>);

impl<'t> Found<'t> {
    /// What a group matched; a group that took no part matched nothing.
    fn text(&self, group: usize) -> &'t str {
        self.0.get(group).copied().flatten().map_or("", |(_, text)| text)
    }

    /// How many bytes its groups have together.
    fn size(&self) -> usize {
        self.0.iter().flatten().map(|(_, text)| text.len()).sum()
    }
}

fn compiled(a: &[Data]) -> Result<Pattern, CallError> {
    Pattern::with_groups(a.text(0)?).map_err(|error| CallError::Failed(error.to_string()))
}

/// At most `limit` successive matches.
fn matches<'t>(pattern: &Pattern, text: &'t str, limit: usize) -> Result<Vec<Found<'t>>, CallError> {
    let mut size = 0_usize;
    let mut found = Vec::new();
    for captures in pattern.regex().captures_iter(text).take(limit) {
        let one =
            Found(captures.iter().map(|group| group.map(|group| (group.start(), group.as_str()))).collect());
        size = size.saturating_add(one.size());
        check_text(Some(size))?;
        found.push(one);
        check_elements(Some(found.len()))?;
    }
    Ok(found)
}

type Build = fn(&Pattern, &Found) -> Data;

fn first(a: &[Data], build: Build) -> Result<Data, CallError> {
    let pattern = compiled(a)?;
    match matches(&pattern, a.text(1)?, 1)?.first() {
        Some(found) => Ok(build(&pattern, found)),
        None => failed("no match"),
    }
}

/// At most as many as the third argument says, any number where it is negative.
fn all(a: &[Data], build: Build) -> Result<Data, CallError> {
    let pattern = compiled(a)?;
    let found = matches(&pattern, a.text(1)?, a.size(2)?.unwrap_or(usize::MAX))?;
    if found.is_empty() {
        return failed("no match");
    }
    Ok(found.iter().map(|found| build(&pattern, found)).collect::<Vec<_>>().into())
}

fn groups(_: &Pattern, found: &Found) -> Data {
    (0..found.0.len()).map(|group| found.text(group).into()).collect::<Vec<Data>>().into()
}

/// The named groups, in the order of their names.
fn named(pattern: &Pattern, found: &Found) -> Data {
    let names = pattern.group_names().iter().enumerate();
    let fields: BTreeMap<_, _> =
        names.filter_map(|(group, name)| Some((name.as_deref()?, found.text(group)))).collect();
    Data::Struct(fields.into_iter().map(|(name, text)| (name.into(), text.into())).collect())
}

fn quote_meta(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted
}

/// Replaces all matches, by a template or by a text as it is.
fn replace(a: &[Data], expand: bool) -> Result<Data, CallError> {
    let (pattern, text, template) = (compiled(a)?, a.text(1)?, a.text(2)?);
    let mut result = String::new();
    let mut rest = 0;
    for found in matches(&pattern, text, usize::MAX)? {
        let Some(Some((start, whole))) = found.0.first().copied() else { continue };
        result.push_str(&text[rest..start]);
        if expand {
            expanded(&pattern, &found, template, &mut result)
        } else {
            result.push_str(template)
        }
        check_text(Some(result.len()))?;
        rest = start + whole.len();
    }
    result.push_str(&text[rest..]);
    Ok(result.into())
}

/// `$1`, `$name`, `${name}` stand for groups, `$$` for a dollar sign; what is none of them stands for itself.
fn expanded(pattern: &Pattern, found: &Found, template: &str, result: &mut String) {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        result.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            result.push('$');
            rest = after;
        } else if let Some((name, after)) = group_name(after) {
            result.push_str(group(pattern, found, name));
            rest = after;
        } else {
            result.push('$');
            rest = after;
        }
    }
    result.push_str(rest);
}

/// The name that a template begins with, after its dollar sign, and what follows it.
fn group_name(text: &str) -> Option<(&str, &str)> {
    let (braced, text) = text.strip_prefix('{').map_or((false, text), |inner| (true, inner));
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let (name, after) = text.split_at(end);
    let after = if braced { after.strip_prefix('}')? } else { after };
    (!name.is_empty()).then_some((name, after))
}

/// What a group matched, by its number or its name.
fn group<'t>(pattern: &Pattern, found: &Found<'t>, name: &str) -> &'t str {
    let numbered = name.bytes().all(|c| c.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
    let place = match name.parse::<usize>() {
        Ok(number) if numbered && number < 100_000_000 => Some(number),
        _ => pattern.group_names().iter().position(|group| group.as_deref() == Some(name)),
    };
    place.map_or("", |place| found.text(place))
}
