//! Expressions.

use std::rc::Rc;

use super::{
    super::{
        ast::{self, Binding, Disjunct, Kind, Name, Part, Position},
        error::{Error, ErrorKind},
        syntax::tree::{self, Binary, Unary},
    },
    Resolver,
    declarations::classify,
    predeclared, scope,
};

impl Resolver<'_> {
    pub(super) fn expression(&mut self, expression: tree::Expression) -> Result<ast::Expression, Error> {
        let tree::Expression { position, kind, .. } = expression;
        // One `?` for all of them: each would take its part of the stack, at every level.
        let kind = match kind {
            tree::Kind::Bottom => Ok(Kind::Bottom),
            tree::Kind::Null => Ok(Kind::Null),
            tree::Kind::Bool(value) => Ok(Kind::Bool(value)),
            tree::Kind::Number(number) => Ok(Kind::Number(number)),
            tree::Kind::Text(text) if text.bytes => Ok(Kind::Bytes(text.value.into())),
            tree::Kind::Text(text) => string(text.value, position).map(Kind::String),
            tree::Kind::Interpolation(bytes, pieces, parts) => self.interpolation(bytes, pieces, parts),
            tree::Kind::Identifier(name) => self.reference(name, position),
            tree::Kind::Struct(body) => self.struct_literal(position, body),
            tree::Kind::List(elements, rest) => self.list(elements, rest),
            tree::Kind::Parenthesis(inner) => return self.expression(*inner),
            tree::Kind::Selector(operand, name) => self.selector(*operand, *name),
            tree::Kind::Index(operand, index) => self.index(*operand, *index),
            tree::Kind::Slice(operand, low, high) => self.slice(*operand, low, high),
            tree::Kind::Call(function, arguments) => self.call(*function, arguments),
            tree::Kind::Unary(operator, operand) => self.unary(operator, *operand, position),
            tree::Kind::Binary(operator, left, right) => self.binary(operator, *left, *right, position),
            tree::Kind::Disjunction(disjuncts) => self.disjunction(disjuncts),
        };
        Ok(ast::Expression { position, kind: kind? })
    }

    fn shared(&mut self, expression: tree::Expression) -> Result<Rc<ast::Expression>, Error> {
        self.expression(expression).map(Rc::new)
    }

    fn struct_literal(&mut self, position: Position, body: Vec<tree::Declaration>) -> Result<Kind, Error> {
        Ok(Kind::Struct(Rc::new(self.structure(position, body)?)))
    }

    fn index(&mut self, operand: tree::Expression, index: tree::Expression) -> Result<Kind, Error> {
        Ok(Kind::Index { operand: self.shared(operand)?, index: self.shared(index)? })
    }

    fn slice(
        &mut self,
        operand: tree::Expression,
        low: Option<Box<tree::Expression>>,
        high: Option<Box<tree::Expression>>,
    ) -> Result<Kind, Error> {
        let operand = self.shared(operand)?;
        let low = low.map(|low| self.shared(*low)).transpose()?;
        Ok(Kind::Slice { operand, low, high: high.map(|high| self.shared(*high)).transpose()? })
    }

    fn call(&mut self, function: tree::Expression, arguments: Vec<tree::Expression>) -> Result<Kind, Error> {
        let function = self.shared(function)?;
        let arguments =
            arguments.into_iter().map(|argument| self.expression(argument)).collect::<Result<_, _>>()?;
        Ok(Kind::Call { function, arguments })
    }

    fn disjunction(&mut self, disjuncts: Vec<tree::Expression>) -> Result<Kind, Error> {
        let disjuncts = disjuncts.into_iter().map(|disjunct| self.disjunct(disjunct));
        Ok(Kind::Disjunction(disjuncts.collect::<Result<_, _>>()?))
    }

    fn interpolation(
        &mut self,
        bytes: bool,
        pieces: Vec<Vec<u8>>,
        expressions: Vec<tree::Expression>,
    ) -> Result<Kind, Error> {
        let mut parts = Vec::with_capacity(pieces.len() + expressions.len());
        let mut expressions = expressions.into_iter();
        for piece in pieces {
            if !piece.is_empty() {
                parts.push(Part::Literal(piece.into()));
            }
            if let Some(expression) = expressions.next() {
                parts.push(Part::Expression(self.expression(expression)?));
            }
        }
        Ok(Kind::Interpolation { bytes, parts })
    }

    fn reference(&mut self, name: Rc<str>, position: Position) -> Result<Kind, Error> {
        self.refuse_in_pattern(&name, position)?;
        if &*name != "_"
            && let Some(found) = self.scopes.find(&name, position)?
        {
            if let (Some(from), Some(to)) = (self.current_let, found.clause) {
                self.lets[from].refers_to.push(to);
            }
            self.note_reference(&found.binding);
            return Ok(Kind::Reference { name, binding: found.binding });
        }
        let binding = if self.shared.contains(&name) {
            Binding::Field { up: self.scopes.depth(), name: classify(&name) }
        } else if let Some(predeclared) = predeclared::name(&name) {
            Binding::Predeclared(predeclared.into())
        } else {
            let message = format!("reference `{name}` not found{}", predeclared::hint(&name));
            return Err(Error::new(ErrorKind::Name, position, message));
        };
        self.note_reference(&binding);
        Ok(Kind::Reference { name, binding })
    }

    /// Notes which fields of the top level are referred to from elsewhere.
    fn note_reference(&mut self, binding: &Binding) {
        if let Binding::Field { up, name: Name::Regular(name) } = binding
            && *up == self.scopes.depth()
            && self.top.as_ref() != Some(name)
        {
            self.referenced.insert(Rc::clone(name));
        }
    }

    /// Refuses a name in a pattern that a field has which the pattern may be about.
    pub(super) fn refuse_in_pattern(&self, name: &str, position: Position) -> Result<(), Error> {
        match self.pattern {
            Some(scopes) if self.scopes.matched_by_pattern(name, scopes) => {
                let message =
                    format!("`{name}` in a pattern means a field of the struct that the pattern stands in");
                Err(Error::new(ErrorKind::Name, position, message))
            }
            _ => Ok(()),
        }
    }

    fn selector(&mut self, operand: tree::Expression, name: tree::Expression) -> Result<Kind, Error> {
        let position = name.position;
        let name = match name.kind {
            tree::Kind::Identifier(name) => {
                self.refuse_in_pattern(&name, position)?;
                classify(&name)
            }
            tree::Kind::Text(text) => Name::Regular(string(text.value, position)?),
            _ => return Err(Error::new(ErrorKind::Syntax, position, "a selector is a name or a string")),
        };
        Ok(Kind::Selector { operand: self.shared(operand)?, name })
    }

    fn list(
        &mut self,
        elements: Vec<tree::Element>,
        rest: Option<(Position, Option<Box<tree::Expression>>)>,
    ) -> Result<Kind, Error> {
        self.scopes.push(scope::Kind::Environment);
        let elements = elements.into_iter().map(|element| self.element(element)).collect::<Result<_, _>>()?;
        let rest = match rest {
            Some((position, value)) => {
                Some(ast::Rest { position, value: value.map(|value| self.shared(*value)).transpose()? })
            }
            None => None,
        };
        self.scopes.pop()?;
        Ok(Kind::List(ast::List { elements, rest }))
    }

    fn element(&mut self, element: tree::Element) -> Result<ast::Element, Error> {
        match element {
            tree::Element::Value(value) => Ok(ast::Element::Value(self.shared(value)?)),
            tree::Element::Comprehension(comprehension) => {
                Ok(ast::Element::Comprehension(self.comprehension(comprehension)?))
            }
            tree::Element::Alias(name, _) => {
                let message = format!(
                    "the alias `{}` of an element of a list: aliases are for labels and fields",
                    name.text
                );
                Err(Error::new(ErrorKind::Syntax, name.position, message))
            }
        }
    }

    fn unary(
        &mut self,
        operator: Unary,
        operand: tree::Expression,
        position: Position,
    ) -> Result<Kind, Error> {
        let operator = match operator {
            Unary::Minus => ast::Unary::Minus,
            Unary::Plus => ast::Unary::Plus,
            Unary::Not => ast::Unary::Not,
            Unary::Bound(operator) => return Ok(Kind::Bound { operator, operand: self.shared(operand)? }),
            Unary::Star => {
                let message = "the mark of a default, `*`, on something that is not a side of `|`";
                return Err(Error::new(ErrorKind::Syntax, position, message));
            }
        };
        Ok(Kind::Unary { operator, operand: self.shared(operand)? })
    }

    fn binary(
        &mut self,
        operator: Binary,
        left: tree::Expression,
        right: tree::Expression,
        position: Position,
    ) -> Result<Kind, Error> {
        let (left, right) = (self.expression(left)?, self.expression(right)?);
        if operator != Binary::Plain(ast::Binary::Unify) {
            refuse_abstract(&left)?;
            refuse_abstract(&right)?;
        }
        Ok(match operator {
            Binary::Plain(operator) => Kind::Binary { operator, left: Rc::new(left), right: Rc::new(right) },
            Binary::Integer(name) => {
                let kind = Kind::Reference { name: name.into(), binding: Binding::Predeclared(name.into()) };
                Kind::Call {
                    function: Rc::new(ast::Expression { position, kind }),
                    arguments: vec![left, right],
                }
            }
        })
    }

    fn disjunct(&mut self, mut value: tree::Expression) -> Result<Disjunct, Error> {
        let mut default = false;
        while let tree::Kind::Unary(Unary::Star, operand) = value.kind {
            default = true;
            value = *operand;
        }
        Ok(Disjunct { default, value: self.expression(value)? })
    }
}

/// Refuses an operand that never becomes concrete: a type, a bound.
fn refuse_abstract(operand: &ast::Expression) -> Result<(), Error> {
    let what = match &operand.kind {
        Kind::Bound { .. } => "a bound",
        Kind::Reference { binding: Binding::Predeclared(name), .. } if predeclared::is_type(name) => "a type",
        _ => return Ok(()),
    };
    Err(Error::new(
        ErrorKind::Operation,
        operand.position,
        format!("{what} as an operand, where a concrete value is needed"),
    ))
}

fn string(value: Vec<u8>, position: Position) -> Result<Rc<str>, Error> {
    match String::from_utf8(value) {
        Ok(value) => Ok(value.into()),
        Err(_) => Err(Error::new(ErrorKind::Syntax, position, "a string that is not UTF-8")),
    }
}
