//! Patterns of names: images and files. `docs/reference/policy-file.md` has the rules; the table in `tests.rs` shows them.
//!
//! Names and patterns are compared segment by segment, between slashes. `*` is any number of characters of one segment, `?` is
//! one of them, and `**`, which is a segment of its own, is any number of segments: at least one at the end of a pattern, and
//! perhaps none elsewhere. Nothing else has a meaning. Case counts.

use super::sound;

/// The longest pattern, and the longest name that one can match.
const MAX_LENGTH: usize = 4_096;
/// How Docker Hub is written in names, and what else leads there.
const HUB: (&str, [&str; 2]) = ("index.docker.io", ["docker.io", "registry-1.docker.io"]);
/// The port that a registry has without one.
const HTTPS: &str = ":443";
/// What the names of images on this machine begin with, and how a docker archive is written there.
const LOCAL: [&str; 2] = ["oci:", "oci-archive:"];
const DOCKER_ARCHIVE: &str = "docker-archive:";

/// What a pattern is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// An image, by what is resolved: of a name with a tag and a digest, that is the digest alone.
    Image {
        /// `HOST/PATH` with Docker Hub's names written out; or `oci:` or `oci-archive:` and the path of a layout.
        name: String,
        /// The tag, where it is what is resolved.
        tag: Option<String>,
        /// The digest, where it is what is resolved.
        digest: Option<String>,
    },
    /// A file, as it was typed.
    File(String),
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(name) => f.write_str(name),
            Self::Image { name, tag, digest } => {
                f.write_str(name)?;
                tag.iter().try_for_each(|tag| write!(f, ":{tag}"))?;
                digest.iter().try_for_each(|digest| write!(f, "@{digest}"))
            }
        }
    }
}

/// A pattern of images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImagePattern {
    source: String,
    name: String,
    tag: Option<String>,
    digest: Option<String>,
}

/// A pattern of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePattern {
    source: String,
    name: String,
}

impl ImagePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// In words: what could not mean anything, or could mean something else to somebody.
    pub fn parse(source: &str) -> Result<Self, String> {
        // An IPv6 address stands in brackets at the beginning, and is no set of characters.
        let address = source.strip_prefix('[').and_then(|rest| rest.split_once("]:"));
        plain(source, address.map_or(source, |(_, rest)| rest))?;
        sound::image(source)?;
        let (name, digest) = match source.rsplit_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (source, None),
        };
        let name = match name.strip_prefix(DOCKER_ARCHIVE) {
            Some(path) => format!("{}{path}", LOCAL[1]),
            None => name.to_owned(),
        };
        let scheme = LOCAL.iter().find(|scheme| name.starts_with(**scheme)).map_or(0, |scheme| scheme.len());
        let from = name.rfind('/').map_or(scheme, |slash| slash.max(scheme));
        let (name, tag) = match name.get(from..).and_then(|last| last.find(':')) {
            Some(at) => {
                let (name, tag) = name.split_at(from + at);
                (name.to_owned(), tag.get(1..).map(str::to_owned))
            }
            None => (name, None),
        };
        for (what, part) in [("tag", &tag), ("digest", &digest.map(str::to_owned))] {
            if part.as_ref().is_some_and(|part| part.is_empty() || part.contains("**")) {
                return Err(format!("the {what} in `{source}` is none, and matches nothing"));
            }
        }
        digest.map_or(Ok(()), sound::digest)?;
        let name = if scheme > 0 {
            let (scheme, path) = name.split_at(scheme);
            format!("{scheme}{}", normal(path).ok_or("`..` in a pattern matches nothing")?)
        } else {
            registry(&name, tag.as_deref())?
        };
        segments(&name)?;
        Ok(Self { source: source.to_owned(), name, tag, digest: digest.map(str::to_owned) })
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it matches an image. A pattern with a tag is about images that are resolved by their tag, and one with a digest about
    /// those that are resolved by their digest; one with neither is about both.
    pub fn matches(&self, subject: &Subject) -> bool {
        let Subject::Image { name, tag, digest } = subject else { return false };
        let part = |pattern: &Option<String>, part: &Option<String>| match (pattern, part) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(pattern), Some(part)) => segment(pattern, part),
        };
        let local = LOCAL.iter().find_map(|scheme| Some((scheme, name.strip_prefix(*scheme)?)));
        let name = match (local, name.split_once('/')) {
            // Where a name that goes up leads to, it does not say.
            (Some((scheme, path)), _) => match normal(path) {
                Some(path) => format!("{scheme}{path}"),
                None => return false,
            },
            (None, Some((host, path))) => format!("{}/{path}", host_of(host)),
            (None, None) => name.clone(),
        };
        matches(&self.name, &name) && part(&self.tag, tag) && part(&self.digest, digest)
    }

    /// Whether it matches images of every registry.
    pub(super) fn is_wide(&self) -> bool {
        matches!(self.name.split('/').next(), Some("*" | "**"))
    }

    /// Whether it matches all of one of these registries.
    pub(super) fn is_all_of(&self, registries: &[&str]) -> bool {
        let parts = self.name.split_once('/');
        parts.is_some_and(|(host, path)| registries.contains(&host) && path.chars().all(|c| "*/".contains(c)))
    }

    /// Whether it looks at tags, which somebody may move.
    pub(super) fn has_tag(&self) -> bool {
        self.tag.is_some()
    }

    /// Whether everything that `other` matches is matched here; `false` also where that is not seen.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let part = |mine: &Option<String>, other: &Option<String>| match (mine, other) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(mine), Some(other)) => segment(mine, &sample(other)),
        };
        matches(&self.name, &sample(&other.name))
            && part(&self.tag, &other.tag)
            && part(&self.digest, &other.digest)
    }
}

impl FilePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// In words: what could not mean anything, or could mean something else to somebody.
    pub fn parse(source: &str) -> Result<Self, String> {
        plain(source, source)?;
        sound::file(source)?;
        let name = normal(source).ok_or("`..` in a pattern matches nothing")?;
        segments(&name)?;
        Ok(Self { source: source.to_owned(), name })
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it matches a file. One whose name goes up (`..`) is matched by nothing: where it is, its name does not say.
    pub fn matches(&self, subject: &Subject) -> bool {
        let Subject::File(name) = subject else { return false };
        normal(name).is_some_and(|name| matches(&self.name, &name))
    }

    pub(super) fn is_wide(&self) -> bool {
        matches!(self.name.as_str(), "**" | "*" | "/**")
    }

    pub(super) fn covers(&self, other: &Self) -> bool {
        matches(&self.name, &sample(&other.name))
    }
}

/// Refuses characters that other languages of patterns give a meaning; but for `rest`, all of the pattern.
fn plain(source: &str, rest: &str) -> Result<(), String> {
    if source.len() > MAX_LENGTH {
        return Err(format!("a pattern has at most {MAX_LENGTH} bytes"));
    }
    match rest.chars().find(|c| "{}[]\\!".contains(*c) || c.is_control()) {
        Some(c) => Err(format!("`{}` has no meaning in a pattern: write several patterns", c.escape_debug())),
        None => Ok(()),
    }
}

/// The name of a repository, with its registry.
fn registry(name: &str, tag: Option<&str>) -> Result<String, String> {
    if name == "**" {
        return Ok(name.to_owned());
    }
    let Some((host, path)) = name.split_once('/') else {
        let port = tag.filter(|tag| tag.bytes().all(|b| b.is_ascii_digit()));
        if name.contains('.') || (name == "localhost" && port.is_some()) {
            let host = port.map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
            return Err(format!(
                "`{host}` names a registry and no repository: write `{host}/**` for all that is in it"
            ));
        }
        return Err(format!(
            "`{name}` names no registry: write REGISTRY/REPOSITORY, such as `docker.io/library/{name}`"
        ));
    };
    if !host.contains(['.', ':', '*', '?']) {
        return Err(format!(
            "`{host}` is no registry: write REGISTRY/REPOSITORY, such as `docker.io/{name}`"
        ));
    }
    sound::repository(name, path)?;
    let host = host_of(host);
    let implicit = host == HUB.0 && !path.contains('/') && path != "**";
    Ok(if implicit { format!("{host}/library/{path}") } else { format!("{host}/{path}") })
}

/// The one spelling of a registry: names of hosts have no case (RFC 4343), and Docker Hub has several.
pub(super) fn host_of(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    let host = host.strip_suffix(HTTPS).unwrap_or(&host);
    if HUB.1.contains(&host) { HUB.0.to_owned() } else { host.to_owned() }
}

fn segments(name: &str) -> Result<(), String> {
    match name.split('/').find(|segment| segment.contains("**") && *segment != "**") {
        Some(segment) => Err(format!("`**` stands between slashes alone, and not as in `{segment}`")),
        None => Ok(()),
    }
}

/// The name of a file without `.` and doubled slashes; `None` where it goes up.
fn normal(name: &str) -> Option<String> {
    let name = name.replace(std::path::MAIN_SEPARATOR, "/");
    let (root, rest) = if name.starts_with('/') { ("/", name.as_str()) } else { ("", name.as_str()) };
    let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    (!parts.contains(&"..")).then(|| format!("{root}{}", parts.join("/")))
}

/// A name that stands for all that a pattern matches: what is no letter of any name stands where anything may.
fn sample(pattern: &str) -> String {
    let one = |segment: &str| match segment {
        "**" => "\u{1}\u{1}/\u{1}\u{1}".to_owned(),
        segment => segment.replace('*', "\u{1}\u{1}").replace('?', "\u{1}"),
    };
    pattern.split('/').map(one).collect::<Vec<_>>().join("/")
}

/// Compares all of a name.
fn matches(pattern: &str, name: &str) -> bool {
    if name.len() > MAX_LENGTH {
        return false;
    }
    let pattern: Vec<&str> = pattern.split('/').collect();
    let names: Vec<&str> = name.split('/').collect();
    // `reached[n]`: the pattern so far matches the first n segments.
    let mut reached = vec![false; names.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    for (number, part) in pattern.iter().enumerate() {
        let mut next = vec![false; names.len() + 1];
        if *part == "**" {
            let is_last = number + 1 == pattern.len();
            let mut any = false;
            for (before, after) in reached.iter().zip(&mut next) {
                *after = any || (*before && !is_last);
                any |= before;
            }
        } else {
            let steps = reached.iter().zip(&names).zip(next.iter_mut().skip(1));
            for ((before, name), after) in steps {
                *after = *before && segment(part, name);
            }
        }
        reached = next;
    }
    reached.last().copied().unwrap_or_default()
}

/// Compares one segment. Nothing matches what is not there.
fn segment(pattern: &str, text: &str) -> bool {
    if text.is_empty() {
        return pattern.is_empty();
    }
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut seen, mut star) = (0, 0, None);
    while let Some(c) = text.get(seen) {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some(p) if *p == '?' || p == c => (at, seen) = (at + 1, seen + 1),
            _ => match star {
                Some((position, taken)) => {
                    star = Some((position, taken + 1));
                    (at, seen) = (position + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|p| *p == '*')
}
