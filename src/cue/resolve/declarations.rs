//! Structs and comprehensions.

use std::{collections::HashMap, rc::Rc};

use super::{
    super::{
        ast::{self, Label, Name, Position},
        error::{Error, ErrorKind},
        syntax::tree::{self, Declaration},
    },
    LetClause, Resolver,
    scope::{Kind, Meaning, State},
};

impl Resolver<'_> {
    /// A struct literal: a scope.
    pub(super) fn structure(
        &mut self,
        position: Position,
        body: Vec<Declaration>,
    ) -> Result<ast::Struct, Error> {
        self.scopes.push(Kind::Environment);
        let body = self.declarations(position, body)?;
        self.scopes.pop()?;
        Ok(body)
    }

    /// The declarations of the innermost scope.
    pub(super) fn declarations(
        &mut self,
        position: Position,
        body: Vec<Declaration>,
    ) -> Result<ast::Struct, Error> {
        let first_let = self.lets.len();
        self.declare(&body)?;
        let (mut labels, body) = self.aliased_labels(body)?;
        let mut bound = ast::Struct { position, ..ast::Struct::default() };
        for (index, declaration) in body.into_iter().enumerate() {
            if let Declaration::Let(name, value) = declaration {
                let clause = first_let + bound.lets.len();
                bound.lets.push(self.let_clause(name, value, clause)?);
            } else {
                bound.declarations.push(self.declaration(declaration, labels.remove(&index))?);
            }
        }
        Ok(bound)
    }

    /// A declaration but `let`; `label` is its label where that is resolved already.
    fn declaration(
        &mut self,
        declaration: Declaration,
        label: Option<Rc<ast::Expression>>,
    ) -> Result<ast::Declaration, Error> {
        match declaration {
            Declaration::Field(field) => self.field(field, label),
            Declaration::Embedding(value) | Declaration::Let(_, value) => {
                self.expression(value).map(ast::Declaration::Embedding)
            }
            Declaration::Comprehension(comprehension) => {
                self.comprehension(comprehension).map(ast::Declaration::Comprehension)
            }
            Declaration::Ellipsis(position) => Ok(ast::Declaration::Ellipsis(position)),
        }
    }

    /// Declares the names of a struct's fields, aliases and `let` clauses.
    fn declare(&mut self, body: &[Declaration]) -> Result<(), Error> {
        let (mut place, mut index) = (0, 0);
        for declaration in body {
            match declaration {
                Declaration::Let(name, _) => {
                    self.scopes.declare(&name.text, name.position, Meaning::Let(index, self.lets.len()))?;
                    self.lets.push(LetClause { position: name.position, refers_to: Vec::new() });
                    index += 1;
                    continue;
                }
                Declaration::Field(field) => self.declare_field(field, place)?,
                _ => {}
            }
            place += 1;
        }
        Ok(())
    }

    fn declare_field(&mut self, field: &tree::Field, place: usize) -> Result<(), Error> {
        if let Some(alias) = &field.alias {
            let meaning = match fixed(&field.label)? {
                // The alias of a pattern is declared in the pattern's own scope.
                None if matches!(field.label.kind, tree::Kind::List(..)) => None,
                None => Some(Meaning::DynamicAlias(place)),
                Some(name) => Some(Meaning::FieldAlias(name)),
            };
            if let Some(meaning) = meaning {
                self.scopes.declare(&alias.text, alias.position, meaning)?;
            }
        }
        match identifier(&field.label) {
            Some(name) => self.scopes.declare(name, field.label.position, Meaning::Field(classify(name))),
            None => Ok(()),
        }
    }

    /// The dynamic labels that have aliases, by their declarations: they may refer to those before them alone.
    #[expect(clippy::type_complexity, reason = "a part of one function alone")]
    fn aliased_labels(
        &mut self,
        body: Vec<Declaration>,
    ) -> Result<(HashMap<usize, Rc<ast::Expression>>, Vec<Declaration>), Error> {
        let waiting: Vec<(usize, Rc<str>)> = body.iter().enumerate().filter_map(dynamic_alias).collect();
        waiting.iter().for_each(|(_, alias)| self.scopes.set_state(alias, State::Pending));
        let (mut labels, mut rest, mut waiting) =
            (HashMap::new(), Vec::with_capacity(body.len()), waiting.into_iter().peekable());
        for (index, mut declaration) in body.into_iter().enumerate() {
            if let Declaration::Field(field) = &mut declaration
                && let Some((_, alias)) = waiting.next_if(|(at, _)| *at == index)
            {
                let position = field.label.position;
                let label =
                    std::mem::replace(&mut field.label, tree::Expression::new(position, tree::Kind::Bottom));
                labels.insert(index, Rc::new(self.expression(label)?));
                self.scopes.set_state(&alias, State::Known);
            }
            rest.push(declaration);
        }
        Ok((labels, rest))
    }

    /// A field or a pattern; `label` is the label where it is resolved already.
    fn field(
        &mut self,
        field: Box<tree::Field>,
        label: Option<Rc<ast::Expression>>,
    ) -> Result<ast::Declaration, Error> {
        let tree::Field { position, alias, label: written, presence, value_alias, value } = *field;
        if let tree::Kind::List(elements, rest) = written.kind {
            if rest.is_some() || elements.len() != 1 {
                return Err(Error::new(
                    ErrorKind::Syntax,
                    written.position,
                    "a pattern is one expression in square brackets",
                ));
            }
            let Some(element) = elements.into_iter().next() else { return Err(misplaced(written.position)) };
            return self.pattern(written.position, alias, element, value_alias, value);
        }
        if let Some(name) = identifier(&written) {
            self.refuse_in_pattern(name, written.position)?;
        }
        let label = match (label, fixed(&written)?) {
            (Some(label), _) => Label::Dynamic(label),
            (None, Some(name)) => Label::Fixed(name),
            (None, None) => Label::Dynamic(Rc::new(self.expression(written)?)),
        };
        let top = self.scopes.len() == 1;
        if let (true, Label::Fixed(Name::Regular(name))) = (top, &label) {
            self.top = Some(Rc::clone(name));
        }
        let value = self.field_value(value_alias, value)?;
        if top {
            self.top = None;
        }
        Ok(ast::Declaration::Field(ast::Field { position, label, presence, value }))
    }

    fn pattern(
        &mut self,
        position: Position,
        alias: Option<tree::Name>,
        element: tree::Element,
        value_alias: Option<tree::Name>,
        value: tree::Expression,
    ) -> Result<ast::Declaration, Error> {
        if let (Some(_), Some(alias)) = (&alias, &value_alias) {
            let message = "a pattern with an alias before it and one before its value";
            return Err(Error::new(ErrorKind::Name, alias.position, message));
        }
        self.scopes.push(Kind::Environment);
        if let Some(alias) = alias {
            self.scopes.declare(&alias.text, alias.position, Meaning::Matched)?;
        }
        let pattern = match element {
            tree::Element::Value(pattern) => pattern,
            tree::Element::Alias(label, pattern) => {
                self.scopes.declare(&label.text, label.position, Meaning::Label)?;
                pattern
            }
            tree::Element::Comprehension(comprehension) => return Err(misplaced(comprehension.position)),
        };
        // The pattern is evaluated outside of its scope; and the names of that may not be in it.
        let outer = self.pattern.replace(self.scopes.len());
        self.scopes.set_environment(false);
        let pattern = self.expression(pattern)?;
        self.scopes.set_environment(true);
        self.pattern = outer;
        let value = self.field_value(value_alias, value)?;
        self.scopes.pop()?;
        Ok(ast::Declaration::Pattern(ast::Pattern { position, pattern, value }))
    }

    /// The value of a field of the innermost scope.
    fn field_value(
        &mut self,
        alias: Option<tree::Name>,
        value: tree::Expression,
    ) -> Result<ast::Expression, Error> {
        let aliased = alias.is_some();
        if let Some(alias) = alias {
            self.scopes.push(Kind::Alias);
            self.scopes.declare(&alias.text, alias.position, Meaning::Value)?;
        }
        self.scopes.in_value(true);
        let value = self.expression(value)?;
        self.scopes.in_value(false);
        if aliased {
            self.scopes.pop()?;
        }
        Ok(value)
    }

    fn let_clause(
        &mut self,
        name: tree::Name,
        value: tree::Expression,
        clause: usize,
    ) -> Result<ast::Let, Error> {
        self.scopes.set_state(&name.text, State::Hidden);
        let outer = self.current_let.replace(clause);
        let value = Rc::new(self.expression(value)?);
        self.current_let = outer;
        self.scopes.set_state(&name.text, State::Known);
        Ok(ast::Let { position: name.position, name: name.text, value })
    }

    pub(super) fn comprehension(
        &mut self,
        comprehension: tree::Comprehension,
    ) -> Result<ast::Comprehension, Error> {
        let tree::Comprehension { position, clauses, brace, body } = comprehension;
        let scopes = self.scopes.len();
        let clauses = clauses.into_iter().map(|clause| self.clause(clause)).collect::<Result<_, _>>()?;
        let body = Rc::new(self.structure(brace, body)?);
        while self.scopes.len() > scopes {
            self.scopes.pop()?;
        }
        Ok(ast::Comprehension { position, clauses, body })
    }

    /// A clause; its scope stays open for what follows it.
    fn clause(&mut self, clause: tree::Clause) -> Result<ast::Clause, Error> {
        Ok(match clause {
            tree::Clause::For(position, key, value, source) => {
                let source = self.expression(source)?;
                self.scopes.push(Kind::Environment);
                if let Some(key) = &key {
                    self.scopes.declare(&key.text, key.position, Meaning::Variable(true))?;
                }
                self.scopes.declare(&value.text, value.position, Meaning::Variable(false))?;
                let key = key.map(|key| key.text).filter(|key| &**key != "_");
                ast::Clause::For { position, key, value: value.text, source }
            }
            tree::Clause::If(position, condition) => {
                ast::Clause::If { position, condition: self.expression(condition)? }
            }
            tree::Clause::Let(position, name, value) => {
                let value = Rc::new(self.expression(value)?);
                self.scopes.push(Kind::Environment);
                self.scopes.declare(&name.text, name.position, Meaning::Variable(false))?;
                ast::Clause::Let { position, name: name.text, value }
            }
        })
    }
}

/// The place and the alias of a field whose label is dynamic.
fn dynamic_alias((index, declaration): (usize, &Declaration)) -> Option<(usize, Rc<str>)> {
    let Declaration::Field(field) = declaration else { return None };
    let alias = field.alias.as_ref()?;
    let dynamic = matches!(field.label.kind, tree::Kind::Interpolation(..) | tree::Kind::Parenthesis(_));
    dynamic.then(|| (index, Rc::clone(&alias.text)))
}

/// The name of a label that is an identifier.
pub(super) fn identifier(label: &tree::Expression) -> Option<&Rc<str>> {
    match &label.kind {
        tree::Kind::Identifier(name) => Some(name),
        _ => None,
    }
}

/// The name of a label that is known from the source.
fn fixed(label: &tree::Expression) -> Result<Option<Name>, Error> {
    let refuse = |why: &str| Err(Error::new(ErrorKind::Syntax, label.position, why));
    match &label.kind {
        tree::Kind::Identifier(name) if &**name == "_" => refuse("`_` cannot be a label"),
        tree::Kind::Identifier(name) => Ok(Some(classify(name))),
        tree::Kind::Text(text) => match str::from_utf8(&text.value) {
            Ok(text) => Ok(Some(Name::Regular(text.into()))),
            Err(_) => refuse("a label that is not UTF-8"),
        },
        tree::Kind::Bool(value) => Ok(Some(Name::Regular(value.to_string().into()))),
        tree::Kind::Null => Ok(Some(Name::Regular("null".into()))),
        tree::Kind::Number(_) => refuse("a number cannot be a label"),
        tree::Kind::Interpolation(true, ..) => refuse("a label of bytes"),
        _ => Ok(None),
    }
}

/// Which sort of field an identifier names.
pub(super) fn classify(name: &Rc<str>) -> Name {
    match name.as_bytes() {
        [b'_', ..] => Name::Hidden(Rc::clone(name)),
        [b'#', ..] => Name::Definition(Rc::clone(name)),
        _ => Name::Regular(Rc::clone(name)),
    }
}

fn misplaced(position: Position) -> Error {
    Error::new(ErrorKind::Syntax, position, "a comprehension cannot be a pattern")
}
