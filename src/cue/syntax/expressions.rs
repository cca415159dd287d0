//! Tokens to a tree: expressions.

use super::{
    super::{
        ast::{self, Relation},
        error::{Error, ErrorKind},
        number::Number,
    },
    parser::Parser,
    text,
    token::{Symbol, TokenKind},
    tree::{Binary, Element, Expression, Kind, Name, Text, Unary},
};

/// An operator of two sides as the parser meets it.
enum Infix {
    Or,
    Other(Binary),
}

impl Parser<'_> {
    /// An expression.
    pub(super) fn expression(&mut self) -> Result<Expression, Error> {
        self.deeper(|parser| parser.binary(1))
    }

    /// Operators of at least this precedence; all of them bind to the left.
    fn binary(&mut self, least: u8) -> Result<Expression, Error> {
        let left = self.unary()?;
        self.binary_tail(least, left)
    }

    fn binary_tail(&mut self, least: u8, mut left: Expression) -> Result<Expression, Error> {
        while let Some((infix, precedence)) = self.infix()
            && precedence >= least
        {
            let position = self.token.position;
            self.advance()?;
            let right = self.deeper(|parser| parser.binary(precedence + 1))?;
            let kind = match (infix, left.kind) {
                (Infix::Or, Kind::Disjunction(mut disjuncts)) => {
                    disjuncts.push(right);
                    left = self.node(left.position, Kind::Disjunction(disjuncts))?;
                    continue;
                }
                (infix, kind) => {
                    left.kind = kind;
                    match infix {
                        Infix::Or => Kind::Disjunction(vec![left, right]),
                        Infix::Other(operator) => Kind::Binary(operator, Box::new(left), Box::new(right)),
                    }
                }
            };
            left = self.node(position, kind)?;
        }
        Ok(left)
    }

    /// The operator that stands here, and its precedence.
    fn infix(&self) -> Option<(Infix, u8)> {
        use ast::Binary::{Add, And, Multiply, Or, Quotient, Subtract, Unify};
        let plain = |operator, precedence| Some((Infix::Other(Binary::Plain(operator)), precedence));
        match self.token.kind {
            TokenKind::Identifier => {
                let word = ["div", "mod", "quo", "rem"].into_iter().find(|word| self.is_word(word))?;
                Some((Infix::Other(Binary::Integer(word)), 7))
            }
            TokenKind::Symbol(symbol) => match symbol {
                Symbol::Or => Some((Infix::Or, 1)),
                Symbol::And => plain(Unify, 2),
                Symbol::OrOr => plain(Or, 3),
                Symbol::AndAnd => plain(And, 4),
                Symbol::Equal => plain(ast::Binary::Relation(Relation::Equal), 5),
                Symbol::Plus => plain(Add, 6),
                Symbol::Minus => plain(Subtract, 6),
                Symbol::Star => plain(Multiply, 7),
                Symbol::Slash => plain(Quotient, 7),
                _ => plain(ast::Binary::Relation(relation(symbol)?), 5),
            },
            _ => None,
        }
    }

    fn unary(&mut self) -> Result<Expression, Error> {
        let TokenKind::Symbol(symbol) = self.token.kind else { return self.primary() };
        let operator = match symbol {
            Symbol::Minus => Unary::Minus,
            Symbol::Plus => Unary::Plus,
            Symbol::Not => Unary::Not,
            Symbol::Star => Unary::Star,
            _ => match relation(symbol) {
                Some(relation) => Unary::Bound(relation),
                None => return self.primary(),
            },
        };
        let position = self.token.position;
        self.advance()?;
        let operand = self.deeper(Self::unary)?;
        self.node(position, Kind::Unary(operator, Box::new(operand)))
    }

    /// An operand with its selectors, indices and calls.
    fn primary(&mut self) -> Result<Expression, Error> {
        let mut operand = self.operand()?;
        loop {
            let position = operand.position;
            let kind = match self.token.kind {
                TokenKind::Symbol(Symbol::Dot) => {
                    self.advance()?;
                    Kind::Selector(Box::new(operand), Box::new(self.selector()?))
                }
                TokenKind::Symbol(Symbol::LeftBracket) => self.index(operand)?,
                TokenKind::Symbol(Symbol::LeftParenthesis) => {
                    self.advance()?;
                    Kind::Call(Box::new(operand), self.arguments()?)
                }
                _ => return Ok(operand),
            };
            operand = self.node(position, kind)?;
        }
    }

    fn selector(&mut self) -> Result<Expression, Error> {
        use TokenKind::{False, For, Identifier, If, In, Let, Null, True};
        match self.token.kind {
            Identifier | For | In | If | Let | True | False | Null => self.keyword(),
            TokenKind::Text(piece) if piece.last => {
                let name = self.text()?;
                match &name.kind {
                    Kind::Text(text) if text.plain => Ok(name),
                    _ => {
                        let message = "a selector is a name or a string of one line in plain double quotes";
                        Err(Error::new(ErrorKind::Syntax, name.position, message))
                    }
                }
            }
            _ => Err(self.expected("a name after `.`")),
        }
    }

    /// `[index]`, `[low:high]`
    fn index(&mut self, operand: Expression) -> Result<Kind, Error> {
        self.advance()?;
        let low = if self.is(Symbol::Colon) { None } else { Some(Box::new(self.expression()?)) };
        let slice = self.eat(Symbol::Colon)?;
        let high =
            if slice && !self.is(Symbol::RightBracket) { Some(Box::new(self.expression()?)) } else { None };
        self.expect(Symbol::RightBracket, "`]`")?;
        Ok(match low {
            Some(index) if !slice => Kind::Index(Box::new(operand), index),
            low => Kind::Slice(Box::new(operand), low, high),
        })
    }

    fn arguments(&mut self) -> Result<Vec<Expression>, Error> {
        let mut arguments = Vec::new();
        while !self.is(Symbol::RightParenthesis) {
            arguments.push(self.expression()?);
            self.separator("the arguments", &[TokenKind::Symbol(Symbol::RightParenthesis)])?;
        }
        self.advance()?;
        Ok(arguments)
    }

    fn operand(&mut self) -> Result<Expression, Error> {
        let position = self.token.position;
        let kind = match self.token.kind {
            TokenKind::Identifier | TokenKind::For | TokenKind::In | TokenKind::If | TokenKind::Let => {
                return self.keyword();
            }
            TokenKind::Bottom => Kind::Bottom,
            TokenKind::Null => Kind::Null,
            TokenKind::True => Kind::Bool(true),
            TokenKind::False => Kind::Bool(false),
            TokenKind::Number => {
                let number = Number::literal(self.lexer.text_of(self.token));
                Kind::Number(
                    number.map_err(|error| Error::new(ErrorKind::Syntax, position, error.to_string()))?,
                )
            }
            TokenKind::Text(_) => return self.text(),
            TokenKind::Symbol(Symbol::LeftBrace) => {
                let body = self.deeper(Self::struct_body)?;
                return self.node(position, Kind::Struct(body));
            }
            TokenKind::Symbol(Symbol::LeftBracket) => return self.list(),
            TokenKind::Symbol(Symbol::LeftParenthesis) => {
                self.advance()?;
                let inner = self.expression()?;
                self.expect(Symbol::RightParenthesis, "`)`")?;
                return self.node(position, Kind::Parenthesis(Box::new(inner)));
            }
            TokenKind::Symbol(Symbol::Equal) => {
                let message = "`==` before a value, as a bound, is not supported";
                return Err(Error::new(ErrorKind::Unsupported, position, message));
            }
            TokenKind::Symbol(Symbol::Tilde) => {
                return Err(self.expected("a value (a regular expression follows `=~` or `!~`)"));
            }
            _ => return Err(self.expected("a value")),
        };
        self.advance()?;
        self.node(position, kind)
    }

    /// A name, or a keyword as one.
    fn keyword(&mut self) -> Result<Expression, Error> {
        let name = self.lexer.text_of(self.token).into();
        let node = self.node(self.token.position, Kind::Identifier(name))?;
        self.advance()?;
        Ok(node)
    }

    /// A string with its interpolations, at its first piece.
    pub(super) fn text(&mut self) -> Result<Expression, Error> {
        let position = self.token.position;
        let (mut pieces, mut positions, mut parts) = (Vec::new(), Vec::new(), Vec::new());
        let quote = loop {
            let TokenKind::Text(piece) = self.token.kind else {
                return Err(self.expected("`)` of an interpolation"));
            };
            if piece.first != pieces.is_empty() {
                return Err(self.expected("`)` of an interpolation"));
            }
            pieces.push(self.lexer.text_of(self.token));
            positions.push(self.token.position);
            self.advance()?;
            if piece.last {
                break piece.quote;
            }
            parts.push(self.expression()?);
        };
        let decoded = text::decode(quote, &pieces).map_err(|(piece, message)| {
            Error::new(
                ErrorKind::Syntax,
                positions.get(piece).copied().unwrap_or(position),
                format!("invalid string: {message}"),
            )
        })?;
        if !parts.is_empty() {
            return self.node(position, Kind::Interpolation(quote.is_bytes(), decoded, parts));
        }
        let plain = !quote.is_bytes() && !quote.triple && quote.hashes == 0;
        let value = decoded.into_iter().next().unwrap_or_default();
        self.node(position, Kind::Text(Text { bytes: quote.is_bytes(), plain, value }))
    }

    fn list(&mut self) -> Result<Expression, Error> {
        let position = self.token.position;
        self.advance()?;
        let (mut elements, mut rest) = (Vec::new(), None);
        while !self.is(Symbol::RightBracket) {
            if self.is(Symbol::Ellipsis) {
                let dots = self.token.position;
                self.advance()?;
                let ends = self.is(Symbol::RightBracket)
                    || matches!(self.token.kind, TokenKind::Comma | TokenKind::Newline);
                rest = Some((dots, if ends { None } else { Some(Box::new(self.expression()?)) }));
                self.separator("a list", &[TokenKind::Symbol(Symbol::RightBracket)])?;
                break;
            }
            elements.push(self.element()?);
            if !self.element_separator(elements.last())? {
                break;
            }
        }
        self.expect(Symbol::RightBracket, "`]`")?;
        self.node(position, Kind::List(elements, rest))
    }

    fn element(&mut self) -> Result<Element, Error> {
        let first = self.token;
        if matches!(first.kind, TokenKind::For | TokenKind::If) {
            self.advance()?;
            if self.after_label() {
                return Ok(Element::Value(self.word(first)));
            }
            return Ok(Element::Comprehension(self.deeper(|parser| parser.comprehension(first))?));
        }
        let expression = self.expression()?;
        if self.is(Symbol::Bind) {
            let Kind::Identifier(text) = expression.kind else { return Err(self.expected("`,` in a list")) };
            let alias = Name { position: expression.position, text };
            self.advance()?;
            return Ok(Element::Alias(alias, self.expression()?));
        }
        Ok(Element::Value(expression))
    }

    /// The comma after an element; whether another element may follow. A line's end is one before the bracket alone.
    fn element_separator(&mut self, element: Option<&Element>) -> Result<bool, Error> {
        let comprehension = matches!(element, Some(Element::Comprehension(_)));
        match self.token.kind {
            TokenKind::Comma => self.advance().map(|()| true),
            TokenKind::Newline => {
                self.advance()?;
                if comprehension || self.is(Symbol::RightBracket) {
                    return Ok(comprehension);
                }
                Err(self.expected("`,` before the end of the line in a list, then an element,"))
            }
            _ if self.is(Symbol::RightBracket) => Ok(false),
            _ => Err(self.expected("`,` or `]` in a list")),
        }
    }
}

/// The comparison that a symbol stands for; `==` is none that a bound may have.
fn relation(symbol: Symbol) -> Option<Relation> {
    Some(match symbol {
        Symbol::NotEqual => Relation::NotEqual,
        Symbol::Less => Relation::Less,
        Symbol::LessEqual => Relation::LessEqual,
        Symbol::Greater => Relation::Greater,
        Symbol::GreaterEqual => Relation::GreaterEqual,
        Symbol::Matches => Relation::Matches,
        Symbol::MatchesNot => Relation::MatchesNot,
        _ => return None,
    })
}
