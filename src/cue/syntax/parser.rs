//! Tokens to a tree: files and declarations.
//!
//! Labels and expressions look alike until the colon: a declaration begins as an expression, and is a field where that is a
//! label and a colon, `?` or `!` follows.

use super::{
    super::{
        ast::{Position, Presence},
        error::{Error, ErrorKind},
    },
    lexer::Lexer,
    token::{Quote, Symbol, Token, TokenKind},
    tree::{Clause, Comprehension, Declaration, Expression, Field, File, Import, Kind, Name},
};

/// Most levels of nesting: what walks the tree recurses that deep.
pub const MAX_DEPTH: usize = 100;

/// Reads one file; `file` is its place among the policy's files.
///
/// # Errors
///
/// The first thing in it that is not CUE, not supported, or above a limit.
pub fn parse(bytes: &[u8], file: u32) -> Result<File, Error> {
    let mut lexer = Lexer::new(bytes, file)?;
    let token = lexer.next()?;
    let mut parser = Parser { lexer, token, depth: 0 };
    parser.file()
}

pub(super) struct Parser<'a> {
    pub(super) lexer: Lexer<'a>,
    /// The one that is next.
    pub(super) token: Token,
    /// Levels of nesting around here.
    depth: usize,
}

impl<'a> Parser<'a> {
    fn file(&mut self) -> Result<File, Error> {
        self.file_attributes()?;
        let mut package = None;
        if self.is_word("package") {
            self.advance()?;
            let name = self.name()?;
            if name.text.starts_with(['#', '$']) {
                let message = format!("invalid package name `{}`", name.text);
                return Err(Error::new(ErrorKind::Package, name.position, message));
            }
            package = Some(name);
            self.separator("the package clause", &[])?;
        }
        self.file_attributes()?;
        let mut imports = Vec::new();
        while self.is_word("import") {
            self.imports(&mut imports)?;
        }
        let declarations = self.declarations()?;
        if self.token.kind != TokenKind::End {
            return Err(self.expected("a declaration"));
        }
        Ok(File { package, imports, declarations })
    }

    /// Attributes before the package clause and the imports: some change what the file is.
    fn file_attributes(&mut self) -> Result<(), Error> {
        while self.token.kind == TokenKind::Attribute {
            self.declaration_attribute()?;
        }
        Ok(())
    }

    /// An attribute that is a declaration. Those by which files are left out, or read with other rules or other files, are
    /// not supported wherever they stand: what is meant must not be ignored.
    fn declaration_attribute(&mut self) -> Result<(), Error> {
        self.attribute(&["if", "ignore", "extern", "experiment"])?;
        self.separator("a struct", &[TokenKind::Symbol(Symbol::RightBrace), TokenKind::End])
    }

    /// An attribute of a field. `@tag` asks for a value from the command line; all others mean nothing to a validation.
    fn field_attribute(&mut self) -> Result<(), Error> {
        self.attribute(&["tag"])
    }

    /// Any attribute but those of these names.
    fn attribute(&mut self, unsupported: &[&str]) -> Result<(), Error> {
        let text = self.lexer.text_of(self.token);
        let name = text.trim_start_matches('@').split('(').next().unwrap_or_default().trim_end();
        if unsupported.contains(&name) {
            let message = format!("the attribute `@{name}` is not supported");
            return Err(Error::new(ErrorKind::Unsupported, self.token.position, message));
        }
        self.advance()
    }

    fn imports(&mut self, imports: &mut Vec<Import>) -> Result<(), Error> {
        self.advance()?;
        if !self.eat(Symbol::LeftParenthesis)? {
            return self.import(imports);
        }
        while !self.is(Symbol::RightParenthesis) {
            self.import(imports)?;
        }
        self.advance()?;
        self.separator("the imports", &[TokenKind::End])
    }

    fn import(&mut self, imports: &mut Vec<Import>) -> Result<(), Error> {
        let name = if self.token.kind == TokenKind::Identifier { Some(self.name()?) } else { None };
        let position = self.token.position;
        // Go reads the path as a string of its own: in CUE's other quotes, and with escapes, it is none.
        let plain = Quote { mark: b'"', triple: false, hashes: 0 };
        if !matches!(self.token.kind, TokenKind::Text(piece) if piece.last && piece.quote == plain)
            || self.lexer.text_of(self.token).contains('\\')
        {
            return Err(self.expected("the path of a package, in plain double quotes"));
        }
        let Kind::Text(path) = self.text()?.kind else { return Err(self.expected("the path of a package")) };
        let path = String::from_utf8(path.value).unwrap_or_default();
        let clean = path.rsplit_once(':').map_or(&*path, |(path, _)| path);
        if clean.is_empty()
            || clean.contains(|c: char| c.is_control() || c.is_whitespace() || NOT_IN_PATHS.contains(c))
        {
            return Err(Error::new(ErrorKind::Name, position, format!("invalid import path `{path}`")));
        }
        imports.push(Import { position, name, path: path.into() });
        self.separator("the imports", &[TokenKind::Symbol(Symbol::RightParenthesis), TokenKind::End])
    }

    /// Declarations up to a closing brace or the end.
    pub(super) fn declarations(&mut self) -> Result<Vec<Declaration>, Error> {
        let mut declarations = Vec::new();
        while !self.is(Symbol::RightBrace) && self.token.kind != TokenKind::End {
            match self.token.kind {
                TokenKind::Attribute => {
                    self.declaration_attribute()?;
                    continue;
                }
                TokenKind::Symbol(Symbol::Ellipsis) => {
                    declarations.push(Declaration::Ellipsis(self.token.position));
                    self.advance()?;
                }
                _ => declarations.push(self.declaration()?),
            }
            self.separator("a struct", &[TokenKind::Symbol(Symbol::RightBrace), TokenKind::End])?;
        }
        Ok(declarations)
    }

    fn declaration(&mut self) -> Result<Declaration, Error> {
        let first = self.token;
        match first.kind {
            TokenKind::For | TokenKind::If => {
                self.advance()?;
                if !self.after_label() {
                    return Ok(Declaration::Comprehension(self.comprehension(first)?));
                }
                let word = self.word(first);
                return self.field_or_embedding(word);
            }
            TokenKind::Let => {
                self.advance()?;
                if self.token.kind != TokenKind::Identifier {
                    let word = self.word(first);
                    return self.field_or_embedding(word);
                }
                let name = self.name()?;
                self.expect(Symbol::Bind, "`=`")?;
                return Ok(Declaration::Let(name, self.expression()?));
            }
            _ => {}
        }
        let expression = self.expression()?;
        self.field_or_embedding(expression)
    }

    /// Whether what stands here shows that the keyword before it is a label.
    pub(super) fn after_label(&self) -> bool {
        use Symbol::{Bind, Colon, Question};
        match self.token.kind {
            TokenKind::Comma | TokenKind::Newline | TokenKind::End => true,
            // `if !x {` is a condition, `if!: x` is a label.
            TokenKind::Symbol(Symbol::Not) => self.lexer.rest().trim_start().starts_with(':'),
            TokenKind::Symbol(symbol) => matches!(symbol, Bind | Colon | Question),
            _ => false,
        }
    }

    /// A keyword as a name.
    pub(super) fn word(&self, token: Token) -> Expression {
        Expression::new(token.position, Kind::Identifier(self.lexer.text_of(token).into()))
    }

    /// A declaration of which an expression is read already.
    fn field_or_embedding(&mut self, expression: Expression) -> Result<Declaration, Error> {
        let (alias, label) = self.label(expression)?;
        if is_label(&label, alias.is_some()) && self.at_presence() {
            return Ok(Declaration::Field(Box::new(self.field(alias, label)?)));
        }
        match alias {
            None => Ok(Declaration::Embedding(label)),
            Some(alias) => Err(Error::new(
                ErrorKind::Syntax,
                alias.position,
                format!("an alias of an old style: write `let {} = ...`", alias.text),
            )),
        }
    }

    /// `name` or `name=expression`.
    fn label(&mut self, expression: Expression) -> Result<(Option<Name>, Expression), Error> {
        if self.is(Symbol::Bind) {
            let Kind::Identifier(text) = expression.kind else {
                return Err(self.expected("`,` or a line's end"));
            };
            let alias = Name { position: expression.position, text };
            self.advance()?;
            return Ok((Some(alias), self.expression()?));
        }
        Ok((None, expression))
    }

    fn at_presence(&self) -> bool {
        self.is(Symbol::Colon) || self.is(Symbol::Question) || self.is(Symbol::Not)
    }

    /// What follows a label, at `:`, `?` or `!`; chained labels too.
    fn field(&mut self, alias: Option<Name>, label: Expression) -> Result<Field, Error> {
        let mut labels = vec![self.labelled(alias, label)?];
        let (value_alias, value) = loop {
            let (alias, expression) = self.field_value()?;
            if !(is_label(&expression, alias.is_some()) && self.at_presence()) {
                break (alias, expression);
            }
            labels.push(self.labelled(alias, expression)?);
        };
        while self.token.kind == TokenKind::Attribute {
            self.field_attribute()?;
        }
        let mut field = None;
        let mut last = Some((value_alias, value));
        while let Some((position, alias, label, presence)) = labels.pop() {
            let (value_alias, value) = match (field.take(), last.take()) {
                (Some(inner), _) => {
                    (None, self.node(position, Kind::Struct(vec![Declaration::Field(Box::new(inner))]))?)
                }
                (None, Some(last)) => last,
                (None, None) => return Err(self.expected("a value")),
            };
            field = Some(Field { position, alias, label, presence, value_alias, value });
        }
        field.ok_or_else(|| self.expected("a value"))
    }

    /// What follows a colon: a value, or the label of the next field of a chain.
    fn field_value(&mut self) -> Result<(Option<Name>, Expression), Error> {
        let expression = self.expression()?;
        self.label(expression)
    }

    /// A label with its `?` or `!` and its colon.
    fn labelled(
        &mut self,
        alias: Option<Name>,
        label: Expression,
    ) -> Result<(Position, Option<Name>, Expression, Presence), Error> {
        let presence = if self.eat(Symbol::Question)? {
            Presence::Optional
        } else if self.eat(Symbol::Not)? {
            Presence::Required
        } else {
            Presence::Regular
        };
        self.expect(Symbol::Colon, "`:`")?;
        let position = alias.as_ref().map_or(label.position, |alias| alias.position);
        Ok((position, alias, label, presence))
    }

    /// What follows the first `for` or `if`.
    pub(super) fn comprehension(&mut self, first: Token) -> Result<Comprehension, Error> {
        let mut clauses = Vec::new();
        let mut keyword = first;
        loop {
            let position = keyword.position;
            // Clauses are scopes, one inside of the other.
            if clauses.len() >= MAX_DEPTH {
                return Err(too_deep(position));
            }
            clauses.push(match keyword.kind {
                TokenKind::For => self.for_clause(position)?,
                TokenKind::If => Clause::If(position, self.expression()?),
                _ => {
                    let name = self.name()?;
                    self.expect(Symbol::Bind, "`=`")?;
                    Clause::Let(position, name, self.expression()?)
                }
            });
            if matches!(self.token.kind, TokenKind::Comma | TokenKind::Newline) {
                self.advance()?;
            }
            if !matches!(self.token.kind, TokenKind::For | TokenKind::If | TokenKind::Let) {
                break;
            }
            keyword = self.token;
            self.advance()?;
        }
        let brace = self.token.position;
        if !self.is(Symbol::LeftBrace) {
            return Err(self.expected("`{`"));
        }
        let body = self.deeper(Self::struct_body)?;
        Ok(Comprehension { position: first.position, clauses, brace, body })
    }

    fn for_clause(&mut self, position: Position) -> Result<Clause, Error> {
        let mut value = self.name()?;
        let mut key = None;
        if self.token.kind == TokenKind::Comma {
            self.advance()?;
            key = Some(std::mem::replace(&mut value, self.name()?));
        }
        if self.token.kind != TokenKind::In {
            return Err(self.expected("`in`"));
        }
        self.advance()?;
        Ok(Clause::For(position, key, value, self.expression()?))
    }

    /// `{ ... }`
    pub(super) fn struct_body(&mut self) -> Result<Vec<Declaration>, Error> {
        self.advance()?;
        let body = self.declarations()?;
        self.expect(Symbol::RightBrace, "`}`")?;
        Ok(body)
    }

    /// A comma or a line's end, consumed; or one of what may stand here without.
    pub(super) fn separator(&mut self, inside: &str, or: &[TokenKind]) -> Result<(), Error> {
        if matches!(self.token.kind, TokenKind::Comma | TokenKind::Newline) {
            return self.advance();
        }
        if or.contains(&self.token.kind) {
            return Ok(());
        }
        self.refuse_unsupported()?;
        let nested = if self.is(Symbol::Colon) { " (nested fields are written `a: b: value`)" } else { "" };
        Err(self.expected(&format!("`,` or a line's end in {inside}{nested}")))
    }

    /// What a later CUE allows here, or CUE 0.15 after `@experiment`.
    fn refuse_unsupported(&self) -> Result<(), Error> {
        let what = match self.token.kind {
            TokenKind::Symbol(Symbol::Tilde) => "an alias after its label (`label~alias`)",
            TokenKind::Symbol(Symbol::Ellipsis) => "`...` after an expression",
            _ => return Ok(()),
        };
        Err(Error::new(ErrorKind::Unsupported, self.token.position, format!("{what} is not supported")))
    }

    /// An identifier.
    pub(super) fn name(&mut self) -> Result<Name, Error> {
        if self.token.kind != TokenKind::Identifier {
            return Err(self.expected("a name"));
        }
        let name = Name { position: self.token.position, text: self.lexer.text_of(self.token).into() };
        self.advance()?;
        Ok(name)
    }

    pub(super) fn is(&self, symbol: Symbol) -> bool {
        self.token.kind == TokenKind::Symbol(symbol)
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        self.token.kind == TokenKind::Identifier && self.lexer.text_of(self.token) == word
    }

    pub(super) fn eat(&mut self, symbol: Symbol) -> Result<bool, Error> {
        let there = self.is(symbol);
        if there {
            self.advance()?;
        }
        Ok(there)
    }

    pub(super) fn expect(&mut self, symbol: Symbol, called: &str) -> Result<(), Error> {
        if self.eat(symbol)? { Ok(()) } else { Err(self.expected(called)) }
    }

    pub(super) fn advance(&mut self) -> Result<(), Error> {
        self.token = self.lexer.next()?;
        Ok(())
    }

    /// One level deeper.
    pub(super) fn deeper<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.depth >= MAX_DEPTH {
            return Err(too_deep(self.token.position));
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    /// A node, unless it is higher than a tree may be.
    #[expect(clippy::unused_self, reason = "reads as a method where it is called")]
    pub(super) fn node(&self, position: Position, kind: Kind) -> Result<Expression, Error> {
        let node = Expression::new(position, kind);
        if node.height > MAX_DEPTH { Err(too_deep(position)) } else { Ok(node) }
    }

    /// That something else stands here.
    pub(super) fn expected(&self, what: &str) -> Error {
        let found = match self.token.kind {
            TokenKind::End => "the end of the file".to_owned(),
            TokenKind::Newline => "the end of the line".to_owned(),
            TokenKind::Text(_) => "a string".to_owned(),
            _ => format!("`{}`", self.lexer.text_of(self.token).chars().take(40).collect::<String>()),
        };
        Error::new(ErrorKind::Syntax, self.token.position, format!("expected {what}, found {found}"))
    }
}

/// Whether an expression may be a label; after an alias, also what is refused later with a better message.
fn is_label(expression: &Expression, aliased: bool) -> bool {
    match &expression.kind {
        Kind::Identifier(_)
        | Kind::Text(_)
        | Kind::Interpolation(..)
        | Kind::Parenthesis(_)
        | Kind::List(..)
        | Kind::Bool(_)
        | Kind::Null => true,
        Kind::Number(_) => aliased,
        _ => false,
    }
}

fn too_deep(position: Position) -> Error {
    Error::new(ErrorKind::Limit, position, format!("nested more than {MAX_DEPTH} levels deep"))
}

const NOT_IN_PATHS: &str = "!\"#$%&'()*,:;<=>?[\\]^{|}`\u{fffd}";
