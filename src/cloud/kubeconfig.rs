//! Files that say which clusters there are and who asks them (Kubernetes, "Organizing Cluster Access Using kubeconfig Files").

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Error, file, yaml};
use crate::crypto::{DecodeError, Node, Secret, base64};

const WHAT: &str = "kubeconfig";
/// Clusters, users or contexts of one file.
const MAX_ENTRIES: usize = 10_000;
/// Files of one list.
const MAX_FILES: usize = 100;

/// Several files as one: of what has the same name, the first counts.
pub(super) struct Config {
    files: Vec<(PathBuf, Value)>,
}

/// An entry, with the file in which it is.
pub(super) struct Entry<'a> {
    name: String,
    kind: &'static str,
    file: &'a Path,
    node: Node<'a>,
}

impl Config {
    /// Those of the files that exist, in this order.
    ///
    /// # Errors
    /// One cannot be read, or is no kubeconfig.
    pub fn read(paths: &[PathBuf]) -> Result<Self, Error> {
        let mut files = Vec::new();
        for path in paths.iter().take(MAX_FILES) {
            let Some(text) = file(path)? else { continue };
            let value = decode(text.expose()).map_err(|source| failed(path, source))?;
            files.push((path.clone(), value));
        }
        Ok(Self { files })
    }

    /// Whether no file was there.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The cluster and the user of the current context.
    ///
    /// # Errors
    /// None is current, or an entry is missing.
    pub fn current(&self) -> Result<(Entry<'_>, Option<Entry<'_>>), Error> {
        let Some(context) = self.current_context()? else {
            let paths: Vec<_> = self.files.iter().map(|(path, _)| format!("`{}`", path.display())).collect();
            return Err(Error::Nowhere {
                what: "the cluster is",
                looked_at: format!("no `current-context` in {}", paths.join(", ")),
            });
        };
        let context = self.entry("context", &context)?;
        let cluster = context.text("cluster")?.ok_or_else(|| context.lacks("cluster"))?;
        let user = context.text("user")?;
        let user = user.map(|user| self.entry("user", &user)).transpose()?;
        Ok((self.entry("cluster", &cluster)?, user))
    }

    fn current_context(&self) -> Result<Option<String>, Error> {
        for (path, value) in &self.files {
            let found = text(&Node::root(WHAT, value), "current-context");
            if let Some(name) = found.map_err(|source| failed(path, source))? {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    fn entry(&self, kind: &'static str, name: &str) -> Result<Entry<'_>, Error> {
        for (file, value) in &self.files {
            let found = entry(&Node::root(WHAT, value), kind, name).map_err(|source| failed(file, source))?;
            if let Some(node) = found {
                return Ok(Entry { name: name.to_owned(), kind, file, node });
            }
        }
        let paths: Vec<_> = self.files.iter().map(|(path, _)| format!("`{}`", path.display())).collect();
        Err(Error::Nowhere {
            what: "the cluster is",
            looked_at: format!("there is no {kind} `{name}` in {}", paths.join(", ")),
        })
    }
}

impl Entry<'_> {
    /// A text that is there and not empty.
    ///
    /// # Errors
    /// It is no text.
    pub fn text(&self, name: &str) -> Result<Option<String>, Error> {
        text(&self.node, name).map_err(|source| failed(self.file, source))
    }

    /// Whether something is set to `true`.
    ///
    /// # Errors
    /// It is neither true nor false.
    pub fn switch(&self, name: &str) -> Result<bool, Error> {
        match self.text(name)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(self.refused(format!("`{name}` is neither true nor false"))),
        }
    }

    /// Reads what is in it.
    ///
    /// # Errors
    /// As `read` says.
    pub fn decode<T>(&self, read: impl FnOnce(&Node<'_>) -> Result<T, DecodeError>) -> Result<T, Error> {
        read(&self.node).map_err(|source| failed(self.file, source))
    }

    /// The folder of the file, from which its paths are meant.
    pub fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }

    /// Whether there is something by this name, whatever it is.
    pub fn has(&self, name: &str) -> bool {
        matches!(self.node.optional(name), Ok(Some(_)))
    }

    /// What is in `NAME-data`, or else in the file that `NAME` names; with the name of where it is.
    ///
    /// # Errors
    /// It is no base64; there is no such file.
    pub fn content(&self, name: &str) -> Result<Option<(String, Secret)>, Error> {
        let data = format!("{name}-data");
        if let Some(text) = self.text(&data)? {
            let text = Secret::new(text.into_bytes());
            let content = base64::decode_text(WHAT, text.expose())
                .map_err(|_| self.refused(format!("`{data}` is not base64")))?;
            return Ok(Some((format!("`{data}` of {self}"), Secret::new(content))));
        }
        match self.text(name)? {
            None => Ok(None),
            Some(path) => self.file(name, &path).map(Some),
        }
    }

    /// A file that the member `name` names: relative to the file that names it.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn file(&self, name: &str, path: &str) -> Result<(String, Secret), Error> {
        let path = self.folder().join(path);
        let missing = || {
            Error::unread(
                self.to_string(),
                format!("`{name}` names `{}`, which does not exist", path.display()),
            )
        };
        Ok((format!("`{}`", path.display()), file(&path)?.ok_or_else(missing)?))
    }

    /// That this entry is of no use.
    pub fn refused(&self, reason: impl Into<String>) -> Error {
        Error::Setting { name: self.to_string(), reason: reason.into() }
    }

    /// That something is missing in it.
    pub fn lacks(&self, name: &str) -> Error {
        self.refused(format!("there is no `{name}` in it"))
    }
}

impl std::fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the {} `{}` of `{}`", self.kind, self.name, self.file.display())
    }
}

fn failed(path: &Path, source: DecodeError) -> Error {
    Error::File { path: path.display().to_string(), source }
}

/// One document, which is a mapping; nothing at all is an empty one.
fn decode(text: &[u8]) -> Result<Value, DecodeError> {
    let text = std::str::from_utf8(text).map_err(|_| DecodeError::whole(WHAT, "not UTF-8"))?;
    let mut documents = yaml::Documents::new(WHAT, text);
    let value = documents.next()?.unwrap_or(Value::Null);
    if documents.next()?.is_some() {
        return Err(DecodeError::whole(WHAT, "more than one document"));
    }
    match value {
        Value::Null => Ok(Value::Object(serde_json::Map::new())),
        Value::Object(_) => Ok(value),
        _ => Err(DecodeError::whole(WHAT, "not a mapping")),
    }
}

fn text(node: &Node<'_>, name: &str) -> Result<Option<String>, DecodeError> {
    let Some(found) = node.optional(name)? else { return Ok(None) };
    Ok(Some(found.text()?.to_owned()).filter(|text| !text.is_empty()))
}

/// The entry by this name in the list of this kind; two of one name are refused.
fn entry<'a>(root: &Node<'a>, kind: &'static str, name: &str) -> Result<Option<Node<'a>>, DecodeError> {
    let Some(list) = root.optional(&format!("{kind}s"))? else { return Ok(None) };
    let mut found = None;
    for item in list.items(MAX_ENTRIES)? {
        if item.member("name")?.text()? != name {
            continue;
        }
        if found.is_some() {
            return Err(item.error(format!("the name `{name}` appears twice")));
        }
        found = Some(item.member(kind)?);
    }
    Ok(found)
}
