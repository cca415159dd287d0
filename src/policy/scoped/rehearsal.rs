//! Rules tried on a statement that nobody signed: what a scope would say of it if those whom it asks for had signed it. Nothing is accepted
//! by that; `policy test` alone asks.

use super::document::Demand;
use super::plan::Ready;
use crate::crypto::DecodeError;
use crate::payload::Statement;
use crate::policy::{Error, Refusal, rehearse};

/// Why rules do not hold for a statement.
#[derive(Debug)]
pub enum Unrehearsed {
    /// It is no statement: there is no verdict.
    NoStatement(DecodeError),
    /// A rule does not hold, or none asks for its type; in lines.
    Unmet(Vec<String>),
    /// A limit was exceeded: there is no verdict.
    Limit(Error),
}

impl Ready {
    /// Tries the rules of every attestation of this type that the scope at this position asks for.
    ///
    /// # Errors
    /// It is no statement, or does not satisfy them.
    pub fn rehearse(&self, position: usize, payload: &[u8]) -> Result<(), Unrehearsed> {
        let statement = Statement::from_json(payload).map_err(Unrehearsed::NoStatement)?;
        let demand = self.document.scopes.get(position).map(|scope| &scope.demand);
        let Some(Demand::Require(requirements)) = demand else {
            return Err(Unrehearsed::Unmet(vec!["the scope asks for no attestation".to_owned()]));
        };
        let mut is_asked = false;
        for (number, attestation) in requirements.attestations.iter().enumerate() {
            if (self.uri)(&attestation.predicate_type) != statement.predicate_type {
                continue;
            }
            is_asked = true;
            let policies = self.policies.get(position).and_then(|of_scope| of_scope.get(number));
            for policy in policies.into_iter().flatten() {
                rehearse(payload, policy, &attestation.predicate_type).map_err(|refusal| match refusal {
                    Refusal::Unmet(unmet) => {
                        let first = format!("attestations[{number}]: {}: {}", unmet.by, unmet.reason);
                        Unrehearsed::Unmet([first].into_iter().chain(unmet.details).collect())
                    }
                    Refusal::Error(error) if error.is_limit() => Unrehearsed::Limit(error),
                    Refusal::Error(error) => Unrehearsed::Unmet(vec![error.to_string()]),
                })?;
            }
        }
        match is_asked {
            true => Ok(()),
            false => {
                let reason =
                    format!("no attestation of the type `{}` is asked for", statement.predicate_type);
                Err(Unrehearsed::Unmet(vec![reason]))
            }
        }
    }
}
