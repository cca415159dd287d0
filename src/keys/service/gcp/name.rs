//! How keys of Google Cloud KMS are named.

use crate::cloud::google::is_project;

/// `projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY[/cryptoKeyVersions/VERSION]` behind `gcpkms://`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyName {
    project: String,
    location: String,
    ring: String,
    key: String,
    version: Option<u64>,
}

impl KeyName {
    /// A name as Google writes it; `versions` stands for `cryptoKeyVersions`, as in cosign.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "a key of Google Cloud KMS is named gcpkms://projects/PROJECT/locations/LOCATION/keyRings/RING/\
                            cryptoKeys/KEY, with or without /cryptoKeyVersions/NUMBER behind it";
        let parts: Vec<&str> = text.split('/').collect();
        let (rest, version) = match parts.as_slice() {
            [rest @ .., "cryptoKeyVersions" | "versions", version] if rest.len() == 8 => {
                let is_number = version.bytes().all(|c| c.is_ascii_digit()) && !version.starts_with('0');
                let number = version.parse().ok().filter(|_| is_number).ok_or(FORM)?;
                (rest, Some(number))
            }
            rest => (rest, None),
        };
        let ["projects", project, "locations", location, "keyRings", ring, "cryptoKeys", key] = rest else {
            return Err(FORM);
        };
        let is_location = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        let is_sound = is_project(project)
            && (1..=63).contains(&location.len())
            && location.bytes().all(is_location)
            && is_id(ring)
            && is_id(key);
        match is_sound {
            true => Ok(Self {
                project: (*project).to_owned(),
                location: (*location).to_owned(),
                ring: (*ring).to_owned(),
                key: (*key).to_owned(),
                version,
            }),
            false => Err(FORM),
        }
    }

    /// Where rings are made.
    pub fn parent(&self) -> String {
        format!("projects/{}/locations/{}", self.project, self.location)
    }

    /// The ring.
    pub fn ring(&self) -> String {
        format!("{}/keyRings/{}", self.parent(), self.ring)
    }

    /// The key, which has versions.
    pub fn key(&self) -> String {
        format!("{}/cryptoKeys/{}", self.ring(), self.key)
    }

    /// The ring in its parent, and the key in the ring.
    pub fn ids(&self) -> (&str, &str) {
        (&self.ring, &self.key)
    }

    /// The version that is named.
    pub fn version(&self) -> Option<u64> {
        self.version
    }

    /// A version of the key.
    pub fn of_version(&self, version: u64) -> String {
        format!("{}/cryptoKeyVersions/{version}", self.key())
    }

    /// The number of a version of the key; `None` where it is one of another key.
    pub fn version_of(&self, name: &str) -> Option<u64> {
        let number = name.strip_prefix(&self.key())?.strip_prefix("/cryptoKeyVersions/")?;
        number.parse().ok().filter(|version| self.of_version(*version) == name)
    }
}

/// Whether a text may name a ring or a key (`KeyRing`, `CryptoKey`: `[a-zA-Z0-9_-]{1,63}`).
fn is_id(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-'))
}

impl std::fmt::Display for KeyName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.version {
            Some(version) => f.write_str(&self.of_version(version)),
            None => f.write_str(&self.key()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "projects/p-1/locations/europe-west1/keyRings/R_1/cryptoKeys/k-1";

    #[test]
    fn keys_are_named_as_google_and_cosign_name_them() {
        let plain = KeyName::parse(KEY).unwrap();
        assert_eq!((plain.to_string(), plain.version()), (KEY.to_owned(), None));
        for word in ["cryptoKeyVersions", "versions"] {
            let named = KeyName::parse(&format!("{KEY}/{word}/12")).unwrap();
            assert_eq!(named.to_string(), format!("{KEY}/cryptoKeyVersions/12"));
            assert_eq!((named.version(), named.key()), (Some(12), KEY.to_owned()));
        }
        assert!(KeyName::parse(&KEY.replace("p-1", "example.com:p-1")).is_ok());
        for text in [
            "",
            "p/l/r/k",
            "projects/p/locations/l/keyRings/r",
            "projects/p/locations/l/keyRings/r/cryptoKeys/",
            "projects//locations/l/keyRings/r/cryptoKeys/k",
            "projects/p/locations/l/keyRings/../cryptoKeys/k",
            "projects/p/locations/l/keyRings/r/cryptoKeys/k:x",
            "projects/p/locations/l/keyRings/r/cryptoKeys/k?a=b",
            "projects/P?/locations/l/keyRings/r/cryptoKeys/k",
            "projects/p/locations/L/keyRings/r/cryptoKeys/k",
            "/projects/p/locations/l/keyRings/r/cryptoKeys/k",
            "projects/p/locations/l/keyRings/r/cryptoKeys/k/",
            "projects/p/locations/l/keyRings/r/cryptoKeys/k/versions/",
            "projects/p/locations/l/keyRings/r/cryptoKeys/k/versions/0",
            "projects/p/locations/l/keyRings/r/cryptoKeys/k/versions/01",
            "projects/p/locations/l/keyRings/r/cryptoKeys/k/versions/+1",
            "projects/p/locations/l/keyRings/r/cryptoKeys/k/versions/latest",
            "projects/p/locations/l/keyRings/r/cryptoKeys/k/versions/99999999999999999999",
            "projects/p/locations/l/keyRings/r/cryptoKeys/k/version/1",
            "projects/p/locations/l/keyRings/r/cryptoKeys/k/versions/1/x",
        ] {
            assert!(KeyName::parse(text).is_err(), "{text}");
        }
        let long = KEY.replace("k-1", &"k".repeat(64));
        assert!(KeyName::parse(&long).is_err());
    }

    #[test]
    fn versions_of_other_keys_are_told_apart() {
        let key = KeyName::parse(KEY).unwrap();
        assert_eq!(key.version_of(&format!("{KEY}/cryptoKeyVersions/12")), Some(12));
        for other in ["k-2/cryptoKeyVersions/12", "k-1/cryptoKeyVersions/012", "k-1/cryptoKeyVersions/12/x"] {
            assert_eq!(key.version_of(&KEY.replace("k-1", other)), None, "{other}");
        }
    }
}
