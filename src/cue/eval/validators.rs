//! Values that are wholly known, and builtins that judge them.

use std::rc::Rc;

use super::calls::{data, same, text};
use super::expression::Value;
use super::matches::MatchCall;
use super::node::{Check, Match, NodeId, Validator};
use super::value::{Atom, Kinds};
use super::{Evaluator, Stop};
use crate::cue::ast::Position;
use crate::cue::data::Data;
use crate::cue::error::{Error, ErrorKind};

impl<'a> Evaluator<'a> {
    /// A value that is wholly known.
    pub(crate) fn data_of(&mut self, value: &Value, position: Position) -> Result<Data, Stop> {
        match value {
            Value::Atom(atom) => Ok(data(atom)),
            Value::Node(node) => self.concrete(*node, position),
        }
    }

    /// A struct or list whose parts are all known.
    pub(crate) fn concrete(&mut self, node: NodeId, position: Position) -> Result<Data, Stop> {
        self.read_other(node);
        self.finish(node);
        let settled = self.settled(node);
        if let Some(error) = self.first_error(settled) {
            return Err(Stop::Fail(error));
        }
        if self.ambiguous(node) || !self.node(settled).tasks.is_empty() {
            return Err(Stop::wait(position, "a value that is not known yet"));
        }
        let this = self.node(settled);
        if let Some((atom, _)) = &this.atom {
            let atom = atom.clone();
            self.observe(node, super::Observation::Atom(atom.clone()));
            return Ok(data(&atom));
        }
        if this.kinds == Kinds::LIST {
            let items = self.items(settled);
            self.observe(node, super::Observation::Items(items.len()));
            return items
                .into_iter()
                .map(|item| self.concrete(item, position))
                .collect::<Result<_, _>>()
                .map(Data::List);
        }
        if this.kinds != Kinds::STRUCT {
            let kinds = this.kinds;
            self.maybe_struct(settled, position);
            return Err(Stop::wait(position, format!("a value that is not known yet ({kinds})")));
        }
        let fields: Vec<_> = this.regular().cloned().collect();
        self.observe(node, super::Observation::Fields(fields.len()));
        let mut all = Vec::new();
        for arc in fields {
            all.push((Rc::from(text(&arc.name)), self.concrete(arc.node, position)?));
        }
        Ok(Data::Struct(all))
    }

    /// Asks the validators of a node about its value.
    pub(crate) fn check_validators(&mut self, id: NodeId) {
        if !self.node(id).validators.is_empty() {
            self.node_mut(id).undecided = None;
        }
        for index in 0..self.node(id).validators.len() {
            if self.node(id).error.is_some() {
                return;
            }
            let validator = self.node(id).validators[index].clone();
            let before = self.reads(id);
            let judged = self.check_validator(id, &validator);
            self.reads_again(before);
            if let Err(Stop::Fail(error)) = self.heeding_limits(judged) {
                self.fail(id, error);
            }
        }
    }

    /// Whether a validator takes a scalar.
    pub(crate) fn holds(&mut self, atom: &Atom, validator: &Validator<'a>) -> Result<bool, Stop> {
        let probe = self.new_node(None, super::node::Place::Inner);
        self.set(probe, atom.clone(), validator.position);
        let judged = self.check_validator(probe, validator);
        match self.heeding_limits(judged) {
            Ok(()) => Ok(true),
            Err(Stop::Fail(_)) => Ok(false),
            Err(wait) => Err(wait),
        }
    }

    fn check_validator(&mut self, id: NodeId, validator: &Validator<'a>) -> Result<(), Stop> {
        let position = validator.position;
        match &validator.check {
            Check::Function { package, name, arguments } => {
                let function = self.function(package, name, position)?;
                let value = match &self.node(id).atom {
                    Some((atom, _)) => data(&atom.clone()),
                    None => self.concrete(id, position)?,
                };
                let shown = self.describe(id);
                let mut values = vec![value];
                values.extend(arguments.iter().cloned());
                match self.apply_function(package, name, function, &values, position)? {
                    Data::Bool(true) => Ok(()),
                    _ => {
                        let error = Error::new(ErrorKind::Conflict, position, "a condition does not hold");
                        let arguments: Vec<_> = arguments.iter().map(ToString::to_string).collect();
                        let wanted = format!("{package}.{name}({})", arguments.join(", "));
                        Err(Stop::Fail(Box::new(error.expected(wanted, shown))))
                    }
                }
            }
            Check::Differs(limit) => {
                let value = match &self.node(id).atom {
                    Some((atom, _)) => data(&atom.clone()),
                    None => self.concrete(id, position)?,
                };
                if same(&value, limit) {
                    let error = Error::new(ErrorKind::Conflict, position, "the value that is excluded");
                    return Err(Stop::Fail(Box::new(error)));
                }
                Ok(())
            }
            Check::Count { name, limit } => self.count(id, name, limit, position),
            Check::Match { what, arguments } => {
                let call = MatchCall { what: *what, arguments, env: &validator.env, position };
                match *what {
                    Match::If => self.match_if(id, call),
                    Match::Text { language, whole } => self.match_text(id, (language, whole), call),
                    Match::Elements if !self.node(id).items.is_there() => Ok(()),
                    Match::N | Match::Elements => self.match_n(id, call),
                }
            }
        }
    }
}
