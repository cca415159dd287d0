//! Bounds, comparison, and the predeclared ranges.

use std::rc::Rc;

use super::expression::Value;
use super::node::NodeId;
use super::value::{Atom, Bound, Kinds, sign};
use super::{Evaluator, Stop};
use crate::cue::ast::{Position, Relation};
use crate::cue::error::{Error, ErrorKind};
use crate::cue::number::Number;

impl<'a> Evaluator<'a> {
    /// Adds a bound to a node.
    pub(crate) fn bound(&mut self, id: NodeId, bound: Bound) -> Result<(), Stop> {
        let position = bound.position;
        let ordered =
            !matches!(bound.relation, Relation::NotEqual | Relation::Matches | Relation::MatchesNot);
        if matches!(bound.limit, Atom::Bool(_)) || ordered && bound.limit == Atom::Null {
            let message =
                format!("{} cannot be a bound: {}{}", bound.limit, sign(bound.relation), bound.limit);
            return Err(Stop::fail(ErrorKind::Operation, position, message));
        }
        self.narrow(id, bound.kinds(), position);
        self.node_mut(id).bounds.push(bound);
        Ok(())
    }

    /// `uint8`, `rune`, `float32`, ...
    pub(crate) fn sized(&mut self, id: NodeId, name: &str, position: Position) -> Result<(), Stop> {
        let unknown = || Stop::fail(ErrorKind::Unsupported, position, format!("`{name}` is not supported"));
        let (low, high): (Option<String>, Option<String>) = match name {
            "uint" => (Some("0".to_owned()), None),
            "rune" => (Some("0".to_owned()), Some("1114111".to_owned())),
            "float32" => return self.float(id, "3.40282346638528859811704183484516925440e+38", position),
            "float64" => return self.float(id, "1.797693134862315708145274237317043567981e+308", position),
            _ => {
                let (signed, bits) = match (name.strip_prefix("uint"), name.strip_prefix("int")) {
                    (Some(bits), _) => (false, bits),
                    (None, Some(bits)) => (true, bits),
                    (None, None) => return Err(unknown()),
                };
                let bits: u32 = bits.parse().map_err(|_| unknown())?;
                let one = num_bigint::BigInt::from(1);
                if signed {
                    let half: num_bigint::BigInt = one << (bits - 1);
                    let (least, most): (num_bigint::BigInt, num_bigint::BigInt) =
                        (-half.clone(), half - 1_u8);
                    (Some(least.to_string()), Some(most.to_string()))
                } else {
                    let most: num_bigint::BigInt = (one << bits) - 1_u8;
                    (Some("0".to_owned()), Some(most.to_string()))
                }
            }
        };
        self.narrow(id, Kinds::INT, position);
        for (relation, limit) in [(Relation::GreaterEqual, low), (Relation::LessEqual, high)] {
            let Some(limit) = limit else { continue };
            let limit = Atom::Number(Number::json(&limit).map_err(|_| unknown())?);
            self.node_mut(id).bounds.push(Bound { relation, limit, position, sized: true });
        }
        Ok(())
    }

    fn float(&mut self, id: NodeId, limit: &str, position: Position) -> Result<(), Stop> {
        self.narrow(id, Kinds::NUMBER, position);
        for (relation, text) in
            [(Relation::GreaterEqual, format!("-{limit}")), (Relation::LessEqual, limit.to_owned())]
        {
            let number = Number::json(&text)
                .map_err(|e| Stop::fail(ErrorKind::Unsupported, position, e.to_string()))?;
            self.node_mut(id).bounds.push(Bound {
                relation,
                limit: Atom::Number(number),
                position,
                sized: true,
            });
        }
        Ok(())
    }

    /// Whether a scalar is within a bound; none where it is of another kind.
    pub(crate) fn within(&mut self, atom: &Atom, bound: &Bound) -> Result<bool, Stop> {
        if bound.relation == Relation::NotEqual && !atom.kinds().meets(bound.kinds()) {
            return Ok(true);
        }
        self.compare_atoms(bound.relation, atom, &bound.limit, bound.position)
    }

    /// What is known of a node for itself: its scalar against its bounds, bounds against each other.
    pub(crate) fn conclude(&mut self, id: NodeId) {
        let this = self.node(id);
        if this.error.is_some() {
            return;
        }
        if this.literal
            && this.kinds == Kinds::TOP
            && this.tasks.is_empty()
            && this.choices.len() == this.decided.len()
        {
            self.narrow(id, Kinds::STRUCT, Position::default());
        }
        let this = self.node(id);
        if this.cyclic && !this.acyclic {
            let error = Error::nowhere(ErrorKind::Cycle, "structural cycle: the value contains itself");
            return self.fail(id, Box::new(error));
        }
        let bounds = this.bounds.clone();
        if let Some((atom, _)) = this.atom.clone() {
            for bound in &bounds {
                match self.within(&atom, bound) {
                    Ok(true) => {}
                    Ok(false) => {
                        let error = Error::new(ErrorKind::Conflict, bound.position, "out of bound");
                        return self.fail(id, Box::new(error.expected(bound.to_string(), atom.to_string())));
                    }
                    Err(Stop::Fail(error) | Stop::Wait(error)) => return self.fail(id, error),
                }
            }
            self.check_validators(id);
        } else {
            self.check_bounds(id, &bounds);
        }
    }

    /// Bounds that nothing can be within.
    fn check_bounds(&mut self, id: NodeId, bounds: &[Bound]) {
        let kinds = self.node(id).kinds;
        for (index, low) in bounds.iter().enumerate() {
            for high in &bounds[index + 1..] {
                let (low, high) = match (side(low.relation), side(high.relation)) {
                    (1, -1) => (low, high),
                    (-1, 1) => (high, low),
                    _ => continue,
                };
                if !low.limit.kinds().meets(high.kinds()) {
                    continue;
                }
                if empty(low, high, kinds) {
                    let error = Error::new(ErrorKind::Conflict, high.position, "bounds exclude each other")
                        .expected(high.to_string(), low.to_string());
                    return self.fail(id, Box::new(error));
                }
                if low.relation == Relation::GreaterEqual
                    && high.relation == Relation::LessEqual
                    && low.limit == high.limit
                {
                    let both = low.limit.kinds().and(kinds);
                    if both != Kinds::NONE {
                        let (atom, position) = (low.limit.clone(), high.position);
                        self.set(id, atom, position);
                        return;
                    }
                }
            }
        }
    }

    /// `left relation right`
    pub(crate) fn compare(
        &mut self,
        relation: Relation,
        left: &Value,
        right: &Value,
        position: Position,
    ) -> Result<bool, Stop> {
        match (left, right) {
            (Value::Atom(left), Value::Atom(right)) => self.compare_atoms(relation, left, right, position),
            (Value::Node(one), Value::Node(other))
                if matches!(relation, Relation::Equal | Relation::NotEqual) =>
            {
                let (one, other) = (self.concrete(*one, position)?, self.concrete(*other, position)?);
                Ok(super::calls::same(&one, &other) == (relation == Relation::Equal))
            }
            (Value::Atom(_), Value::Node(_)) | (Value::Node(_), Value::Atom(_)) => match relation {
                Relation::Equal => Ok(false),
                Relation::NotEqual => Ok(true),
                _ => Err(Stop::fail(ErrorKind::Operation, position, "these values have no order")),
            },
            _ => Err(Stop::fail(
                ErrorKind::Operation,
                position,
                format!("{} of values of different types", sign(relation)),
            )),
        }
    }

    fn compare_atoms(
        &mut self,
        relation: Relation,
        left: &Atom,
        right: &Atom,
        position: Position,
    ) -> Result<bool, Stop> {
        let wrong = || {
            let message = format!("cannot compute {left} {} {right}", sign(relation));
            Stop::fail(ErrorKind::Operation, position, message)
        };
        if matches!(relation, Relation::Matches | Relation::MatchesNot) {
            let pattern: Rc<str> = match right {
                Atom::String(pattern) => pattern.clone(),
                Atom::Bytes(bytes) => std::str::from_utf8(bytes).map_err(|_| wrong())?.into(),
                _ => return Err(wrong()),
            };
            let Atom::String(text) = left else { return Err(wrong()) };
            let matches = self.pattern(&pattern, position)?.matches(text);
            return Ok(matches == (relation == Relation::Matches));
        }
        let order = match (left, right) {
            (Atom::Number(a), Atom::Number(b)) => a.cmp(b),
            (Atom::String(a), Atom::String(b)) => a.cmp(b),
            (Atom::Bytes(a), Atom::Bytes(b)) => a.cmp(b),
            _ => {
                let same = left.same(right);
                return match relation {
                    Relation::Equal => Ok(same),
                    Relation::NotEqual => Ok(!same),
                    _ => Err(wrong()),
                };
            }
        };
        Ok(match relation {
            Relation::Equal => order.is_eq(),
            Relation::NotEqual => order.is_ne(),
            Relation::Less => order.is_lt(),
            Relation::LessEqual => order.is_le(),
            Relation::Greater => order.is_gt(),
            _ => order.is_ge(),
        })
    }
}

/// 1 for lower bounds, -1 for upper ones.
fn side(relation: Relation) -> i8 {
    match relation {
        Relation::Greater | Relation::GreaterEqual => 1,
        Relation::Less | Relation::LessEqual => -1,
        _ => 0,
    }
}

/// Whether nothing lies between two bounds.
fn empty(low: &Bound, high: &Bound, kinds: Kinds) -> bool {
    let strict = low.relation == Relation::Greater || high.relation == Relation::Less;
    let order = match (&low.limit, &high.limit) {
        (Atom::Number(a), Atom::Number(b)) => {
            if kinds == Kinds::INT {
                return no_integer(low, a, high, b);
            }
            a.cmp(b)
        }
        (Atom::String(a), Atom::String(b)) => a.cmp(b),
        (Atom::Bytes(a), Atom::Bytes(b)) => a.cmp(b),
        _ => return false,
    };
    order.is_gt() || order.is_eq() && strict
}

/// Whether no integer lies between two bounds.
fn no_integer(low: &Bound, a: &Number, high: &Bound, b: &Number) -> bool {
    let one = num_bigint::BigInt::from(1);
    let (Ok(mut least), Ok(mut most)) = (a.truncate(), b.truncate()) else { return false };
    // The least integer that is allowed, and the greatest.
    if !a.is_whole() {
        if !a.is_negative() {
            least += &one;
        }
    } else if low.relation == Relation::Greater {
        least += &one;
    }
    if !b.is_whole() {
        if b.is_negative() {
            most -= &one;
        }
    } else if high.relation == Relation::Less {
        most -= &one;
    }
    least > most
}
