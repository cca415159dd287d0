//! Queries of addresses.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::Refused;

/// The parameters, each at most once.
pub(super) struct Query(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let pairs = pairs.map_err(|_| Refused::Malformed("The query is not of its form.".to_owned()))?.0;
        let again =
            |(at, (name, _)): (usize, &(String, String))| pairs.iter().take(at).any(|(n, _)| n == name);
        if pairs.len() > 8 || pairs.iter().enumerate().any(again) {
            return Err(Refused::Malformed("The query has too much in it.".to_owned()));
        }
        Ok(Self(pairs))
    }
}

impl Query {
    /// A parameter, if it is there.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that has to be there.
    pub fn needed(&self, name: &str) -> Result<&str, Refused> {
        self.text(name).ok_or_else(|| Refused::Malformed(format!("The address says no {name}.")))
    }

    /// A parameter that is a number.
    pub fn number(&self, name: &str) -> Result<Option<u64>, Refused> {
        self.text(name).map(number).transpose()
    }
}

/// A number as addresses have it: digits.
pub(super) fn number(text: &str) -> Result<u64, Refused> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| plain).ok_or_else(|| {
        Refused::Malformed("There is something else in the address where a number should be.".to_owned())
    })
}
