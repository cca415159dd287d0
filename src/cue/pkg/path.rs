//! `path`: paths with slashes, as on Unix. The last argument names an operating system; Windows and Plan 9 are not supported.

use super::Parameter::{List, String as Text};
use super::arguments::{Arguments, failed};
use super::{CallError, Member, Members, function, with_optional};
use crate::cue::data::Data;

mod glob;

/// Operating systems whose paths are those of Unix.
const UNIX: &[&str] = &[
    "unix",
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "solaris",
    "wasip1",
    "zos",
];

/// The members of the package.
pub(super) const MEMBERS: Members = &[
    ("Unix", Member::Source("\"unix\"")),
    ("Windows", Member::Source("\"windows\"")),
    ("Plan9", Member::Source("\"plan9\"")),
    ("Split", with_optional(&[Text, Text], |a| on_unix(a, 1).and_then(|()| Ok(split(a.text(0)?))))),
    ("SplitList", function(&[Text, Text], |a| on_unix(a, 1).and_then(|()| Ok(split_list(a.text(0)?))))),
    ("Join", with_optional(&[List, Text], |a| on_unix(a, 1).and_then(|()| Ok(join(&a.texts(0)?).into())))),
    (
        "Match",
        with_optional(&[Text, Text, Text], |a| on_unix(a, 2).and_then(|()| matches(a.text(0)?, a.text(1)?))),
    ),
    ("Clean", with_optional(&[Text, Text], |a| on_unix(a, 1).and_then(|()| Ok(clean(a.text(0)?).into())))),
    ("ToSlash", function(&[Text, Text], |a| on_unix(a, 1).and_then(|()| Ok(a.text(0)?.into())))),
    ("FromSlash", function(&[Text, Text], |a| on_unix(a, 1).and_then(|()| Ok(a.text(0)?.into())))),
    ("Ext", with_optional(&[Text, Text], |a| on_unix(a, 1).and_then(|()| Ok(extension(a.text(0)?).into())))),
    (
        "Resolve",
        with_optional(&[Text, Text, Text], |a| {
            on_unix(a, 2).and_then(|()| Ok(resolve(a.text(0)?, a.text(1)?)))
        }),
    ),
    (
        "Rel",
        with_optional(&[Text, Text, Text], |a| on_unix(a, 2).and_then(|()| relative(a.text(0)?, a.text(1)?))),
    ),
    ("Base", with_optional(&[Text, Text], |a| on_unix(a, 1).and_then(|()| Ok(base(a.text(0)?).into())))),
    ("Dir", with_optional(&[Text, Text], |a| on_unix(a, 1).and_then(|()| Ok(directory(a.text(0)?).into())))),
    (
        "IsAbs",
        with_optional(&[Text, Text], |a| on_unix(a, 1).and_then(|()| Ok(a.text(0)?.starts_with('/').into()))),
    ),
    (
        "VolumeName",
        with_optional(&[Text, Text], |a| match a {
            // Without a system it is that of Windows.
            [_] => Err(CallError::Unsupported("the paths of \"windows\"".to_owned())),
            _ => on_unix(a, 1).map(|()| "".into()),
        }),
    ),
];

/// Whether the operating system, where one is named, has paths of Unix.
fn on_unix(a: &[Data], place: usize) -> Result<(), CallError> {
    match a.get(place) {
        None => Ok(()),
        Some(Data::String(name)) if UNIX.contains(&name.as_ref()) => Ok(()),
        Some(Data::String(name)) if matches!(name.as_ref(), "windows" | "plan9") => {
            Err(CallError::Unsupported(format!("the paths of \"{name}\"")))
        }
        _ => failed("not the name of an operating system"),
    }
}

/// The folder with its slash, and the rest.
fn split(path: &str) -> Data {
    let (folder, name) = path.split_at(path.rfind('/').map_or(0, |at| at + 1));
    vec![Data::from(folder), Data::from(name)].into()
}

fn split_list(paths: &str) -> Data {
    let paths = paths.split(':').filter(|_| !paths.is_empty());
    paths.map(Data::from).collect::<Vec<_>>().into()
}

fn join(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { String::new() } else { clean(&parts.join("/")) }
}

fn matches(pattern: &str, name: &str) -> Result<Data, CallError> {
    if pattern.contains("**") {
        return failed("'**' is not supported in patterns");
    }
    match glob::matches(pattern, name) {
        Some(matched) => Ok(matched.into()),
        None => failed("syntax error in pattern"),
    }
}

/// The shortest path that means the same.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match (part, parts.last()) {
            ("" | ".", _) => {}
            ("..", Some(last)) if *last != ".." => {
                parts.pop();
            }
            ("..", _) if rooted => {}
            _ => parts.push(part),
        }
    }
    match (rooted, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".into(),
        (false, false) => parts.join("/"),
    }
}

fn extension(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.rfind('.').map_or("", |at| &name[at..])
}

fn base(path: &str) -> &str {
    if path.is_empty() {
        return ".";
    }
    match path.trim_end_matches('/').rsplit('/').next() {
        None | Some("") => "/",
        Some(name) => name,
    }
}

fn directory(path: &str) -> String {
    clean(&path[..path.rfind('/').map_or(0, |at| at + 1)])
}

fn resolve(folder: &str, path: &str) -> Data {
    let path = if path.starts_with('/') { path.to_owned() } else { join(&[folder, path]) };
    clean(&path).into()
}

/// The path that leads from one folder to another place.
fn relative(from: &str, to: &str) -> Result<Data, CallError> {
    let (clean_from, clean_to) = (clean(from), clean(to));
    if clean_from == clean_to {
        return Ok(".".into());
    }
    let refused = || failed(format!("can't make {to} relative to {from}"));
    if clean_from.starts_with('/') != clean_to.starts_with('/') {
        return refused();
    }
    let parts = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !matches!(*part, "" | ".")).map(str::to_owned).collect()
    };
    let (from, to) = (parts(&clean_from), parts(&clean_to));
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from.get(shared..).unwrap_or_default();
    if up.first().is_some_and(|part| part == "..") {
        return refused();
    }
    // Go's `filepath.Rel` keeps the `.`: `../.`
    let here = (clean_to == ".").then_some(".");
    let down = to.iter().skip(shared).map(String::as_str).chain(here);
    let parts: Vec<&str> = up.iter().map(|_| "..").chain(down).collect();
    Ok(parts.join("/").into())
}
