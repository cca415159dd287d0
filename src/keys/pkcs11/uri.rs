//! References to keys in tokens, as RFC 7512 writes them, with the rules that cosign adds.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use crate::crypto::Secret;

/// Longer than any reference that somebody wrote.
const MAX_LENGTH: usize = 1 << 13;
/// What may stand in a value as it is (RFC 7512 section 2.3, `pk11-pchar`).
const UNRESERVED: &[u8] = b"-._~:[]@!$'()*+,=&";

/// Where a key is: which token, which object, which module leads to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uri {
    /// What the token must be.
    pub(super) token: TokenName,
    /// What the objects of the key must be.
    pub(super) object: ObjectName,
    /// The module's file; without one a variable names it.
    pub(super) module: Option<String>,
    /// Where its PIN is, if the reference says so.
    pub(super) pin: Option<PinPlace>,
}

/// What a reference says of a token; what it does not say may be anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TokenName {
    pub label: Option<String>,
    pub serial: Option<String>,
    pub manufacturer: Option<String>,
    pub model: Option<String>,
    pub slot: Option<u64>,
}

/// What a reference says of an object: at least one of the two.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ObjectName {
    /// CKA_LABEL.
    pub label: Option<Vec<u8>>,
    /// CKA_ID.
    pub id: Option<Vec<u8>>,
}

/// Where a PIN is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PinPlace {
    /// In the reference.
    Value(Pin),
    /// In a file.
    File(String),
}

/// A PIN that stands in a reference.
#[derive(Debug, Clone)]
pub(super) struct Pin(pub Arc<Secret>);

impl PartialEq for Pin {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose() == other.0.expose()
    }
}

impl Eq for Pin {}

/// Why a text is no such reference. Nothing of its values stands in it, because any of them may be the PIN.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UriError(String);

impl Uri {
    /// Reads what follows `pkcs11:`.
    ///
    /// An attribute that is not known is refused in the path, since the key is to be the one that it names, and ignored in the
    /// query (RFC 7512 section 2.4). One without a value counts for nothing, as cosign has it.
    ///
    /// # Errors
    /// It is not formed so; an attribute stands twice; it names no token, or no object.
    pub fn parse(rest: &str) -> Result<Self, UriError> {
        if rest.len() > MAX_LENGTH {
            return fail(format!("it is longer than {MAX_LENGTH} bytes"));
        }
        if rest.contains('#') || rest.contains(|c: char| c.is_control()) {
            return fail("it holds a `#` or a control character: these are percent-encoded, such as %23");
        }
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut path = attributes(path.split(';'), true)?;
        // Not RFC 7512, but cosign has always taken both.
        let mut query = attributes(query.split(['&', ';']), false)?;
        let token = TokenName {
            label: path.text("token")?,
            serial: path.text("serial")?,
            manufacturer: path.text("manufacturer")?,
            model: path.text("model")?,
            slot: path.text("slot-id")?.map(|text| slot(&text)).transpose()?,
        };
        let object = ObjectName { label: path.take("object"), id: path.take("id") };
        if let Some(kind) = path.text("type")?
            && !matches!(kind.as_str(), "private" | "public")
        {
            return fail("`type` is neither `private` nor `public`");
        }
        if let Some((name, _)) = path.0.first() {
            return fail(format!(
                "there is no attribute `{name}` that a key could be found by; there are token, serial, manufacturer, model, slot-id, object, id and type"
            ));
        }
        if token.label.is_none() && token.slot.is_none() {
            return fail("it names no token: one of `token` and `slot-id` is needed");
        }
        if object.label.is_none() && object.id.is_none() {
            return fail("it names no object: one of `object` and `id` is needed");
        }
        let module = query.text("module-path")?;
        if module.is_none() && query.take("module-name").is_some() {
            return fail("modules are not searched for by `module-name`: name the file with `module-path`");
        }
        let pin = match (query.take("pin-value"), query.text("pin-source")?) {
            (Some(_), Some(_)) => return fail("it holds both `pin-value` and `pin-source`"),
            (Some(pin), None) => Some(PinPlace::Value(Pin(Arc::new(Secret::new(pin))))),
            (None, Some(source)) => Some(PinPlace::File(file(&source)?)),
            (None, None) => None,
        };
        Ok(Self { token, object, module, pin })
    }
}

/// The reference without its PIN.
impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pkcs11:{};{}", self.token, self.object)?;
        if let Some(module) = &self.module {
            write!(f, "?module-path={}", encoded(module.as_bytes(), b"/"))?;
        }
        Ok(())
    }
}

impl fmt::Display for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = [
            ("token", &self.label),
            ("serial", &self.serial),
            ("manufacturer", &self.manufacturer),
            ("model", &self.model),
        ];
        let texts = texts.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let mut all: Vec<_> =
            texts.map(|(name, value)| format!("{name}={}", encoded(value.as_bytes(), b""))).collect();
        // Where cosign puts it.
        if let Some(slot) = self.slot {
            all.insert(usize::from(self.label.is_some()), format!("slot-id={slot}"));
        }
        f.write_str(&all.join(";"))
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.id.as_ref().map(|id| {
            let mut text = String::from("id=");
            for byte in id {
                // Writing into a string does not fail.
                let _ = write!(text, "%{byte:02x}");
            }
            text
        });
        let label = self.label.as_ref().map(|label| format!("object={}", encoded(label, b"")));
        f.write_str(&[id, label].into_iter().flatten().collect::<Vec<_>>().join(";"))
    }
}

/// Attributes by their names, in the order in which they stand; those without a value are left out.
struct Attributes<'a>(Vec<(&'a str, Vec<u8>)>);

impl Attributes<'_> {
    fn take(&mut self, name: &str) -> Option<Vec<u8>> {
        let place = self.0.iter().position(|(known, _)| *known == name)?;
        Some(self.0.swap_remove(place).1)
    }

    fn text(&mut self, name: &str) -> Result<Option<String>, UriError> {
        let Some(bytes) = self.take(name) else { return Ok(None) };
        match String::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => Ok(Some(text)),
            _ => fail(format!("`{name}` is not text in UTF-8")),
        }
    }
}

fn attributes<'a>(parts: impl Iterator<Item = &'a str>, all_known: bool) -> Result<Attributes<'a>, UriError> {
    const QUERY: [&str; 4] = ["module-name", "module-path", "pin-source", "pin-value"];
    let mut names = Vec::new();
    let mut found = Vec::new();
    for part in parts.filter(|part| !part.is_empty()) {
        let Some((name, value)) = part.split_once('=') else {
            return fail("it holds something that is no attribute of the form NAME=VALUE");
        };
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
            return fail("the name of an attribute holds something else than letters, digits, `-` and `_`");
        }
        if all_known && QUERY.contains(&name) {
            return fail(format!("`{name}` belongs behind the `?`"));
        }
        if !all_known && !QUERY.contains(&name) {
            // What others have added is none of ours (RFC 7512 section 2.4). What is meant as one of these and written otherwise is.
            match QUERY.iter().find(|known| is_like(name, known)) {
                Some(known) => return fail(format!("there is no attribute `{name}`; is `{known}` meant?")),
                None => continue,
            }
        }
        if names.contains(&name) {
            return fail(format!("`{name}` stands twice"));
        }
        names.push(name);
        let value = decoded(value).ok_or_else(|| {
            UriError(format!("`{name}` holds a `%` without two hexadecimal digits after it"))
        })?;
        if !value.is_empty() {
            found.push((name, value));
        }
    }
    Ok(Attributes(found))
}

/// Whether a name may be another one that was written in capitals, with other marks, or with one letter wrong, missing or too many.
fn is_like(name: &str, known: &str) -> bool {
    let letters = |text: &str| -> Vec<u8> {
        text.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_lowercase()).collect()
    };
    let (one, other) = (letters(name), letters(known));
    let same = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let ends =
        |a: usize, b: usize| one.get(same + a..).is_some_and(|rest| other.get(same + b..) == Some(rest));
    one == other || ends(1, 1) || ends(1, 0) || ends(0, 1)
}

/// Of percent-encoding (RFC 3986 section 2.1); everything else stands for itself, `+` too.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut found = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        found.push(match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            byte => byte,
        });
    }
    Some(found)
}

fn encoded(bytes: &[u8], allowed: &[u8]) -> String {
    let mut text = String::new();
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || UNRESERVED.contains(&byte) || allowed.contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing into a string does not fail.
            let _ = write!(text, "%{byte:02x}");
        }
    }
    text
}

fn slot(text: &str) -> Result<u64, UriError> {
    match text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse()) {
        Some(Ok(slot)) => Ok(slot),
        _ => fail("`slot-id` is not a number"),
    }
}

/// The file that a `pin-source` names: a path, or a `file:` address.
fn file(source: &str) -> Result<String, UriError> {
    if source.starts_with('|') {
        return fail("`pin-source` names a program, and no program is started: write the PIN to a file");
    }
    let path = source.strip_prefix("file:").unwrap_or(source);
    let path = path.strip_prefix("//localhost/").map(|rest| format!("/{rest}")).unwrap_or_else(|| {
        path.strip_prefix("//").filter(|rest| rest.starts_with('/')).unwrap_or(path).to_owned()
    });
    match path.starts_with("//") || path.contains("://") || path.is_empty() {
        true => fail("`pin-source` is neither a path nor a `file:` address"),
        false => Ok(path),
    }
}

fn fail<T>(reason: impl Into<String>) -> Result<T, UriError> {
    Err(UriError(reason.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Uri, UriError> {
        Uri::parse(text.strip_prefix("pkcs11:").unwrap())
    }

    fn refused(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_misspelt_attribute_of_the_query_is_named() {
        for (wrong, right) in [
            ("pin_value", "pin-value"),
            ("PIN-VALUE", "pin-value"),
            ("pinvalue", "pin-value"),
            ("pin-valu", "pin-value"),
            ("pin-vallue", "pin-value"),
            ("pin-valve", "pin-value"),
            ("module_path", "module-path"),
            ("modul-path", "module-path"),
            ("pin-sourc", "pin-source"),
        ] {
            let said = refused(&format!("pkcs11:token=t;object=o?{wrong}=hidden"));
            assert!(said.contains(&format!("no attribute `{wrong}`; is `{right}` meant?")), "{said}");
            assert!(!said.contains("hidden"), "{said}");
        }
        for other in ["x-vendor", "pin", "module", "x", "library-version"] {
            assert!(parse(&format!("pkcs11:token=t;object=o?{other}=1")).is_ok(), "{other}");
        }
    }

    /// The examples of RFC 7512 section 3 that name a key in a token.
    #[test]
    fn examples_of_the_specification() {
        let uri = parse("pkcs11:object=my-pubkey;type=public").unwrap_err().to_string();
        assert!(uri.contains("names no token"), "{uri}");
        let uri = parse(
            "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;model=1.0;object=my-certificate;type=private;id=%69%95%3E%5C%F4%BD%EC%91;serial=?pin-source=file:/etc/token_pin",
        )
        .unwrap();
        assert_eq!(uri.token.label.as_deref(), Some("The Software PKCS#11 Softtoken"));
        assert_eq!(uri.token.manufacturer.as_deref(), Some("Snake Oil, Inc."));
        assert_eq!((uri.token.model.as_deref(), uri.token.serial.as_deref()), (Some("1.0"), None));
        assert_eq!(uri.object.id.as_deref(), Some(&b"\x69\x95\x3e\x5c\xf4\xbd\xec\x91"[..]));
        assert_eq!(uri.object.label.as_deref(), Some(&b"my-certificate"[..]));
        assert_eq!(uri.pin, Some(PinPlace::File("/etc/token_pin".into())));
        let uri = parse("pkcs11:token=Software%20PKCS%2311%20softtoken;manufacturer=Snake%20Oil,%20Inc.;object=k?pin-value=the-pin").unwrap();
        assert!(matches!(&uri.pin, Some(PinPlace::Value(pin)) if pin.0.expose() == b"the-pin"));
        // A token whose label holds a `;`, and what is not ASCII.
        let uri = parse("pkcs11:token=my%3btoken;object=my%c4%8dkey").unwrap();
        assert_eq!(uri.token.label.as_deref(), Some("my;token"));
        assert_eq!(uri.object.label.as_deref(), Some("myčkey".as_bytes()));
        // Unknown in the query is ignored, and unknown in the path finds nothing.
        assert!(parse("pkcs11:token=t;object=k?x-muppet=cookie%3Cmonster!&x-muppet=1").is_ok());
        assert!(
            refused("pkcs11:token=t;object=k;x-muppet=cookie")
                .contains("`x-muppet` that a key could be found by")
        );
        for kind in ["cert", "data", "secret-key", "Private"] {
            assert!(refused(&format!("pkcs11:token=t;object=k;type={kind}")).contains("`type`"), "{kind}");
        }
    }

    #[test]
    fn forms_of_cosign() {
        let whole = "pkcs11:token=T;slot-id=7;id=%01;object=LABEL?module-path=/m.so&pin-value=1234";
        let uri = parse(whole).unwrap();
        assert_eq!((uri.token.slot, uri.module.as_deref()), (Some(7), Some("/m.so")));
        assert_eq!(uri.to_string(), whole.strip_suffix("&pin-value=1234").unwrap());
        assert_eq!(parse(&uri.to_string()).unwrap(), Uri { pin: None, ..uri });
        let uri = parse("pkcs11:slot-id=0;id=%00%ff?pin-value=1;module-path=/a").unwrap();
        assert_eq!(uri.to_string(), "pkcs11:slot-id=0;id=%00%ff?module-path=/a");
        // `+` and `&` are what they are.
        let uri = parse("pkcs11:token=a+b&c;object=d").unwrap();
        assert_eq!(uri.token.label.as_deref(), Some("a+b&c"));
        assert_eq!(uri.to_string(), "pkcs11:token=a+b&c;object=d");
        // Empty is not given.
        assert_eq!(
            parse("pkcs11:token=;slot-id=1;object=;id=a").unwrap().to_string(),
            "pkcs11:slot-id=1;id=%61"
        );
    }

    #[test]
    fn refusals() {
        for (text, reason) in [
            ("pkcs11:", "names no token"),
            ("pkcs11:object=k", "names no token"),
            ("pkcs11:serial=1;object=k", "names no token"),
            ("pkcs11:token=t", "names no object"),
            ("pkcs11:token=t;token=t;object=k", "`token` stands twice"),
            ("pkcs11:token=;token=t;object=k", "`token` stands twice"),
            ("pkcs11:token=t;id=1;id=2", "`id` stands twice"),
            ("pkcs11:token=t;id=1?pin-value=1&pin-value=2", "`pin-value` stands twice"),
            ("pkcs11:token=t;id=1?module-path=a&module-path=a", "`module-path` stands twice"),
            ("pkcs11:token=t;id=%0", "`id` holds a `%`"),
            ("pkcs11:token=t;id=%0g", "`id` holds a `%`"),
            ("pkcs11:token=t;id=%+1", "`id` holds a `%`"),
            ("pkcs11:token=%ff;id=1", "`token` is not text"),
            ("pkcs11:token=a%00;id=1", "`token` is not text"),
            ("pkcs11:slot-id=-1;id=1", "`slot-id` is not a number"),
            ("pkcs11:slot-id=+1;id=1", "`slot-id` is not a number"),
            ("pkcs11:slot-id=99999999999999999999;id=1", "`slot-id` is not a number"),
            ("pkcs11:token=t;id=1?pin-source=|cat", "no program is started"),
            ("pkcs11:token=t;id=1?pin-source=%7ccat", "no program is started"),
            ("pkcs11:token=t;id=1?pin-source=https://h/p", "neither a path"),
            ("pkcs11:token=t;id=1?pin-source=file://host/p", "neither a path"),
            ("pkcs11:token=t;id=1?pin-source=a&pin-value=1", "both"),
            ("pkcs11:token=t;id=1?module-name=softhsm2", "`module-path`"),
            ("pkcs11:token=t#x;id=1", "percent-encoded"),
            ("pkcs11:token=t\tx;id=1", "percent-encoded"),
        ] {
            assert!(refused(text).contains(reason), "{text}: {}", refused(text));
        }
        assert!(refused(&format!("pkcs11:token={};id=1", "x".repeat(MAX_LENGTH))).contains("longer"));
        for source in ["/p", "file:/p", "file:///p", "file://localhost/p"] {
            let uri = parse(&format!("pkcs11:token=t;id=1?pin-source={source}")).unwrap();
            assert_eq!(uri.pin, Some(PinPlace::File("/p".into())), "{source}");
        }
    }

    /// Wherever a mistake puts it, the PIN is not repeated.
    #[test]
    fn the_pin_is_never_shown() {
        for text in [
            "pkcs11:token=t;id=1?pin-value=s3cr3t",
            "pkcs11:token=t;id=1?module-path=/m&pin-value=s3cr3t",
            "pkcs11:token=t;id=1?module-path=/m;pin-value=s3cr3t",
            "pkcs11:token=t;id=1;pin-value=s3cr3t",
            "pkcs11:token=t;id=1;s3cr3t",
            "pkcs11:token=t;id=1?s3cr3t",
            "pkcs11:token=t;id=1?pin-value=s3cr3t%",
            "pkcs11:token=t;id=1?pin-value=s3cr3t#",
            "pkcs11:id=1?pin-value=s3cr3t",
            "pkcs11:token=t;id=1;PIN s3cr3t=1",
        ] {
            let shown = match parse(text) {
                Ok(uri) => format!("{uri} {uri:?}"),
                Err(error) => format!("{error} {error:?}"),
            };
            assert!(!shown.contains("s3cr3t"), "{text}: {shown}");
        }
    }

    /// A reference that was changed in one byte says something else, or nothing; and what it says reads back.
    #[test]
    fn changed_bytes() {
        let text = "pkcs11:token=T;slot-id=7;id=%01;object=k?module-path=/m&pin-value=1234";
        let whole = parse(text).unwrap();
        for place in "pkcs11:".len()..text.len() {
            for byte in [b'%', b';', b'=', b'?', b'&', b'0', b'z', b'#'] {
                let mut changed = text.as_bytes().to_vec();
                if std::mem::replace(&mut changed[place], byte) == byte {
                    continue;
                }
                let changed = String::from_utf8(changed).unwrap();
                if let Ok(uri) = parse(&changed) {
                    // The two separators of a query are one.
                    assert!(uri != whole || changed == text.replace('&', ";"), "{changed}");
                    let again = parse(&uri.to_string()).unwrap();
                    assert_eq!(again, Uri { pin: None, ..uri }, "{changed}");
                }
            }
        }
    }
}
