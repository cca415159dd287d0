//! Profiles: `~/.aws/config` and `~/.aws/credentials` ("AWS SDKs and Tools Reference Guide", shared config and credentials files).

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::super::{Error, Settings};
use crate::crypto::Secret;

/// One section: values by name in lower case. Any of them may be secret.
type Section = BTreeMap<String, Secret>;

/// All profiles, and the name of the one that is used.
pub struct Profiles {
    /// The name of the profile.
    pub name: String,
    /// What names it, where something does.
    pub named_by: Option<&'static str>,
    /// By name.
    profiles: BTreeMap<String, Section>,
    /// `[sso-session NAME]`.
    sessions: BTreeMap<String, Section>,
    /// The two files, and what is said of each.
    files: Vec<String>,
}

impl Profiles {
    /// Reads both files.
    ///
    /// # Errors
    /// One cannot be read, or is not text.
    pub fn read(settings: &Settings<'_>) -> Result<Self, Error> {
        let mut named = None;
        for variable in ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"] {
            if named.is_none() {
                named = settings.variable(variable)?.map(|name| (variable, name));
            }
        }
        let mut this = Self {
            named_by: named.as_ref().map(|(variable, _)| *variable),
            name: named.map_or_else(|| "default".to_owned(), |(_, name)| name),
            profiles: BTreeMap::new(),
            sessions: BTreeMap::new(),
            files: Vec::new(),
        };
        // What the second one says goes before.
        for (variable, usual, is_config) in [
            ("AWS_CONFIG_FILE", ".aws/config", true),
            ("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials", false),
        ] {
            let path = match settings.variable(variable)? {
                Some(path) => Some(PathBuf::from(path)),
                None => settings.home(usual)?,
            };
            let Some(path) = path else {
                this.files.push(format!("{variable} is not set, and there is no home folder"));
                continue;
            };
            let shown = format!("`{}`", path.display());
            match settings.file(&path)? {
                None => this.files.push(format!("{shown} does not exist")),
                Some(text) => {
                    let text = std::str::from_utf8(text.expose())
                        .map_err(|_| Error::setting(&shown, "it is not text in UTF-8"))?;
                    this.add(text, is_config);
                    this.files.push(shown);
                }
            }
        }
        Ok(this)
    }

    /// A value of the profile that is used.
    pub fn value(&self, name: &str) -> Option<&str> {
        text(self.profiles.get(&self.name)?, name)
    }

    /// What a value of the profile that is used is called in messages.
    pub fn called(&self, name: &str) -> String {
        format!("{name} of the profile `{}`", self.name)
    }

    /// Whether there is a profile of this name.
    pub fn has(&self, name: &str) -> bool {
        self.profiles.contains_key(name)
    }

    /// A value of a profile.
    pub fn of(&self, profile: &str, name: &str) -> Option<&str> {
        text(self.profiles.get(profile)?, name)
    }

    /// A value of a session of the IAM Identity Center.
    pub fn of_session(&self, session: &str, name: &str) -> Option<&str> {
        text(self.sessions.get(session)?, name)
    }

    /// What was found where profiles are.
    pub fn looked_at(&self) -> String {
        self.files.join(", ")
    }

    fn add(&mut self, content: &str, is_config: bool) {
        let mut section = None;
        for line in content.lines() {
            // What is further in belongs to the value before, and none that is used has any.
            if line.starts_with([' ', '\t', '#', ';']) || line.trim().is_empty() {
                continue;
            }
            if let Some(title) = line.trim().strip_prefix('[').and_then(|line| line.split(']').next()) {
                section = self.section(title.trim(), is_config);
                continue;
            }
            let Some((name, value)) = line.split_once('=') else { continue };
            let Some((kind, title)) = &section else { continue };
            let place = match kind {
                Kind::Profile => &mut self.profiles,
                Kind::Session => &mut self.sessions,
            };
            let value = without_comment(value.trim());
            if !value.is_empty() {
                let values = place.entry(title.clone()).or_default();
                values.insert(name.trim().to_ascii_lowercase(), Secret::new(value.as_bytes().to_vec()));
            }
        }
    }

    fn section(&mut self, title: &str, is_config: bool) -> Option<(Kind, String)> {
        let words = title.split_once(char::is_whitespace);
        let (kind, name) = match (is_config, words) {
            (false, _) => (Kind::Profile, title),
            (true, Some(("profile", name))) => (Kind::Profile, name.trim()),
            (true, Some(("sso-session", name))) => (Kind::Session, name.trim()),
            (true, None) if title == "default" => (Kind::Profile, title),
            (true, _) => return None,
        };
        let name = name.trim_matches(['"', '\'']).to_owned();
        if let Kind::Profile = kind {
            self.profiles.entry(name.clone()).or_default();
        }
        Some((kind, name))
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Profile,
    Session,
}

/// A comment begins behind a blank.
fn without_comment(value: &str) -> &str {
    let ends = [" #", " ;", "\t#", "\t;"].into_iter().filter_map(|start| value.find(start));
    value.get(..ends.min().unwrap_or(value.len())).unwrap_or_default().trim()
}

fn text<'a>(section: &'a Section, name: &str) -> Option<&'a str> {
    section.get(name).and_then(|value| std::str::from_utf8(value.expose()).ok())
}
