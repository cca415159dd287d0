//! The manifest as JSON, in its one form: ASCII, two spaces to a level, members in a fixed order.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::check::{MAX_BUNDLES, MAX_MEMBERS};
use super::{KIT_SCHEMA, KitArtifact, Manifest, Member, Piece, Planned, Role};
use crate::crypto::{DecodeError, Digest, Digests, HashAlgorithm, Node, json};
use crate::storage::kit::{MANIFEST, WHAT, names};

/// A larger manifest is refused.
pub(in crate::storage::kit) const MAX_MANIFEST: u64 = 8 << 20;

impl Manifest {
    /// The text.
    pub fn to_json(&self) -> String {
        let members: Vec<String> = self.members.iter().map(member).collect();
        let artifacts: Vec<String> = self.artifacts.iter().map(artifact).collect();
        format!(
            "{{\n  \"schema\": {},\n  \"members\": {},\n  \"artifacts\": {}\n}}\n",
            text(KIT_SCHEMA),
            list(&members, 2),
            list(&artifacts, 2)
        )
    }

    /// Reads the text.
    ///
    /// # Errors
    /// Not JSON, duplicate or missing or wrongly typed members, another version, an unknown role, a limit, a path that is
    /// dangerous or that two members have, what [`Manifest::new`] refuses, and any other form than that of
    /// [`Manifest::to_json`].
    pub fn from_json(bytes: &[u8]) -> Result<Self, DecodeError> {
        let value = json::parse(WHAT, bytes).map_err(|e| DecodeError { at: MANIFEST.to_owned(), ..e })?;
        let root = Node::part(WHAT, MANIFEST, &value);
        let schema = root.member("schema")?;
        if schema.text()? != KIT_SCHEMA {
            let reason = format!("is `{}`; this program reads `{KIT_SCHEMA}`", schema.text()?);
            return Err(schema.error(reason));
        }
        let (mut pieces, mut paths, mut seen) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
        for node in root.member("members")?.items(MAX_MEMBERS)? {
            let path = node.member("path")?;
            let at = path.text()?;
            if let Some(danger) = names::danger(at) {
                return Err(path.error(format!("`{at}` {danger}")));
            }
            if paths.insert(at.to_owned(), pieces.len()).is_some() {
                return Err(path.error(format!("two members are called `{at}`")));
            }
            if !seen.insert(at.to_ascii_lowercase()) {
                return Err(path.error(format!("`{at}` differs from another member in letter case alone")));
            }
            pieces.push(piece(&node)?);
        }
        let mut planned = Vec::new();
        for node in root.member("artifacts")?.items(MAX_MEMBERS)? {
            planned.push(plan(&node, &paths)?);
        }
        let (manifest, _) = Self::new(&pieces, &planned)?;
        if manifest.to_json().as_bytes() != bytes {
            let reason =
                "it is not in the form that `rcosign pack` writes, so it was changed or made otherwise";
            return Err(DecodeError::new(WHAT, MANIFEST, reason));
        }
        Ok(manifest)
    }
}

fn piece(node: &Node<'_>) -> Result<Piece, DecodeError> {
    let role = node.member("role")?;
    let found = role.text()?;
    let role = Role::ALL.into_iter().find(|known| known.name() == found).ok_or_else(|| {
        role.error(format!("`{found}` is not a role that {KIT_SCHEMA} has; a newer program may have made it"))
    })?;
    let size = node.member("size")?;
    let size = size.value().as_u64().ok_or_else(|| size.error("is not a size in bytes"))?;
    let sha256 = node.member("sha256")?;
    let digest = Digest::from_hex(HashAlgorithm::Sha256, sha256.text()?);
    let sha256 = digest.map_err(|e| sha256.error(e.reason))?;
    Ok(Piece { role, name: node.member("name")?.text()?.to_owned(), size, sha256 })
}

fn plan(node: &Node<'_>, paths: &BTreeMap<String, usize>) -> Result<Planned, DecodeError> {
    let position = |node: &Node<'_>| {
        let path = node.text()?;
        paths.get(path).copied().ok_or_else(|| node.error(format!("there is no member `{path}`")))
    };
    let digest = |node: &Node<'_>| Digest::parse(node.text()?).map_err(|e| node.error(e.reason));
    let digests = node.member("digests")?.items(HashAlgorithm::ALL.len())?;
    let digests: Digests = digests.iter().map(digest).collect::<Result<Vec<_>, _>>()?.into_iter().collect();
    let bundles = node.member("bundles")?.items(MAX_BUNDLES)?;
    Ok(Planned {
        name: node.member("name")?.text()?.to_owned(),
        digests,
        file: node.optional("file")?.as_ref().map(position).transpose()?,
        bundles: bundles.iter().map(position).collect::<Result<_, _>>()?,
    })
}

fn member(member: &Member) -> String {
    let Member { path, piece: Piece { role, name, size, sha256 } } = member;
    let (path, role, name, sha256) = (text(path), text(role.name()), text(name), text(&sha256.hex()));
    format!(
        "{{\n      \"path\": {path},\n      \"role\": {role},\n      \"name\": {name},\n      \"size\": {size},\n      \
         \"sha256\": {sha256}\n    }}"
    )
}

fn artifact(artifact: &KitArtifact) -> String {
    let KitArtifact { name, digests, file, bundles } = artifact;
    let digests: Vec<String> = digests.iter().map(|digest| text(&digest.to_string())).collect();
    let bundles: Vec<String> = bundles.iter().map(|path| text(path)).collect();
    let file = file.as_ref().map(|path| format!("      \"file\": {},\n", text(path))).unwrap_or_default();
    format!(
        "{{\n      \"name\": {},\n      \"digests\": {},\n{file}      \"bundles\": {}\n    }}",
        text(name),
        list(&digests, 6),
        list(&bundles, 6)
    )
}

fn list(items: &[String], indent: usize) -> String {
    let pad = " ".repeat(indent);
    let items: Vec<String> = items.iter().map(|item| format!("{pad}  {item}")).collect();
    if items.is_empty() { "[]".to_owned() } else { format!("[\n{}\n{pad}]", items.join(",\n")) }
}

/// A JSON string in which whatever is not plain ASCII is an escape, so that no terminal obeys it.
fn text(value: &str) -> String {
    let mut out = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            c => {
                let mut units = [0u16; 2];
                for unit in c.encode_utf16(&mut units) {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
    out
}
