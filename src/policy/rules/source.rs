//! Addresses of source repositories, brought into one form so that they can be compared.
//!
//! The form: the scheme `https` (also written `git+https`), a host in lower case without the port 443, and a path in its own case,
//! without `.git` and without a slash at its end. What follows the first `@`, or `#`, is the ref. Whatever else such an address
//! may hold (a user, a query, a percent sign, `..`, an empty segment, a character beyond ASCII) makes it unusable: two readers may take
//! such an address for two repositories. Other schemes stay what they are and equal only themselves.

use serde::Deserialize;

/// The schemes of addresses that hold a repository.
const SCHEMES: [&str; 4] = ["https", "http", "ssh", "git"];

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Repository {
    scheme: &'static str,
    host: String,
    path: String,
}

impl std::fmt::Display for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}/{}", self.scheme, self.host, self.path)
    }
}

impl Repository {
    /// Whether both differ in the case of letters alone.
    pub(super) fn differs_in_case(&self, other: &Self) -> bool {
        self != other && self.to_string().eq_ignore_ascii_case(&other.to_string())
    }
}

/// A repository with what its address says of the revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub repository: Repository,
    /// The ref, or the commit.
    pub revision: Option<String>,
}

/// The repository that a rule expects: an address without a ref.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct ExpectedRepository(pub Repository);

impl TryFrom<String> for ExpectedRepository {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let bad = |reason: &str| {
            format!("`{text}` is no source: {reason}; write it as https://github.com/OWNER/NAME")
        };
        let source = Source::parse(&text).map_err(|reason| bad(&reason))?;
        match source.revision {
            Some(_) => Err(bad("it has a ref, which is the matter of `ref` and `commit`")),
            None => Ok(Self(source.repository)),
        }
    }
}

impl Source {
    /// Reads an address.
    ///
    /// # Errors
    /// In words: what makes it unusable.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if let Some(c) = text.chars().find(|c| !c.is_ascii_graphic() || matches!(c, '%' | '\\' | '?')) {
            return Err(format!("it has the character {}", c.escape_unicode()));
        }
        let (scheme, rest) = text.split_once("://").ok_or("it is no address with a scheme")?;
        let lower = scheme.to_ascii_lowercase();
        let bare = lower.strip_prefix("git+").unwrap_or(&lower);
        let scheme =
            SCHEMES.into_iter().find(|known| *known == bare).ok_or("its scheme is of no repository")?;
        let (authority, path) = rest.split_once('/').ok_or("it has no path")?;
        let authority = match (scheme, authority.strip_prefix("git@")) {
            ("ssh", Some(host)) => host,
            _ => authority,
        };
        let host = host(scheme, authority)?;
        let (path, revision) = match path.find(['@', '#']) {
            Some(at) => {
                let (path, rest) = path.split_at(at);
                (path, Some(revision(rest.get(1..).unwrap_or_default())?))
            }
            None => (path, None),
        };
        let path = path.strip_suffix('/').unwrap_or(path);
        let path = path.strip_suffix(".git").unwrap_or(path);
        if let Some(reason) = path.split('/').find_map(wrong_segment) {
            return Err(reason);
        }
        Ok(Self { repository: Repository { scheme, host, path: path.to_owned() }, revision })
    }
}

fn host(scheme: &str, authority: &str) -> Result<String, String> {
    let (name, port) = match authority.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (authority, None),
    };
    let label =
        |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let digits = |port: &str| !port.is_empty() && port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit());
    if !name.split('.').all(label) || !port.is_none_or(digits) {
        return Err("its host is not a plain name, with or without a port".to_owned());
    }
    let is_usual = scheme == "https" && port == Some("443");
    Ok(if is_usual { name } else { authority }.to_ascii_lowercase())
}

/// What follows the path. BuildKit adds a folder after a colon, which no ref may have (git-check-ref-format).
fn revision(text: &str) -> Result<String, String> {
    let text = text.split(':').next().unwrap_or_default();
    if text.is_empty()
        || text.contains('#')
        || text.split('/').any(|part| part.is_empty() || part.starts_with('.'))
    {
        return Err("its ref is not one".to_owned());
    }
    Ok(text.to_owned())
}

/// Why a segment of a path cannot be one of a repository's.
fn wrong_segment(segment: &str) -> Option<String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b'+');
    if segment.is_empty() {
        Some("its path has an empty segment".to_owned())
    } else if segment == "." || segment == ".." {
        Some(format!("its path has the segment `{segment}`"))
    } else if !segment.bytes().all(plain) {
        Some("its path has a character that no repository's has".to_owned())
    } else {
        None
    }
}

/// Whether this is a commit's name: 40 or 64 digits of lower-case hexadecimal.
pub(super) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// The commit that a rule expects.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Commit(pub String);

impl TryFrom<String> for Commit {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        if is_commit(&text) {
            return Ok(Self(text));
        }
        Err(format!("`{text}` is no commit: write all 40 (or 64) hexadecimal digits, in lower case"))
    }
}

/// The ref that a rule expects.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct GitRef(pub String);

impl GitRef {
    /// The ref, where it does not begin as those in full do.
    pub(super) fn short(&self) -> Option<&str> {
        (!self.0.starts_with("refs/")).then_some(self.0.as_str())
    }
}

impl TryFrom<String> for GitRef {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() || text.bytes().any(|b| !b.is_ascii_graphic()) || is_commit(&text) {
            return Err(format!("`{text}` is no ref: write it in full, as refs/heads/main or refs/tags/v1"));
        }
        Ok(Self(text))
    }
}

#[cfg(test)]
mod tests;
