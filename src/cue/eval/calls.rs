//! Calls: builtins, members of packages, validators.

use std::rc::Rc;

use super::expression::Value;
use super::node::{Check, Conjunct, Disjuncts, Match, NodeId, Validator};
use super::value::{Atom, Kinds};
use super::{Evaluator, Stop, close};
use crate::cue::ast::{Binding, Expression, Kind, Name, Position};
use crate::cue::data::Data;
use crate::cue::error::{Error, ErrorKind};
use crate::cue::pkg::{self, Body, Function, Member};

impl<'a> Evaluator<'a> {
    /// A call as a conjunct.
    pub(crate) fn call(
        &mut self,
        id: NodeId,
        call: &'a Expression,
        function: &'a Expression,
        arguments: &'a [Expression],
        task: &Conjunct<'a>,
    ) -> Result<(), Stop> {
        let position = call.position;
        match &function.kind {
            Kind::Reference { binding: Binding::Predeclared(name), .. } => {
                self.builtin(id, call, name, arguments, task)
            }
            Kind::Selector { operand, name } => match &operand.kind {
                Kind::Reference { binding: Binding::Package(path), .. } => {
                    let name = text(name);
                    let function = self.function(path, name, position)?;
                    self.call_package(id, (path, name), function, arguments, task)
                }
                _ => Err(Stop::fail(ErrorKind::Operation, position, "this is not a function")),
            },
            _ => Err(Stop::fail(ErrorKind::Operation, position, "this is not a function")),
        }
    }

    pub(crate) fn function(
        &mut self,
        path: &str,
        name: &str,
        position: Position,
    ) -> Result<&'static Function, Stop> {
        match pkg::lookup(path, name) {
            Some(Member::Function(function)) => Ok(function),
            Some(Member::Unsupported) => {
                Err(self.unsupported(position, format!("`{path}.{name}` is not supported")))
            }
            Some(Member::Source(_)) => {
                Err(Stop::fail(ErrorKind::Operation, position, format!("`{path}.{name}` is not a function")))
            }
            None => Err(self.unsupported(position, format!("package `{path}` has no `{name}`"))),
        }
    }

    /// What is not supported may not be taken for an alternative that fails.
    pub(crate) fn unsupported(&mut self, position: Position, message: String) -> Stop {
        Stop::Fail(self.stop(Error::new(ErrorKind::Unsupported, position, message)))
    }

    /// `strings.MaxRunes`, `math.Pi`, ... without a call.
    pub(crate) fn member(
        &mut self,
        id: NodeId,
        expression: &'a Expression,
        operand: &'a Expression,
        name: &'a Name,
        task: &Conjunct<'a>,
    ) -> Result<(), Stop> {
        let Kind::Reference { binding: Binding::Package(path), .. } = &operand.kind else { return Ok(()) };
        let position = expression.position;
        match pkg::lookup(path, text(name)) {
            Some(Member::Function(function)) if function.validates && function.parameters.len() == 1 => {
                self.call_package(id, (path, text(name)), function, &[], task)
            }
            Some(Member::Source(source)) => {
                let atom = constant(source).ok_or_else(|| {
                    self.unsupported(position, format!("`{path}.{}` is not supported", text(name)))
                })?;
                self.note(id, task.close, 0);
                self.set(id, atom, position);
                Ok(())
            }
            Some(Member::Function(_)) => Err(Stop::fail(
                ErrorKind::Operation,
                position,
                format!("`{path}.{}` must be called", text(name)),
            )),
            _ => self.function(path, text(name), position).map(|_| ()),
        }
    }

    fn call_package(
        &mut self,
        id: NodeId,
        (path, name): (&Rc<str>, &str),
        function: &'static Function,
        arguments: &'a [Expression],
        task: &Conjunct<'a>,
    ) -> Result<(), Stop> {
        let position = task.position;
        let expected = function.parameters.len();
        let validator = function.validates && arguments.len() + 1 == expected;
        let enough = arguments.len() + function.optional >= expected;
        if !validator && (arguments.len() > expected || !enough) {
            let message = format!("`{path}.{name}` takes {expected} arguments, not {}", arguments.len());
            return Err(Stop::fail(ErrorKind::Operation, position, message));
        }
        if matches!(function.body, Body::Constraint(_)) && !validator {
            let message = format!("`{path}.{name}` with the value that it is about; unify it with the value");
            return Err(self.unsupported(position, format!("{message}: that is not supported")));
        }
        if matches!(function.body, Body::Evaluator) {
            return self.call_own(id, (path, name), validator, arguments, task);
        }
        let parameters = &function.parameters[usize::from(validator)..];
        let values = match self.arguments(id, arguments, parameters, &task.env) {
            Err(Stop::Wait(error))
                if **path == *"list"
                    && GIVES_LIST.contains(&name)
                    && error.kind != ErrorKind::Absent
                    && !self.lacks_an_argument(arguments, &task.env, id) =>
            {
                // Whatever is in it: a list.
                self.narrow(id, Kinds::LIST, position);
                let message = "cannot be decided: a list whose elements are not known is put together";
                return Err(Stop::Wait(Box::new(Error::new(ErrorKind::Undecided, position, message))));
            }
            Err(Stop::Wait(_))
                if **path == *"list"
                    && SEEKS.contains(&name)
                    && arguments.first().is_some_and(|list| self.undecided_list(list, &task.env, id)) =>
            {
                let message = "cannot be decided: the list has elements that are not known";
                return Err(Stop::Wait(Box::new(Error::new(ErrorKind::Undecided, position, message))));
            }
            Err(Stop::Wait(error)) => {
                self.check_elements((path, name), arguments, &task.env, id)?;
                return Err(Stop::Wait(error));
            }
            values => values?,
        };
        if validator {
            let kinds = accepted(function.parameters[0]);
            self.note(id, task.close, if kinds.meets(Kinds::LIST) { close::LIST } else { 0 });
            let check =
                Check::Function { package: path.clone(), name: name.into(), arguments: values.into() };
            let validator = Validator { check, env: task.env.clone(), position };
            self.node_mut(id).validators.push(validator);
            self.narrow(id, kinds, position);
            return Ok(());
        }
        self.note(id, task.close, 0);
        let result = self.apply_function(path, name, function, &values, position)?;
        self.count_text(result.text_bytes())?;
        self.put(id, &result, task)
    }

    /// Functions that look at values that need not be wholly known.
    fn call_own(
        &mut self,
        id: NodeId,
        (path, name): (&Rc<str>, &str),
        validator: bool,
        arguments: &'a [Expression],
        task: &Conjunct<'a>,
    ) -> Result<(), Stop> {
        let position = task.position;
        let kinds = match (&**path, name) {
            ("list", "Sort" | "SortStable" | "IsSorted") if !validator => {
                return self.sort(id, name, arguments, task);
            }
            _ if !validator => Kinds::NONE,
            ("encoding/json" | "encoding/yaml", _) => Kinds::STRING.or(Kinds::BYTES),
            ("struct", "MinFields" | "MaxFields") => Kinds::STRUCT,
            ("list", "MinItems" | "MaxItems" | "MatchN") => Kinds::LIST,
            _ => Kinds::NONE,
        };
        if kinds == Kinds::NONE {
            return Err(self.unsupported(position, format!("`{path}.{name}` is not supported here")));
        }
        self.arguments_are_sound(arguments, task, id)?;
        let check = if let Some(what) = Match::of(path, name) {
            Check::Match { what, arguments }
        } else {
            let values = self.arguments(id, arguments, &[pkg::Parameter::Int], &task.env)?;
            let Some(Data::Number(limit)) = values.first().filter(|limit| pkg::Parameter::Int.accepts(limit))
            else {
                return Err(Stop::fail(
                    ErrorKind::Operation,
                    position,
                    format!("`{path}.{name}` needs an int"),
                ));
            };
            Check::Count { name: format!("{path}.{name}").into(), limit: limit.clone() }
        };
        let flags = match kinds {
            Kinds::STRUCT => close::COUNTED,
            Kinds::LIST => close::LIST,
            _ => 0,
        };
        self.note(id, task.close, flags);
        self.node_mut(id).validators.push(Validator { check, env: task.env.clone(), position });
        self.narrow(id, kinds, position);
        Ok(())
    }

    /// Whether a list or struct has fewer elements or fields than it must have.
    pub(crate) fn too_few(&self, id: NodeId) -> bool {
        let this = self.node(id);
        let known = this.literal || !this.items.tails.is_empty() || this.items.length.is_some();
        known
            && this.validators.iter().any(|validator| match &validator.check {
                Check::Count { name, limit } if name.starts_with("list.Min") => {
                    crate::cue::number::Number::from(this.items.count()) < *limit
                }
                Check::Count { name, limit } if name.starts_with("struct.Min") => {
                    crate::cue::number::Number::from(this.regular().count()) < *limit
                }
                _ => false,
            })
    }

    /// `struct.MinFields(n)`, `list.MaxItems(n)`, ...
    pub(crate) fn count(
        &mut self,
        id: NodeId,
        name: &str,
        limit: &crate::cue::number::Number,
        position: Position,
    ) -> Result<(), Stop> {
        let this = self.node(id);
        // Where disjunctions were multiplied, the peer takes what is not known yet for a failure.
        let decided = this.decided.len() > 1;
        let (count, closed) = if name.starts_with("list") {
            (this.items.count(), this.items.length.is_some())
        } else {
            (this.regular().count(), self.is_closed(id))
        };
        if name.starts_with("struct") && !this.literal {
            return Ok(());
        }
        let number = crate::cue::number::Number::from(count);
        let of_definition = |conjunct: &Conjunct<'_>| matches!(conjunct.kind, super::node::Conj::Copy(from) if self.in_definition(from));
        if name == "struct.MinFields"
            && number < *limit
            && !closed
            && this.conjuncts.iter().any(of_definition)
        {
            let message =
                "cannot be decided: `struct.MinFields` of a definition that is looked at from outside";
            return Err(Stop::Fail(self.stop(Error::new(ErrorKind::Undecided, position, message))));
        }
        let wrong =
            if name.contains("Min") { number < *limit && (closed || decided) } else { number > *limit };
        if !wrong {
            return Ok(());
        }
        let error = Error::new(ErrorKind::Conflict, position, "the number of fields or elements");
        Err(Stop::Fail(Box::new(error.expected(format!("{name}({limit})"), count.to_string()))))
    }

    pub(crate) fn apply_function(
        &mut self,
        path: &str,
        name: &str,
        function: &Function,
        values: &[Data],
        position: Position,
    ) -> Result<Data, Stop> {
        for (value, parameter) in values.iter().zip(function.parameters) {
            if !parameter.accepts(value) {
                let message =
                    format!("`{path}.{name}` needs {}, not {}", parameter.name(), value.type_name());
                return Err(Stop::fail(ErrorKind::Operation, position, message));
            }
        }
        match function.body {
            Body::Concrete(body) | Body::Constraint(body) => body(values).map_err(|error| {
                let message = format!("`{path}.{name}`: {error}");
                self.refused_call(&error, Error::new(ErrorKind::Operation, position, message))
            }),
            Body::Evaluator => Err(self.unsupported(position, format!("`{path}.{name}` is not supported"))),
        }
    }

    /// What a call comes to that gives no value: the error, or no verdict, which no alternative hides.
    pub(crate) fn refused_call(&mut self, why: &pkg::CallError, error: Error) -> Stop {
        match why {
            pkg::CallError::Failed(_) => Stop::Fail(Box::new(error)),
            pkg::CallError::Unsupported(_) => {
                Stop::Fail(self.stop(Error { kind: ErrorKind::Unsupported, ..error }))
            }
            pkg::CallError::Budget(_) | pkg::CallError::Limit(_) => {
                Stop::Fail(self.stop(Error { kind: ErrorKind::Limit, ..error }))
            }
        }
    }

    fn builtin(
        &mut self,
        id: NodeId,
        call: &'a Expression,
        name: &str,
        arguments: &'a [Expression],
        task: &Conjunct<'a>,
    ) -> Result<(), Stop> {
        let position = call.position;
        match (name, arguments) {
            ("len", [value]) => {
                let length = self.length(value, &task.env, id)?;
                self.note(id, task.close, 0);
                self.set(id, Atom::Number(length.into()), position);
                Ok(())
            }
            ("close", [value]) => self.close(id, value, task),
            ("and" | "or", [list]) => self.and_or(id, call, name, list, task),
            ("div" | "mod" | "quo" | "rem", [left, right]) => {
                let mut side = |argument: &'a Expression| {
                    let value = self.atom_of_at(argument, &task.env, id);
                    self.of_kinds(value, Kinds::INT, argument, &task.env, id)
                };
                let (left, right) = super::expression::both(side(left), side(right))?;
                let result = super::arithmetic::divide(name, &left, &right, position);
                let result = self.heeding_limits(result)?;
                self.note(id, task.close, 0);
                self.set(id, result, position);
                Ok(())
            }
            ("error", [message]) => {
                let text = match self.atom_of_at(message, &task.env, id) {
                    Ok(Atom::String(text)) => text.to_string(),
                    Ok(other) => other.to_string(),
                    Err(Stop::Fail(error) | Stop::Wait(error)) => {
                        format!("an error whose message is not known: {}", error.message)
                    }
                };
                Err(Stop::fail(ErrorKind::Explicit, position, text))
            }
            ("matchN", [_, _]) | ("matchIf", [_, _, _]) => {
                let what = if name == "matchN" { Match::N } else { Match::If };
                self.arguments_are_sound(arguments, task, id)?;
                self.note(id, task.close, close::OPEN);
                let check = Check::Match { what, arguments };
                self.node_mut(id).validators.push(Validator { check, env: task.env.clone(), position });
                Ok(())
            }
            _ => {
                let message = format!("`{name}` cannot be called with {} arguments", arguments.len());
                Err(Stop::fail(ErrorKind::Operation, position, message))
            }
        }
    }

    /// `and([...])`, `or([...])`
    fn and_or(
        &mut self,
        id: NodeId,
        call: &'a Expression,
        name: &str,
        list: &'a Expression,
        task: &Conjunct<'a>,
    ) -> Result<(), Stop> {
        let position = call.position;
        let value = self.value_of(list, &task.env, id);
        let node = match self.of_kinds(value, Kinds::LIST, list, &task.env, id)? {
            Value::Node(node) if self.node(node).kinds == Kinds::LIST => node,
            _ => return Err(Stop::fail(ErrorKind::Operation, position, format!("`{name}` needs a list"))),
        };
        let items = self.items(node);
        self.note(id, task.close, 0);
        if name == "or" {
            if items.is_empty() {
                return Err(Stop::wait(position, "`or` of an empty list"));
            }
            self.choose(id, call, Disjuncts::Nodes(items.into()), task.clone());
            return Ok(());
        }
        for item in items {
            let kind = super::node::Conj::Node(item);
            self.node_mut(id).derived.push(Conjunct { kind, ..task.clone() });
        }
        Ok(())
    }
}

/// Functions of `list` that compare elements.
const SEEKS: [&str; 4] = ["Contains", "IsSorted", "IsSortedStrings", "UniqueItems"];

/// Functions of `list` that give a list.
const GIVES_LIST: [&str; 11] = [
    "Concat",
    "Drop",
    "FlattenN",
    "Range",
    "Repeat",
    "Reverse",
    "Slice",
    "Sort",
    "SortStable",
    "SortStrings",
    "Take",
];

/// Equality of structs and lists by `==`: order of fields aside; `1` in them is not `1.0`.
pub(crate) fn same(one: &Data, other: &Data) -> bool {
    match (one, other) {
        (Data::List(a), Data::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Data::Struct(a), Data::Struct(b)) => {
            a.len() == b.len()
                && a.iter().all(|(name, a)| b.iter().any(|(other, b)| name == other && same(a, b)))
        }
        (Data::Number(a), Data::Number(b)) => a.is_integer() == b.is_integer() && a == b,
        _ => one == other,
    }
}

pub(crate) fn text(name: &Name) -> &str {
    let (Name::Regular(text) | Name::Definition(text) | Name::Hidden(text)) = name;
    text
}

/// A scalar as data.
pub(crate) fn data(atom: &Atom) -> Data {
    match atom {
        Atom::Null => Data::Null,
        Atom::Bool(value) => Data::Bool(*value),
        Atom::Number(number) => Data::Number(number.clone()),
        Atom::String(text) => Data::String(text.clone()),
        Atom::Bytes(bytes) => Data::Bytes(bytes.clone()),
    }
}

/// A constant of a package.
fn constant(source: &str) -> Option<Atom> {
    if let Ok(number) = crate::cue::number::Number::literal(source) {
        return Some(Atom::Number(number));
    }
    let inner = source.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains(['\\', '"'])).then(|| Atom::String(inner.into()))
}

/// The kinds that a parameter takes.
pub(crate) fn accepted(parameter: pkg::Parameter) -> Kinds {
    match parameter {
        pkg::Parameter::Any => Kinds::TOP,
        pkg::Parameter::Bool => Kinds::BOOL,
        pkg::Parameter::Int => Kinds::INT,
        pkg::Parameter::Number => Kinds::NUMBER,
        pkg::Parameter::String => Kinds::STRING,
        pkg::Parameter::Bytes => Kinds::BYTES.or(Kinds::STRING),
        pkg::Parameter::List => Kinds::LIST,
        pkg::Parameter::Struct => Kinds::STRUCT,
    }
}
