//! How keys of AWS KMS are named: `awskms://[ENDPOINT]/ID`, an ARN, or `alias/NAME` (KMS Developer Guide: key identifiers).

const FORMS: &str = "a key of AWS KMS is named awskms://[ENDPOINT]/ID, where ID is the id of a key (a UUID, or mrk- and 32 hexadecimal \
     digits), its ARN, alias/NAME, or the ARN of an alias; without an endpoint there are three slashes: awskms:///alias/NAME";
/// Characters of an alias with `alias/`.
const MAX_ALIAS: usize = 256;

/// The name of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyName {
    /// A host, and maybe a port.
    endpoint: Option<String>,
    /// As it is sent.
    key_id: String,
    region: Option<String>,
    id: KeyId,
}

/// What of a name says which key it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyId {
    /// A key, by its id.
    Key(String),
    /// Whatever an alias stands for, with `alias/`.
    Alias(String),
}

impl KeyName {
    /// What follows `awskms://`.
    ///
    /// # Errors
    /// It is none of the forms.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (host, key_id) = text.split_once('/').ok_or(FORMS)?;
        let is_host = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        if !host.chars().all(is_host) {
            return Err(FORMS);
        }
        let (region, id) = match key_id.strip_prefix("arn:") {
            None => (None, KeyId::parse(key_id).ok_or(FORMS)?),
            Some(arn) => {
                let (region, id) = of_arn(arn).ok_or(FORMS)?;
                (Some(region.to_owned()), id)
            }
        };
        let endpoint = (!host.is_empty()).then(|| host.to_owned());
        Ok(Self { endpoint, key_id: key_id.to_owned(), region, id })
    }

    /// The server that is asked in place of Amazon's, always over https.
    pub fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }

    /// The name as KMS takes it.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The region that stands in an ARN.
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// What of it says which key it is.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// Whether a key may be meant that KMS calls so. What an alias stands for is known to KMS alone.
    pub fn is(&self, answered: &str) -> bool {
        match (&self.id, key_of(answered)) {
            (KeyId::Key(id), Some(found)) => plain(id) == found,
            (KeyId::Alias(_), found) => found.is_some(),
            (KeyId::Key(_), None) => false,
        }
    }
}

/// The key that is meant by an id or an ARN, in a form that is compared; `None` where it is none of a key.
pub fn key_of(answered: &str) -> Option<String> {
    let id = match answered.strip_prefix("arn:") {
        Some(arn) => of_arn(arn)?.1,
        None => KeyId::parse(answered)?,
    };
    match id {
        KeyId::Key(id) => Some(plain(&id)),
        KeyId::Alias(_) => None,
    }
}

impl KeyId {
    fn parse(text: &str) -> Option<Self> {
        if let Some(name) = text.strip_prefix("alias/") {
            let is_part = |c: char| c.is_ascii_alphanumeric() || "/_-".contains(c);
            let is_sound = !name.is_empty() && text.len() <= MAX_ALIAS && name.chars().all(is_part);
            return is_sound.then(|| Self::Alias(text.to_owned()));
        }
        let digits = text.strip_prefix("mrk-").unwrap_or(text);
        let groups: Vec<usize> = digits.split('-').map(str::len).collect();
        let is_sound = matches!(groups.as_slice(), [32] | [8, 4, 4, 4, 12])
            && digits.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
        is_sound.then(|| Self::Key(text.to_owned()))
    }
}

/// An id as it is compared.
fn plain(id: &str) -> String {
    id.replace('-', "").to_ascii_lowercase()
}

/// The region and the id of `PARTITION:kms:REGION:ACCOUNT:key/ID` or `...:alias/NAME`.
fn of_arn(arn: &str) -> Option<(&str, KeyId)> {
    let mut parts = arn.splitn(5, ':');
    let (partition, service, region) = (parts.next()?, parts.next()?, parts.next()?);
    let (account, resource) = (parts.next()?, parts.next()?);
    let is_word = |text: &str| {
        !text.is_empty() && text.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
    };
    let is_sound = partition.starts_with("aws")
        && is_word(partition)
        && service == "kms"
        && is_word(region)
        && account.len() == 12
        && account.bytes().all(|c| c.is_ascii_digit());
    let id = match resource.strip_prefix("key/") {
        Some(key) => KeyId::parse(key).filter(|id| matches!(id, KeyId::Key(_))),
        None => KeyId::parse(resource).filter(|id| matches!(id, KeyId::Alias(_))),
    };
    id.filter(|_| is_sound).map(|id| (region, id))
}

impl std::fmt::Display for KeyName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.endpoint.as_deref().unwrap_or_default(), self.key_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    #[test]
    fn every_form_of_cosign_is_read() {
        let key = format!("arn:aws:kms:us-east-2:111122223333:key/{ID}");
        for (text, endpoint, region) in [
            (format!("/{ID}"), None, None),
            (format!("localhost:4566/{ID}"), Some("localhost:4566"), None),
            (format!("/{key}"), None, Some("us-east-2")),
            (format!("[::1]:4566/{key}"), Some("[::1]:4566"), Some("us-east-2")),
            ("/alias/Example_1/a-b".to_owned(), None, None),
            ("kms.example/alias/x".to_owned(), Some("kms.example"), None),
            (
                "/arn:aws-us-gov:kms:us-gov-west-1:111122223333:alias/x".to_owned(),
                None,
                Some("us-gov-west-1"),
            ),
            ("/arn:aws-cn:kms:cn-north-1:111122223333:alias/x".to_owned(), None, Some("cn-north-1")),
            ("/mrk-1234abcd12ab34cd56ef1234567890ab".to_owned(), None, None),
        ] {
            let name = KeyName::parse(&text).unwrap();
            assert_eq!((name.endpoint(), name.region()), (endpoint, region), "{text}");
            assert_eq!(name.to_string(), text);
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "/",
            "alias/x",
            ID,
            "/alias/",
            "/alias/a b",
            "/1234",
            "/1234abcd-12ab-34cd-56ef-1234567890ag",
            "/arn:aws:s3:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "/arn:aws:kms:us-east-2:1:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "/arn:aws:kms:us.evil/:111122223333:alias/x",
            "/arn:aws:kms::111122223333:alias/x",
            "/arn:aws:kms:us-east-2:111122223333:key/alias/x",
            "me:pw@host/alias/x",
            "host?x/alias/x",
            "/arn:aws:kms:us-east-2:111122223333:alias",
            "/alias/a?b",
            "/alias/a%20",
        ] {
            assert!(KeyName::parse(text).is_err(), "{text}");
        }
        assert!(KeyName::parse(&format!("/alias/{}", "a".repeat(251))).is_err());
    }

    #[test]
    fn the_key_that_answers_is_the_one_that_was_asked_for() {
        let arn = format!("arn:aws:kms:us-east-2:111122223333:key/{ID}");
        for text in [format!("/{ID}"), format!("/{arn}"), "/alias/x".to_owned()] {
            let name = KeyName::parse(&text).unwrap();
            assert!(name.is(&arn), "{text}");
            assert!(!name.is("arn:aws:kms:us-east-2:111122223333:alias/x"), "{text}");
            assert!(name.is(ID) && !name.is("alias/x") && !name.is(""), "{text}");
            let is_alias = text == "/alias/x";
            assert_eq!(name.is(&arn.replace("90ab", "90ac")), is_alias, "{text}");
        }
    }
}
