//! What the issuer knows again at a later request: forms that were shown, codes that were given out, devices that wait.
//! All of it is short-lived, of use once, and lost when the process ends.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::crypto::{UnixTime, base64, random, sha256};

/// The most forms of which is known that they were sent. The oldest is forgotten.
const MAX_SENT: usize = 10_000;
/// The most that is remembered of each kind; the oldest is forgotten.
const MAX_REMEMBERED: usize = 1000;
/// How long a form that was shown can be sent, in seconds.
pub const FORM_LIFETIME: i64 = 600;
/// How long a code can be exchanged, in seconds (RFC 6749 section 4.1.2 asks for ten minutes at most).
pub const CODE_LIFETIME: i64 = 60;
/// How long a device can wait, in seconds.
pub const DEVICE_LIFETIME: i64 = 300;
/// How long a device has to wait between two questions, in seconds.
pub const INTERVAL: i64 = 1;

/// What a program asked for that sent somebody to log in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub redirect: String,
    pub state: Option<String>,
    pub nonce: Option<String>,
    /// The S256 challenge (RFC 7636 section 4.2).
    pub challenge: String,
}

/// Somebody logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub request: Request,
    pub email: String,
}

/// What a form that was shown is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    Authorization(Request),
    Device,
}

/// Forms that were shown. Each carries what it is for, with a seal that nobody else can make, and nothing is remembered of it until it
/// is sent: however many are shown, none is forgotten for another.
#[derive(Debug)]
pub struct Forms {
    secret: [u8; 32],
    /// Those that were sent, by their numbers.
    sent: VecDeque<(String, UnixTime)>,
}

/// What is in a form.
#[derive(Debug, Serialize, Deserialize)]
struct Shown {
    form: Form,
    /// Its end, in seconds.
    until: i64,
    number: String,
}

impl Forms {
    /// Forms under a secret that nobody else has.
    pub fn new(secret: [u8; 32]) -> Self {
        Self { secret, sent: VecDeque::new() }
    }

    /// The key of a form that is shown; `None` when there are no random bytes.
    pub fn show(&self, form: Form, until: UnixTime) -> Option<String> {
        let number = random::<16>().map(base64::encode_url)?;
        let shown = serde_json::to_vec(&Shown { form, until: until.seconds(), number }).ok()?;
        let text = base64::encode_url(&shown);
        Some(format!("{text}.{}", self.seal(&text)))
    }

    /// What the form of this key is for, once, unless its time is over.
    pub fn take(&mut self, key: &str, now: UnixTime) -> Option<Form> {
        let (text, seal) = key.split_once('.')?;
        // By their digests, so that the time it takes tells nothing.
        if sha256(seal.as_bytes()) != sha256(self.seal(text).as_bytes()) {
            return None;
        }
        let shown: Shown = serde_json::from_slice(&base64::decode(text)?).ok()?;
        let until = UnixTime::from_seconds(shown.until);
        self.sent.retain(|(_, until)| *until > now);
        if until <= now || self.sent.iter().any(|(number, _)| *number == shown.number) {
            return None;
        }
        if self.sent.len() >= MAX_SENT {
            self.sent.pop_front();
        }
        self.sent.push_back((shown.number, until));
        Some(shown.form)
    }

    /// The secret is before and behind a digest, so nothing can be added to what is sealed.
    fn seal(&self, text: &str) -> String {
        let inner = sha256(&[&self.secret[..], text.as_bytes()].concat());
        base64::encode_url(sha256(&[&self.secret[..], &inner].concat()))
    }
}

/// A device that waits for somebody to log in elsewhere (RFC 8628).
#[derive(Debug, Clone)]
pub struct Device {
    pub challenge: Option<String>,
    pub nonce: Option<String>,
    pub user_code: String,
    pub decision: Decision,
    pub last_asked: Option<UnixTime>,
}

/// What became of a device's login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Pending,
    Refused,
    /// By whom.
    Granted(String),
}

/// Things under keys that nobody can guess, each until its time.
#[derive(Debug)]
pub struct Remembered<T> {
    items: VecDeque<(String, UnixTime, T)>,
}

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self { items: VecDeque::new() }
    }
}

impl<T> Remembered<T> {
    /// Remembers something under a new key; `None` when there are no random bytes.
    pub fn add(&mut self, item: T, until: UnixTime, now: UnixTime) -> Option<String> {
        let key = random::<32>().map(base64::encode_url)?;
        self.items.retain(|(_, until, _)| *until > now);
        if self.items.len() >= MAX_REMEMBERED {
            self.items.pop_front();
        }
        self.items.push_back((key.clone(), until, item));
        Some(key)
    }

    /// Takes it out, unless its time is over.
    pub fn take(&mut self, key: &str, now: UnixTime) -> Option<T> {
        let at = self.items.iter().position(|(known, ..)| known == key)?;
        let (_, until, item) = self.items.remove(at)?;
        (until > now).then_some(item)
    }

    /// The one that `is` says, unless its time is over.
    pub fn find(&mut self, now: UnixTime, is: impl Fn(&str, &T) -> bool) -> Option<&mut T> {
        let mut all = self.items.iter_mut();
        all.find(|(key, until, item)| *until > now && is(key, item)).map(|(_, _, item)| item)
    }
}

/// A code that people type: eight letters that are not mistaken for each other and make no words (RFC 8628 section 6.1).
pub fn user_code() -> Option<String> {
    const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
    let letter = |byte: &u8| LETTERS.get(usize::from(*byte) % LETTERS.len()).copied().map(char::from);
    let letters: String = random::<8>()?.iter().filter_map(letter).collect();
    let (first, second) = letters.split_at_checked(4)?;
    Some(format!("{first}-{second}"))
}

#[cfg(test)]
impl<T> Remembered<T> {
    /// Makes everything too old.
    pub fn age(&mut self) {
        self.items.iter_mut().for_each(|(_, until, _)| *until = UnixTime::from_seconds(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> UnixTime {
        UnixTime::from_seconds(second)
    }

    #[test]
    fn what_is_remembered_is_of_use_once_and_for_its_time() {
        let mut some = Remembered::default();
        let key = some.add("a", at(10), at(0)).unwrap();
        assert_eq!(some.take("other", at(0)), None);
        assert_eq!(some.take(&key, at(9)), Some("a"));
        assert_eq!(some.take(&key, at(9)), None);
        let key = some.add("b", at(10), at(0)).unwrap();
        assert!(some.find(at(10), |_, _| true).is_none() && some.find(at(9), |_, _| true).is_some());
        assert_eq!(some.take(&key, at(10)), None);
    }

    #[test]
    fn the_oldest_is_forgotten() {
        let mut some = Remembered::default();
        let first = some.add(0, at(10), at(0)).unwrap();
        for n in 1..=MAX_REMEMBERED {
            some.add(n, at(10), at(0)).unwrap();
        }
        assert_eq!((some.items.len(), some.take(&first, at(0))), (MAX_REMEMBERED, None));
        some.add(0, at(20), at(10)).unwrap();
        assert_eq!(some.items.len(), 1);
    }

    #[test]
    fn forms_are_of_use_once_for_their_time_and_none_is_forgotten_for_others() {
        let mut forms = Forms::new([7; 32]);
        let request = Request {
            redirect: "http://127.0.0.1:9/".to_owned(),
            state: Some("s".to_owned()),
            nonce: None,
            challenge: "c".repeat(43),
        };
        let form = Form::Authorization(request);
        let key = forms.show(form.clone(), at(10)).unwrap();
        let late = forms.show(Form::Device, at(10)).unwrap();
        for _ in 0..3 * MAX_REMEMBERED {
            forms.show(form.clone(), at(10)).unwrap();
        }
        assert_eq!(forms.take(&key, at(9)), Some(form.clone()));
        assert_eq!(forms.take(&key, at(9)), None);
        assert_eq!(forms.take(&late, at(10)), None);
        // Those of another process, and what somebody made of one.
        let key = forms.show(form.clone(), at(10)).unwrap();
        assert_eq!(Forms::new([8; 32]).take(&key, at(9)), None);
        let (text, seal) = key.split_once('.').unwrap();
        let other = base64::encode_url(
            String::from_utf8(base64::decode(text).unwrap()).unwrap().replace("127.0.0.1:9", "127.0.0.1:8"),
        );
        for wrong in
            ["", ".", text, &format!("{text}."), &format!("{other}.{seal}"), &format!("{text}x.{seal}")]
        {
            assert_eq!(forms.take(wrong, at(9)), None, "{wrong}");
        }
        assert_eq!(forms.take(&key, at(9)), Some(form));
    }

    #[test]
    fn user_codes_can_be_read_out() {
        let code = user_code().unwrap();
        assert!(code.len() == 9 && code.as_bytes()[4] == b'-', "{code}");
        assert_ne!(code, user_code().unwrap());
    }
}
