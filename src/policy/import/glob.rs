//! The globs of policy-controller. It compares all of `REGISTRY/REPOSITORY@sha256:HEX`, the name of an image with its digest, with them:
//! `*` is any characters but slashes, `**` any characters. Ours compare names, segment by segment.

use crate::policy::scoped::ImagePattern;

/// The longest glob.
const MAX_LENGTH: usize = 512;
/// How often `**` may stand beside other characters; each doubles the number of patterns.
const MAX_GLUED: usize = 4;
const HUB: &str = "index.docker.io";
/// The port that a registry has without one.
const HTTPS: &str = ":443";
/// What leads to Docker Hub as well, here; the controller knows it by its one name.
const OTHER_HUBS: [&str; 2] = ["docker.io", "registry-1.docker.io"];

/// A glob as the controller reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glob {
    pub source: String,
    text: String,
}

/// What is matched by a glob, in our patterns.
pub(super) struct Patterns {
    pub images: Vec<String>,
    /// Whether they match all that the glob matches.
    pub is_exact: bool,
}

/// Why a glob is left out.
pub(super) struct Unsaid {
    /// Whether it matches nothing for the controller either.
    pub is_nothing: bool,
    pub reason: String,
}

impl Unsaid {
    fn inexpressible(reason: impl Into<String>) -> Self {
        Self { is_nothing: false, reason: reason.into() }
    }

    fn nothing(reason: impl Into<String>) -> Self {
        Self { is_nothing: true, reason: reason.into() }
    }
}

/// A part of a glob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    One(char),
    Segment,
    Any,
}

impl Glob {
    pub(super) fn new(source: &str) -> Self {
        let text = match source {
            "*" => "index.docker.io/library/*",
            "*/*" => "index.docker.io/*/*",
            other => other,
        };
        Self { source: source.to_owned(), text: text.to_owned() }
    }

    /// Our patterns, which together match what it matches, or less.
    ///
    /// # Errors
    /// No pattern of ours matches a part of it alone.
    pub(super) fn patterns(&self) -> Result<Patterns, Unsaid> {
        if self.text.contains('@') {
            return Err(Unsaid::inexpressible(
                "it is about digests, and patterns by digest are not carried over",
            ));
        }
        let is_known = |c: char| c.is_ascii_alphanumeric() || "-_:/*.".contains(c);
        if self.text.is_empty() || self.text.len() > MAX_LENGTH || !self.text.chars().all(is_known) {
            return Err(Unsaid::inexpressible("it is no glob that the controller takes"));
        }
        if self.text.chars().any(|c| c.is_ascii_uppercase()) {
            return Err(Unsaid::inexpressible("upper case makes another registry there, and none here"));
        }
        let host = self.text.split('/').next().unwrap_or_default();
        if OTHER_HUBS.contains(&host) {
            return Err(Unsaid::nothing(format!(
                "the controller calls Docker Hub `{HUB}`, and nothing by that name"
            )));
        }
        if host.ends_with(HTTPS) {
            return Err(Unsaid::inexpressible(
                "a port that is the same registry here, and another one there",
            ));
        }
        let all = spelled(&self.text);
        let all =
            all.ok_or_else(|| Unsaid::inexpressible("`**` stands beside other characters too often"))?;
        let (mut patterns, mut unread) = (Vec::new(), None);
        for pattern in all {
            match named(&pattern) {
                None => {}
                Some(pattern) => match ImagePattern::parse(&pattern) {
                    Ok(_) => patterns.push(pattern),
                    Err(reason) => unread = Some(reason),
                },
            }
        }
        match (patterns.is_empty(), unread) {
            (true, Some(reason)) => Err(Unsaid::inexpressible(reason)),
            (true, None) if self.may_match_a_digest() => Err(Unsaid::inexpressible(
                "it is about some digests alone, and patterns by digest are not carried over",
            )),
            (true, None) => Err(Unsaid::nothing(
                "no name with a digest matches it, and the controller compares names with digests",
            )),
            (false, unread) => {
                // A registry has several spellings here, of which a part of one matches some.
                let is_whole = !host.contains('*') || matches!(host, "*" | "**");
                Ok(Patterns { is_exact: unread.is_none() && is_whole && self.ends_free(), images: patterns })
            }
        }
    }

    /// Whether nothing follows a `*` in the last segment: what does, may be found in `@sha256:HEX` there, which is in no name here.
    fn ends_free(&self) -> bool {
        let last = self.text.rsplit('/').next().unwrap_or_default();
        last.find('*').is_none_or(|star| last.bytes().skip(star).all(|byte| byte == b'*'))
    }

    /// Whether a name with a digest may match it; `true` also where that is not seen. The first colon there is that of `@sha256:`.
    fn may_match_a_digest(&self) -> bool {
        let (before, last) = self.text.rsplit_once('/').unwrap_or(("", &self.text));
        let name = last.split(':').next().unwrap_or_default();
        let digits = last.rsplit(['*', ':']).next().unwrap_or_default();
        // Official images stand beneath `library/` there.
        let is_short = before == HUB && !last.contains("**");
        !is_short && name.contains('*') && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    }

    /// Whether no image matches it.
    pub(super) fn is_nothing(&self) -> bool {
        self.patterns().is_err_and(|unsaid| unsaid.is_nothing)
    }

    /// Whether a name may match both.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        meet(&one_spelling(&self.text), &one_spelling(&other.text))
    }

    /// Whether everything that `other` matches is matched here; `false` also where that is not seen.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let sample = other.text.replace("**", "\u{2}").replace('*', "\u{1}").replace('\u{2}', "\u{1}/\u{1}");
        meet(&self.text, &sample)
    }
}

/// Whether a text may match both.
fn meet(one: &str, other: &str) -> bool {
    let (one, other) = (parts(one), parts(other));
    // `reached`: pairs of positions up to which one text can match both.
    let mut reached = vec![vec![false; other.len() + 1]; one.len() + 1];
    let mut todo = vec![(0, 0)];
    while let Some((i, j)) = todo.pop() {
        let Some(place) = reached.get_mut(i).and_then(|row| row.get_mut(j)) else { continue };
        if std::mem::replace(place, true) {
            continue;
        }
        let (a, b) = (one.get(i), other.get(j));
        todo.extend(a.filter(|part| !matches!(part, Part::One(_))).map(|_| (i + 1, j)));
        todo.extend(b.filter(|part| !matches!(part, Part::One(_))).map(|_| (i, j + 1)));
        match (a, b) {
            (Some(Part::One(a)), Some(Part::One(b))) if a == b => todo.push((i + 1, j + 1)),
            (Some(Part::One(c)), Some(wild)) if wild.takes(*c) => todo.push((i + 1, j)),
            (Some(wild), Some(Part::One(c))) if wild.takes(*c) => todo.push((i, j + 1)),
            _ => {}
        }
    }
    reached.last().and_then(|row| row.last()).copied().unwrap_or_default()
}

impl Part {
    fn takes(self, c: char) -> bool {
        match self {
            Self::One(one) => one == c,
            Self::Segment => c != '/',
            Self::Any => true,
        }
    }
}

/// What is one registry here is one, whatever it is there: so that no policy for another spelling is passed over.
fn one_spelling(text: &str) -> String {
    let text = text.to_ascii_lowercase();
    let (host, rest) = text.split_once('/').map_or((text.as_str(), None), |(host, rest)| (host, Some(rest)));
    let host = host.strip_suffix(HTTPS).unwrap_or(host);
    let host = if OTHER_HUBS.contains(&host) { HUB } else { host };
    rest.map_or_else(|| host.to_owned(), |rest| format!("{host}/{rest}"))
}

fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        parts.push(match c {
            '*' if chars.next_if_eq(&'*').is_some() => Part::Any,
            '*' => Part::Segment,
            other => Part::One(other),
        });
    }
    parts
}

/// The glob with every `**` a segment of its own, as ours have it: what it matches without a slash, and what it matches with some.
fn spelled(text: &str) -> Option<Vec<String>> {
    let mut all = vec![String::new()];
    let segments: Vec<&str> = text.split('/').collect();
    let glued = segments.iter().filter(|segment| segment.contains("**") && **segment != "**").count();
    if glued > MAX_GLUED {
        return None;
    }
    for (number, segment) in segments.iter().enumerate() {
        let is_last = number + 1 == segments.len();
        let pieces: Vec<&str> = segment.split("**").collect();
        let ways: Vec<String> = match pieces.as_slice() {
            [_] => vec![(*segment).to_owned()],
            ["", ""] if is_last => vec!["**".to_owned()],
            // Two slashes have something between them there, and perhaps nothing here.
            ["", ""] => vec!["*/**".to_owned()],
            [before, ""] if is_last => vec![format!("{before}*"), format!("{before}*/**")],
            [before, after] => vec![format!("{before}*{after}"), format!("{before}*/**/*{after}")],
            _ => return None,
        };
        let slash = if number == 0 { "" } else { "/" };
        all =
            all.iter().flat_map(|start| ways.iter().map(move |way| format!("{start}{slash}{way}"))).collect();
    }
    Some(all)
}

/// The pattern of names, of one that names with a digest match; `None` where none does.
fn named(pattern: &str) -> Option<String> {
    let (before, last) = match pattern.rsplit_once('/') {
        Some((before, last)) => (before, last),
        // A host without a repository.
        None if pattern == "**" => return Some(pattern.to_owned()),
        None => return None,
    };
    // No repository has a colon in its name; a host may.
    if before.split('/').skip(1).any(|segment| segment.contains(':')) {
        return None;
    }
    let last = match last.split_once(':') {
        // `*` is the name with `@sha256` there, and what follows the colon the digits.
        Some((name, rest)) if name.ends_with('*') && rest.chars().all(|c| c == '*') && !rest.is_empty() => {
            name
        }
        Some(_) => return None,
        None => last,
    };
    // Official images stand beneath `library/` there.
    let is_short = before == HUB && last != "**";
    (last.ends_with('*') && !is_short).then(|| format!("{before}/{last}"))
}
