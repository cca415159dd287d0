//! Rules tried on a statement that nobody signed: what a scope would say of it if those whom it asks for had signed it. Nothing is accepted
//! by that; `policy test` alone asks.

use super::document::Demand;
use super::plan::Ready;
use crate::payload::Statement;
use crate::policy::{Refusal, rehearse};

impl Ready {
    /// Tries the rules of every attestation of this type that the scope at this position asks for.
    ///
    /// # Errors
    /// Why the statement does not satisfy them, in lines: a rule does not hold, none asks for the type, it is no statement.
    pub fn rehearse(&self, position: usize, payload: &[u8]) -> Result<(), Vec<String>> {
        let statement = Statement::from_json(payload).map_err(|error| vec![error.to_string()])?;
        let demand = self.document.scopes.get(position).map(|scope| &scope.demand);
        let Some(Demand::Require(requirements)) = demand else {
            return Err(vec!["the scope asks for no attestation".to_owned()]);
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
                        [first].into_iter().chain(unmet.details).collect()
                    }
                    Refusal::Error(error) => vec![error.to_string()],
                })?;
            }
        }
        match is_asked {
            true => Ok(()),
            false => {
                Err(vec![format!("no attestation of the type `{}` is asked for", statement.predicate_type)])
            }
        }
    }
}
