//! `regex.globs_match`: whether some text fits two globs of characters, `.`, `[a-z]`, and `*` or `+` behind one of them. What cosign's
//! library answers is not always that (`a*` and `b*` have the empty text, which it does not count), so its way is gone here.

use super::{LIMIT, Outcome, Said, text};

pub(super) const FUNCTIONS: &[Said] = &[("regex.globs_match", 2, |given| {
    let (Some(one), Some(other)) = (text(given, 0), text(given, 1)) else { return Ok(None) };
    let (Some(one), Some(other)) = (glob(one)?, glob(other)?) else { return Ok(None) };
    let mut steps = 0;
    let Some((one, other)) = trimmed(&one, &other) else { return Ok(Some(false.into())) };
    Ok(Some(meet(one, other, &mut steps)?.into()))
})];

/// Steps of one comparison: their number may grow with a power of what is repeated.
const STEPS: u32 = 200_000;

/// Parts of a glob, each of which may stand for a call within a call.
const PARTS: usize = 1_000;

/// A part of a glob.
struct Part {
    characters: Characters,
    repeated: Repeated,
}

#[derive(PartialEq)]
enum Characters {
    Every,
    One(char),
    /// Ranges in their order, with a gap between each two.
    Set(Vec<(char, char)>),
}

#[derive(Clone, Copy, PartialEq)]
enum Repeated {
    Once,
    /// `+`
    Some,
    /// `*`
    Any,
}

impl Part {
    fn is_once(&self) -> bool {
        self.repeated == Repeated::Once
    }

    /// Whether there is a character of both. Every character has one in common even with none (`[]`).
    fn meets(&self, other: &Self) -> bool {
        let among = |ranges: &[(char, char)], from: char, to: char| {
            ranges.iter().any(|(start, end)| from <= *end && *start <= to)
        };
        match (&self.characters, &other.characters) {
            (Characters::Every, _) | (_, Characters::Every) => true,
            (Characters::One(c), Characters::One(d)) => c == d,
            (Characters::Set(ranges), Characters::One(c)) | (Characters::One(c), Characters::Set(ranges)) => {
                among(ranges, *c, *c)
            }
            (Characters::Set(own), Characters::Set(others)) => {
                own.iter().any(|(from, to)| among(others, *from, *to))
            }
        }
    }
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// The parts of a glob; none where it is wrong.
fn glob(text: &str) -> Outcome<Vec<Part>> {
    let mut parts: Vec<Part> = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let characters = match c {
            '.' => Characters::Every,
            '[' => match set(&mut rest) {
                Some(ranges) => Characters::Set(in_order(ranges)),
                None => return Ok(None),
            },
            ']' | '*' | '+' => return Ok(None),
            '\\' => match rest.next() {
                Some(c) => Characters::One(c),
                None => return Ok(None),
            },
            c => Characters::One(c),
        };
        let repeated = match rest.next_if(|c| matches!(c, '*' | '+')) {
            Some('*') => Repeated::Any,
            Some(_) => Repeated::Some,
            None => Repeated::Once,
        };
        let part = Part { characters, repeated };
        // Two of one kind that are repeated are one, at least once where one of them is.
        if let Some(last) = parts.last_mut()
            && last.characters == part.characters
            && !last.is_once()
            && !part.is_once()
        {
            if part.repeated == Repeated::Some {
                last.repeated = Repeated::Some;
            }
            continue;
        }
        parts.push(part);
    }
    if parts.len() > PARTS {
        return Err(format!("{LIMIT}regex.globs_match takes globs of {PARTS} parts at most"));
    }
    Ok(Some(parts))
}

/// Characters and ranges up to the bracket that closes.
fn set(rest: &mut Chars<'_>) -> Option<Vec<(char, char)>> {
    let mut ranges: Vec<(char, char)> = Vec::new();
    let mut start = None;
    loop {
        match rest.next()? {
            ']' => return Some(ranges),
            '-' => {
                let from = start.take()?;
                let to = match rest.next()? {
                    ']' | '-' => return None,
                    '\\' => rest.next()?,
                    c => c,
                };
                ranges.push((from <= to).then_some((from, to))?);
            }
            c => {
                let c = if c == '\\' { rest.next()? } else { c };
                ranges.push((c, c));
                start = Some(c);
            }
        }
    }
}

fn in_order(mut ranges: Vec<(char, char)>) -> Vec<(char, char)> {
    ranges.sort_unstable();
    let mut made: Vec<(char, char)> = Vec::new();
    for (from, to) in ranges {
        match made.last_mut() {
            Some((_, end)) if u32::from(from) <= u32::from(*end) + 1 => *end = to.max(*end),
            _ => made.push((from, to)),
        }
    }
    made
}

/// What is left of two globs without what stands once at their starts and ends, but for one part there; `None` where that does not meet.
fn trimmed<'a>(one: &'a [Part], other: &'a [Part]) -> Option<(&'a [Part], &'a [Part])> {
    let plain = |(a, b): &(&Part, &Part)| a.is_once() && b.is_once();
    let starts: Vec<_> = one.iter().zip(other).take_while(plain).collect();
    let from = starts.len().saturating_sub(1);
    let (one, other) = (one.get(from..)?, other.get(from..)?);
    let ends: Vec<_> = one.iter().rev().zip(other.iter().rev()).take_while(plain).collect();
    let off = ends.len().saturating_sub(1);
    let meet = starts.iter().chain(&ends).all(|(a, b)| a.meets(b));
    meet.then_some((one.get(..one.len() - off)?, other.get(..other.len() - off)?))
}

/// Whether two globs have a text in common, by the way that is gone: part for part, and at the first that is repeated by its rule.
fn meet(one: &[Part], other: &[Part], steps: &mut u32) -> Result<bool, String> {
    *steps += 1;
    if *steps > STEPS {
        return Err(format!("{LIMIT}regex.globs_match takes more than {STEPS} steps"));
    }
    match (one, other) {
        ([], []) => Ok(true),
        ([], _) | (_, []) => Ok(false),
        ([first, rest @ ..], [second, others @ ..]) => match (first.repeated, second.repeated) {
            (Repeated::Once, Repeated::Once) => Ok(first.meets(second) && meet(rest, others, steps)?),
            (Repeated::Some, _) => at_least_one(one, other, steps),
            (Repeated::Any, _) => any_number(one, other, steps),
            (Repeated::Once, Repeated::Some) => at_least_one(other, one, steps),
            (Repeated::Once, Repeated::Any) => any_number(other, one, steps),
        },
    }
}

/// `repeated` begins with a part that is there at least once.
fn at_least_one(repeated: &[Part], other: &[Part], steps: &mut u32) -> Result<bool, String> {
    let ([own, rest @ ..], [first, others @ ..]) = (repeated, other) else { return Ok(false) };
    if !own.meets(first) {
        return Ok(false);
    }
    // It takes that part, or is taken by it as a whole.
    Ok(any_number(repeated, others, steps)? || !first.is_once() && meet(rest, other, steps)?)
}

/// `repeated` begins with a part that takes what meets it, until what follows it goes on.
fn any_number(repeated: &[Part], other: &[Part], steps: &mut u32) -> Result<bool, String> {
    let [own, rest @ ..] = repeated else { return Ok(false) };
    for (at, part) in other.iter().enumerate() {
        let goes_on = rest.first().is_some_and(|next| next.meets(part));
        if goes_on && meet(rest, other.get(at..).unwrap_or_default(), steps)? {
            return Ok(true);
        }
        if !own.meets(part) {
            return Ok(false);
        }
    }
    Ok(rest.is_empty())
}
