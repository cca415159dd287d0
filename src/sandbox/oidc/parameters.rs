//! Parameters of requests: each once (RFC 6749 section 3.1).

use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query};

type Pairs = Vec<(String, String)>;
/// The query of an address.
pub type Asked = Result<Query<Pairs>, QueryRejection>;
/// A form that was sent.
pub type Sent = Result<Form<Pairs>, FormRejection>;

/// Parameters by their names.
#[derive(Debug, Default)]
pub struct Parameters(Pairs);

impl Parameters {
    /// All of them; empty ones count as absent, as RFC 6749 wants it.
    ///
    /// # Errors
    /// One appears twice.
    pub fn new(pairs: Pairs) -> Result<Self, String> {
        for (at, (name, _)) in pairs.iter().enumerate() {
            if pairs.iter().skip(at + 1).any(|(other, _)| other == name) {
                let name: String = name.chars().take(40).collect();
                return Err(format!("The parameter `{name}` appears twice."));
            }
            // Comparing all with all is for few.
            if at > 64 {
                return Err("There are too many parameters.".to_owned());
            }
        }
        Ok(Self(pairs))
    }

    /// The value of one.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}
