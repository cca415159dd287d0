//! What is written in a file, names not yet bound.

use std::rc::Rc;

use super::super::{
    ast::{Position, Presence, Relation},
    number::Number,
};

/// One source file.
#[derive(Debug)]
pub struct File {
    /// The name in the package clause, and where it stands.
    pub package: Option<Name>,
    /// In the order of the source.
    pub imports: Vec<Import>,
    /// The declarations of the top level.
    pub declarations: Vec<Declaration>,
}

/// An identifier.
#[derive(Debug, Clone)]
pub struct Name {
    /// Where it stands.
    pub position: Position,
    /// Itself.
    pub text: Rc<str>,
}

/// One imported package.
#[derive(Debug)]
pub struct Import {
    /// Where the path stands.
    pub position: Position,
    /// The name before the path.
    pub name: Option<Name>,
    /// Between the quotes.
    pub path: Rc<str>,
}

/// What may stand in a struct.
#[derive(Debug)]
pub enum Declaration {
    /// `label: value`
    Field(Box<Field>),
    /// `let name = value`
    Let(Name, Expression),
    /// An expression alone.
    Embedding(Expression),
    /// `for ... { }`, `if ... { }`
    Comprehension(Comprehension),
    /// `...`
    Ellipsis(Position),
}

/// `label: value`; `a: b: 1` is a field whose value is a struct.
#[derive(Debug)]
pub struct Field {
    /// Where the label stands.
    pub position: Position,
    /// `alias=label:`
    pub alias: Option<Name>,
    /// An identifier, a string, an interpolation, a parenthesis, a list; anything else after an alias.
    pub label: Expression,
    /// `?`, `!`
    pub presence: Presence,
    /// `label: alias=value`
    pub value_alias: Option<Name>,
    /// What follows the colon.
    pub value: Expression,
}

/// Clauses and what they yield.
#[derive(Debug)]
pub struct Comprehension {
    /// The first clause.
    pub position: Position,
    /// At least one.
    pub clauses: Vec<Clause>,
    /// The opening brace of the body.
    pub brace: Position,
    /// The body.
    pub body: Vec<Declaration>,
}

/// One clause.
#[derive(Debug)]
pub enum Clause {
    /// `for key, value in source`
    For(Position, Option<Name>, Name, Expression),
    /// `if condition`
    If(Position, Expression),
    /// `let name = value`
    Let(Position, Name, Expression),
}

/// An expression.
#[derive(Debug)]
pub struct Expression {
    /// Its first token; of a binary expression: the operator.
    pub position: Position,
    /// How many levels of nodes it has: what walks the tree recurses that deep.
    pub height: usize,
    /// What it is.
    pub kind: Kind,
}

/// What an expression is.
#[derive(Debug)]
pub enum Kind {
    /// `_|_`
    Bottom,
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string or bytes without interpolation.
    Text(Text),
    /// With interpolations: expressions between the pieces.
    Interpolation(bool, Vec<Vec<u8>>, Vec<Expression>),
    /// A name.
    Identifier(Rc<str>),
    /// `{...}`
    Struct(Vec<Declaration>),
    /// `[...]`
    List(Vec<Element>, Option<(Position, Option<Box<Expression>>)>),
    /// `(...)`
    Parenthesis(Box<Expression>),
    /// `operand.name`; the name is an identifier or a string.
    Selector(Box<Expression>, Box<Expression>),
    /// `operand[index]`
    Index(Box<Expression>, Box<Expression>),
    /// `operand[low:high]`
    Slice(Box<Expression>, Option<Box<Expression>>, Option<Box<Expression>>),
    /// `function(arguments)`
    Call(Box<Expression>, Vec<Expression>),
    /// An operator before an operand.
    Unary(Unary, Box<Expression>),
    /// An operator between operands.
    Binary(Binary, Box<Expression>, Box<Expression>),
    /// `a | b | c`
    Disjunction(Vec<Expression>),
}

/// A string without interpolation.
#[derive(Debug)]
pub struct Text {
    /// `'...'`
    pub bytes: bool,
    /// `"..."` without `#` and of one line: what may stand in a selector.
    pub plain: bool,
    /// What it says.
    pub value: Vec<u8>,
}

/// What may stand in a list.
#[derive(Debug)]
pub enum Element {
    /// One element.
    Value(Expression),
    /// `alias=value`: as a label `[alias=value]: ...` alone.
    Alias(Name, Expression),
    /// Any number of them.
    Comprehension(Comprehension),
}

/// Operators before an operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unary {
    /// `-`
    Minus,
    /// `+`
    Plus,
    /// `!`
    Not,
    /// `*`, the mark of a default.
    Star,
    /// `<`, `=~`, ...
    Bound(Relation),
}

/// Operators between operands but `|`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binary {
    /// One of the bound tree.
    Plain(super::super::ast::Binary),
    /// `div`, `mod`, `quo`, `rem`: what the builtins of these names do.
    Integer(&'static str),
}

impl Expression {
    /// A node over its children.
    pub fn new(position: Position, kind: Kind) -> Self {
        Expression { position, height: 1 + kind.height(), kind }
    }
}

impl Kind {
    /// The height of the highest child.
    fn height(&self) -> usize {
        match self {
            Kind::Bottom
            | Kind::Null
            | Kind::Bool(_)
            | Kind::Number(_)
            | Kind::Text(_)
            | Kind::Identifier(_) => 0,
            Kind::Interpolation(_, _, parts) | Kind::Disjunction(parts) => highest(parts),
            Kind::Struct(declarations) => declarations.iter().map(Declaration::height).max().unwrap_or(0),
            Kind::List(elements, rest) => {
                let rest =
                    rest.as_ref().and_then(|(_, value)| value.as_deref()).map_or(0, |value| value.height);
                elements.iter().map(Element::height).max().unwrap_or(0).max(rest)
            }
            Kind::Parenthesis(x) | Kind::Unary(_, x) => x.height,
            Kind::Selector(x, y) | Kind::Index(x, y) | Kind::Binary(_, x, y) => x.height.max(y.height),
            Kind::Slice(x, low, high) => {
                let height = |x: &Option<Box<Expression>>| x.as_ref().map_or(0, |x| x.height);
                x.height.max(height(low)).max(height(high))
            }
            Kind::Call(function, arguments) => function.height.max(highest(arguments)),
        }
    }
}

impl Declaration {
    fn height(&self) -> usize {
        match self {
            Declaration::Field(field) => field.label.height.max(field.value.height),
            Declaration::Let(_, value) | Declaration::Embedding(value) => value.height,
            Declaration::Comprehension(comprehension) => comprehension.height(),
            Declaration::Ellipsis(_) => 0,
        }
    }
}

impl Comprehension {
    fn height(&self) -> usize {
        let clauses = self.clauses.iter().map(|clause| match clause {
            Clause::For(_, _, _, x) | Clause::If(_, x) | Clause::Let(_, _, x) => x.height,
        });
        clauses.chain(self.body.iter().map(Declaration::height)).max().unwrap_or(0) + 1
    }
}

impl Element {
    fn height(&self) -> usize {
        match self {
            Element::Value(x) | Element::Alias(_, x) => x.height,
            Element::Comprehension(comprehension) => comprehension.height(),
        }
    }
}

fn highest(expressions: &[Expression]) -> usize {
    expressions.iter().map(|x| x.height).max().unwrap_or(0)
}
