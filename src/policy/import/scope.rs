//! Scopes of the transport `docker` in `policy.json`, in our patterns. Containers look an image up by `HOST[:PORT]/REPOSITORY` with its
//! tag or digest, then by each parent of it down to the host, then by `*.` and what follows each point of the host **without its port**.
//! The names are those of the reference: Docker Hub is `docker.io`, case counts, and so does a port.

use crate::policy::scoped::ImagePattern;

/// Docker Hub there.
pub(super) const HUB: &str = "docker.io";
/// What matches its name here, `index.docker.io`, and not its name there.
pub(super) const BESIDE_HUB: &str = "*.docker.io";
/// Other spellings of it, which are registries of their own there, or no name at all, and are none here.
const OTHER_HUBS: [&str; 2] = ["index.docker.io", "registry-1.docker.io"];
/// The port that a registry has without one.
const HTTPS: &str = ":443";
/// The registry of images that were built on a machine.
const LOCALHOST: &str = "localhost";

/// What a scope comes to here.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// It is about the images that one of these matches.
    Images(Vec<String>),
    /// No image is looked up by it there.
    Nothing(&'static str),
    /// It is about names that are other images here, or that are one with others: what these match is refused.
    Refused { images: Vec<String>, reason: String },
}

/// The more specific, the smaller.
pub(super) fn class(scope: &str) -> u8 {
    let last = scope.rsplit('/').next().unwrap_or_default();
    match scope {
        "" => 4,
        _ if scope.starts_with("*.") => 3,
        _ if !scope.contains('/') => 2,
        _ if last.contains([':', '@']) => 0,
        _ => 1,
    }
}

/// What a scope means here.
///
/// # Errors
/// In words: no pattern means it, so that another scope would decide in its place.
pub(super) fn said(scope: &str) -> Result<Said, String> {
    if let Some(reason) = nothing(scope) {
        return Ok(Said::Nothing(reason));
    }
    let (host, path) = scope.split_once('/').map_or((scope, None), |(host, path)| (host, Some(path)));
    let host_here = here(host);
    let said = match (scope, path) {
        ("", _) => return Ok(Said::Images(vec!["**".to_owned()])),
        // Containers compare wildcards with the host alone.
        _ if class(scope) == 3 => vec![format!("{host_here}/**"), format!("{host_here}:*/**")],
        (_, None) => vec![format!("{host_here}/**")],
        (_, Some(path)) if class(scope) == 0 => vec![format!("{host_here}/{path}")],
        // A namespace of Docker Hub is no repository, and would be read as one of `library/`.
        (_, Some(path)) if host == HUB && !path.contains('/') => vec![format!("{HUB}/{path}/**")],
        (_, Some(path)) => vec![format!("{host_here}/{path}"), format!("{host_here}/{path}/**")],
    };
    for pattern in &said {
        ImagePattern::parse(pattern)
            .map_err(|reason| format!("no pattern means the scope `{scope}`: {reason}"))?;
    }
    Ok(match host_here == host {
        true => Said::Images(said),
        false => Said::Refused { images: said, reason: other(host, &host_here) },
    })
}

/// The registry that is meant here by what a host is called there.
fn here(host: &str) -> String {
    let lower = host.to_ascii_lowercase();
    let plain = lower.strip_suffix(HTTPS).unwrap_or(&lower);
    match plain {
        _ if OTHER_HUBS.contains(&plain) => HUB.to_owned(),
        _ if plain.is_empty() || plain.contains(['.', ':']) => plain.to_owned(),
        // What names no registry is a namespace of Docker Hub here.
        _ => format!("{HUB}/{plain}"),
    }
}

/// Why a host is not carried over.
fn other(host: &str, here: &str) -> String {
    if here.starts_with("docker.io/") {
        return format!(
            "`{host}/...` is an image of a machine there, and `{here}/...` of Docker Hub here, which is refused"
        );
    }
    format!(
        "`{host}` is one registry with `{here}` here, and another one there: what it is about is refused, by either name"
    )
}

/// Why no image is looked up by a scope, where that is so.
fn nothing(scope: &str) -> Option<&'static str> {
    let (rest, is_wide) = scope.strip_prefix("*.").map_or((scope, false), |rest| (rest, true));
    let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
    let name = path.map(|path| path.rsplit_once('@').map_or(path, |(name, _)| name));
    // The tag, which may have upper case, stands behind the last slash.
    let name = name.map(|name| match name.rfind(':') {
        Some(at) if at > name.rfind('/').unwrap_or_default() => name.get(..at).unwrap_or(name),
        _ => name,
    });
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_odd_port = |host: &str| host.split_once(':').is_some_and(|(_, port)| !is_port(port));
    let is_plain = |host: &str| !host.contains(['.', ':']) && host == host.to_ascii_lowercase();
    match name {
        _ if scope.is_empty() => None,
        _ if rest.contains(['*', '?']) => {
            Some("`*` stands for anything at the beginning alone, as in `*.example`")
        }
        Some(_) if is_wide => Some("a scope with `*` is about hosts, and has no repository"),
        _ if is_wide && host.contains(':') => {
            Some("a scope with `*` is compared with hosts without their ports")
        }
        _ if is_wide => None,
        _ if host.is_empty() || name.is_some_and(|name| name.split('/').any(str::is_empty)) => {
            Some("nothing stands before, after or between two slashes")
        }
        _ if !host.starts_with('[') && is_odd_port(host) => Some("what follows the host is no port"),
        _ if is_plain(host) && host != LOCALHOST => Some(
            "it begins with no registry, and images are looked up with theirs, such as `docker.io/library`",
        ),
        Some(name) if name != name.to_ascii_lowercase() => Some("no repository has upper case"),
        Some(name) if host == HUB && class(scope) == 0 && !name.contains('/') => {
            Some("images of Docker Hub are looked up with their namespaces, such as `docker.io/library`")
        }
        _ => None,
    }
}
