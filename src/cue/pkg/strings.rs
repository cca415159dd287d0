//! `strings`: those functions of Go's package that CUE has, and CUE's own. Indices are those of bytes, as in Go.

use super::Parameter::{Bytes, Int, List, String as Text};
use super::arguments::{Arguments, check_elements, check_text, failed};
use super::{CallError, Members, function, validator};
use crate::cue::data::Data;

mod case;

/// The members of the package.
pub(super) const MEMBERS: Members = &[
    ("ByteAt", function(&[Bytes, Int], byte_at)),
    ("ByteSlice", function(&[Bytes, Int, Int], byte_slice)),
    (
        "Runes",
        function(&[Text], |a| {
            Ok(a.text(0)?.chars().map(|c| Data::from(i64::from(u32::from(c)))).collect::<Vec<_>>().into())
        }),
    ),
    ("MinRunes", validator(&[Text, Int], |a| Ok((a.text(0)?.chars().count() as i64 >= a.int(1)?).into()))),
    ("MaxRunes", validator(&[Text, Int], |a| Ok((a.text(0)?.chars().count() as i64 <= a.int(1)?).into()))),
    ("ToTitle", function(&[Text], |a| Ok(case::words(a.text(0)?, case::title).into()))),
    ("ToCamel", function(&[Text], |a| Ok(case::words(a.text(0)?, case::lower).into()))),
    ("SliceRunes", function(&[Text, Int, Int], slice_runes)),
    ("Compare", function(&[Text, Text], |a| Ok(Data::from(a.text(0)?.cmp(a.text(1)?) as i64)))),
    ("Count", function(&[Text, Text], count)),
    ("Contains", validator(&[Text, Text], |a| Ok(a.text(0)?.contains(a.text(1)?).into()))),
    ("ContainsAny", validator(&[Text, Text], |a| Ok(a.text(0)?.contains(any_of(a.text(1)?)).into()))),
    ("LastIndex", function(&[Text, Text], |a| Ok(index(a.text(0)?.rfind(a.text(1)?))))),
    ("IndexAny", function(&[Text, Text], |a| Ok(index(a.text(0)?.find(any_of(a.text(1)?)))))),
    ("LastIndexAny", function(&[Text, Text], |a| Ok(index(a.text(0)?.rfind(any_of(a.text(1)?)))))),
    ("SplitN", function(&[Text, Text, Int], |a| split(a, a.int(2)?, false))),
    ("SplitAfterN", function(&[Text, Text, Int], |a| split(a, a.int(2)?, true))),
    ("Split", function(&[Text, Text], |a| split(a, -1, false))),
    ("SplitAfter", function(&[Text, Text], |a| split(a, -1, true))),
    (
        "Fields",
        function(&[Text], |a| {
            let text = a.text(0)?;
            check_elements(Some(text.split_whitespace().count()))?;
            Ok(texts(text.split_whitespace()))
        }),
    ),
    ("Join", function(&[List, Text], join)),
    ("HasPrefix", validator(&[Text, Text], |a| Ok(a.text(0)?.starts_with(a.text(1)?).into()))),
    ("HasSuffix", validator(&[Text, Text], |a| Ok(a.text(0)?.ends_with(a.text(1)?).into()))),
    ("Repeat", function(&[Text, Int], repeat)),
    ("ToUpper", function(&[Text], |a| Ok(a.text(0)?.chars().map(case::upper).collect::<String>().into()))),
    ("ToLower", function(&[Text], |a| Ok(a.text(0)?.chars().map(case::lower).collect::<String>().into()))),
    ("Trim", function(&[Text, Text], |a| Ok(a.text(0)?.trim_matches(any_of(a.text(1)?)).into()))),
    ("TrimLeft", function(&[Text, Text], |a| Ok(a.text(0)?.trim_start_matches(any_of(a.text(1)?)).into()))),
    ("TrimRight", function(&[Text, Text], |a| Ok(a.text(0)?.trim_end_matches(any_of(a.text(1)?)).into()))),
    ("TrimSpace", function(&[Text], |a| Ok(a.text(0)?.trim().into()))),
    (
        "TrimPrefix",
        function(&[Text, Text], |a| Ok(a.text(0)?.strip_prefix(a.text(1)?).unwrap_or(a.text(0)?).into())),
    ),
    (
        "TrimSuffix",
        function(&[Text, Text], |a| Ok(a.text(0)?.strip_suffix(a.text(1)?).unwrap_or(a.text(0)?).into())),
    ),
    ("Replace", function(&[Text, Text, Text, Int], replace)),
    ("Index", function(&[Text, Text], |a| Ok(index(a.text(0)?.find(a.text(1)?))))),
];

fn byte_at(a: &[Data]) -> Result<Data, CallError> {
    match a.size(1)?.and_then(|at| a.bytes(0).ok()?.get(at)) {
        Some(byte) => Ok(Data::from(i64::from(*byte))),
        None => failed("index out of range"),
    }
}

fn byte_slice(a: &[Data]) -> Result<Data, CallError> {
    let (Some(start), Some(end)) = (a.size(1)?, a.size(2)?) else { return failed("index out of range") };
    match a.bytes(0)?.get(start..end) {
        Some(slice) => Ok(slice.to_vec().into()),
        None => failed("index out of range"),
    }
}

fn slice_runes(a: &[Data]) -> Result<Data, CallError> {
    let text = a.text(0)?;
    // Where each character begins, and where the text ends.
    let at = |count: usize| text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(count);
    let slice = match (a.size(1)?.and_then(at), a.size(2)?.and_then(at)) {
        (Some(start), Some(end)) => text.get(start..end),
        _ => None,
    };
    slice.map_or_else(|| failed("index out of range"), |slice| Ok(slice.into()))
}

fn count(a: &[Data]) -> Result<Data, CallError> {
    // The empty text is found before and after every character, as in Go.
    Ok(a.text(0)?.matches(a.text(1)?).count().into())
}

/// Whether a character is one of these.
fn any_of(characters: &str) -> impl Fn(char) -> bool + '_ {
    move |c| characters.contains(c)
}

/// A position as Go gives it: -1 for none.
fn index(found: Option<usize>) -> Data {
    found.map_or(Data::from(-1_i64), Data::from)
}

fn texts<'a>(pieces: impl Iterator<Item = &'a str>) -> Data {
    pieces.map(Data::from).collect::<Vec<_>>().into()
}

/// Splits at a separator into at most `limit` pieces, any number where it is negative. The empty separator stands between all
/// characters.
fn split(a: &[Data], limit: i64, keep_separator: bool) -> Result<Data, CallError> {
    let (text, separator) = (a.text(0)?, a.text(1)?);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if limit == 0 {
        return Ok(Data::List(Vec::new()));
    }
    let mut pieces = Vec::new();
    let mut rest = text;
    while pieces.len() + 1 < limit {
        let next = if separator.is_empty() {
            rest.chars().next().map(|c| (c.len_utf8(), c.len_utf8())).filter(|(end, _)| *end < rest.len())
        } else {
            rest.find(separator)
                .map(|at| (if keep_separator { at + separator.len() } else { at }, at + separator.len()))
        };
        let Some((piece, resume)) = next else { break };
        pieces.push(Data::from(&rest[..piece]));
        rest = &rest[resume..];
    }
    if !(separator.is_empty() && rest.is_empty()) {
        pieces.push(rest.into());
    }
    check_elements(Some(pieces.len()))?;
    Ok(pieces.into())
}

fn join(a: &[Data]) -> Result<Data, CallError> {
    let (pieces, separator) = (a.texts(0)?, a.text(1)?);
    let separators = separator.len().checked_mul(pieces.len());
    check_text(separators.and_then(|n| n.checked_add(pieces.iter().map(|piece| piece.len()).sum())))?;
    Ok(pieces.join(separator).into())
}

fn repeat(a: &[Data]) -> Result<Data, CallError> {
    let Some(times) = a.size(1)? else { return failed("negative count") };
    check_text(a.text(0)?.len().checked_mul(times))?;
    Ok(a.text(0)?.repeat(times).into())
}

/// The empty text is replaced before and after every character.
fn replace(a: &[Data]) -> Result<Data, CallError> {
    let (text, old, new) = (a.text(0)?, a.text(1)?, a.text(2)?);
    let times = usize::try_from(a.int(3)?).unwrap_or(usize::MAX);
    let found = text.matches(old).count().min(times);
    check_text(new.len().checked_mul(found).and_then(|n| n.checked_add(text.len())))?;
    Ok(text.replacen(old, new, times).into())
}
