//! The syntax tree, with every name bound to what declares it.

use std::rc::Rc;

use super::number::Number;

/// Where something stands: the file by its place among the policy's files, line and column counted from 1, the column in
/// bytes as Go counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position {
    /// Which of the policy's files.
    pub file: u32,
    /// From 1.
    pub line: u32,
    /// From 1, in bytes.
    pub column: u32,
}

/// One source file.
#[derive(Debug)]
pub struct File {
    /// As it was named by the user.
    pub name: Rc<str>,
    /// Of the package clause; none where there is none, or where it is `_`.
    pub package: Option<Rc<str>>,
    /// The declarations of the file's top level.
    pub body: Struct,
}

/// A struct literal, or the top level of a file: one scope. What stands in it is evaluated with a new environment, whose
/// struct is the value that the literal becomes part of (for a file: the package's value).
#[derive(Debug, Default)]
pub struct Struct {
    /// Its opening brace.
    pub position: Position,
    /// In the order of the source.
    pub declarations: Vec<Declaration>,
    /// The `let` clauses of this scope; [`Binding::Let`] points here.
    pub lets: Vec<Let>,
}

/// What may stand in a struct.
#[derive(Debug)]
pub enum Declaration {
    /// `label: value`. `a: b: 3` is a field whose value is a [`Struct`] with one field.
    Field(Field),
    /// `[pattern]: value`.
    Pattern(Pattern),
    /// An expression alone: the struct is unified with its value.
    Embedding(Expression),
    /// `for x in y if z let v = w { ... }`.
    Comprehension(Comprehension),
    /// `...`, or `...expression` (which CUE does not yet support in structs).
    Ellipsis(Position),
}

/// `label: value`, `label?: value`, `label!: value`.
#[derive(Debug)]
pub struct Field {
    /// Where the label stands.
    pub position: Position,
    /// Its name.
    pub label: Label,
    /// Regular, optional, required.
    pub presence: Presence,
    /// Its value.
    pub value: Expression,
}

/// The name of a field.
#[derive(Debug, Clone)]
pub enum Label {
    /// Known from the source: an identifier or a string.
    Fixed(Name),
    /// `"a\(b)"` or `(b)`: a string that is computed in the scope in which the field stands.
    Dynamic(Rc<Expression>),
}

/// The name of a field, once known. Order: as declared here, then by text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// A regular field: `a`, `"a"`.
    Regular(Rc<str>),
    /// A definition `#a`, with its sign.
    Definition(Rc<str>),
    /// A hidden field `_a` or a hidden definition `_#a`, with its sign: it belongs to its package.
    Hidden(Rc<str>),
}

/// Whether a field is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// `a:`
    Regular,
    /// `a?:` a constraint for the case that it is there.
    Optional,
    /// `a!:` must be supplied by a regular field.
    Required,
}

/// `[pattern]: value` or `[X=pattern]: value`. The value is evaluated with a new environment (one scope) that holds the
/// label that matched.
#[derive(Debug)]
pub struct Pattern {
    /// The opening bracket.
    pub position: Position,
    /// What labels must be; it stands in the scope around the pattern.
    pub pattern: Expression,
    /// What the fields are unified with; one scope deeper than the struct, whether the label has an alias or not.
    pub value: Expression,
}

/// `let name = value`.
#[derive(Debug)]
pub struct Let {
    /// Where the name stands.
    pub position: Position,
    /// Its name, for messages.
    pub name: Rc<str>,
    /// Its value.
    pub value: Rc<Expression>,
}

/// Clauses and the struct that they yield once for every combination. Every `for` and every `let` clause opens a scope of its
/// own (also for the clauses after it and for the body); an `if` opens none. The body's [`Struct`] is a scope as always.
#[derive(Debug)]
pub struct Comprehension {
    /// Its first clause.
    pub position: Position,
    /// At least one; the first is `for` or `if`.
    pub clauses: Vec<Clause>,
    /// What it yields.
    pub body: Rc<Struct>,
}

/// One clause of a comprehension.
#[derive(Debug)]
pub enum Clause {
    /// `for value in source`, `for key, value in source`.
    For {
        /// The keyword.
        position: Position,
        /// The first of two variables.
        key: Option<Rc<str>>,
        /// The variable; `_` binds nothing.
        value: Rc<str>,
        /// A list or a struct.
        source: Expression,
    },
    /// `if condition`.
    If {
        /// The keyword.
        position: Position,
        /// A bool.
        condition: Expression,
    },
    /// `let name = value`.
    Let {
        /// The keyword.
        position: Position,
        /// The variable.
        name: Rc<str>,
        /// Its value.
        value: Rc<Expression>,
    },
}

/// An expression and where it begins.
#[derive(Debug)]
pub struct Expression {
    /// Its first token; of a binary expression: the operator.
    pub position: Position,
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
    /// An integer or a floating-point literal.
    Number(Number),
    /// `"..."` without interpolation.
    String(Rc<str>),
    /// `'...'` without interpolation.
    Bytes(Rc<[u8]>),
    /// With interpolations: literal pieces and expressions, in order.
    Interpolation {
        /// Whether it makes bytes (`'...'`).
        bytes: bool,
        /// In order.
        parts: Vec<Part>,
    },
    /// A name, bound.
    Reference {
        /// As it is written.
        name: Rc<str>,
        /// What it means.
        binding: Binding,
    },
    /// `operand.name`, `operand."name"`; a member of a package where the operand is bound to [`Binding::Package`].
    Selector {
        /// What has the field.
        operand: Rc<Expression>,
        /// Which field.
        name: Name,
    },
    /// `operand[index]`
    Index {
        /// A list or a struct.
        operand: Rc<Expression>,
        /// A number or a string.
        index: Rc<Expression>,
    },
    /// `operand[low:high]`, which CUE 0.15 refuses for lists' successors as it does.
    Slice {
        /// A list, string or bytes.
        operand: Rc<Expression>,
        /// From where.
        low: Option<Rc<Expression>>,
        /// Until where.
        high: Option<Rc<Expression>>,
    },
    /// `function(arguments)`
    Call {
        /// A builtin, or a member of a package.
        function: Rc<Expression>,
        /// In order.
        arguments: Vec<Expression>,
    },
    /// `-x`, `!x`, `+x`
    Unary {
        /// Which.
        operator: Unary,
        /// To what.
        operand: Rc<Expression>,
    },
    /// `<x`, `=~x`, ... as a value: a bound.
    Bound {
        /// Which.
        operator: Relation,
        /// The limit.
        operand: Rc<Expression>,
    },
    /// All operators with two sides but `|`.
    Binary {
        /// Which.
        operator: Binary,
        /// To the left.
        left: Rc<Expression>,
        /// To the right.
        right: Rc<Expression>,
    },
    /// `a | *b | c`, all in one level: `(a | b) | c` keeps its inner disjunction as a parenthesis of its own.
    Disjunction(Vec<Disjunct>),
    /// `[a, b, ...c]`. A list is a scope of its own as a struct is (its environment has no fields), as in CUE.
    List(List),
    /// `{...}`
    Struct(Rc<Struct>),
}

/// A piece of an interpolation.
#[derive(Debug)]
pub enum Part {
    /// As it is; bytes, as `'...'` may hold any.
    Literal(Rc<[u8]>),
    /// `\(expression)`
    Expression(Expression),
}

/// One side of `|`.
#[derive(Debug)]
pub struct Disjunct {
    /// Marked by `*`.
    pub default: bool,
    /// Its value.
    pub value: Expression,
}

/// A list literal.
#[derive(Debug)]
pub struct List {
    /// Elements and comprehensions, in order.
    pub elements: Vec<Element>,
    /// `...` or `...type` at the end: the list is open.
    pub rest: Option<Rest>,
}

/// What follows the elements of an open list.
#[derive(Debug)]
pub struct Rest {
    /// The dots.
    pub position: Position,
    /// What further elements must be; any where there is none.
    pub value: Option<Rc<Expression>>,
}

/// What may stand in a list.
#[derive(Debug)]
pub enum Element {
    /// One element.
    Value(Rc<Expression>),
    /// Any number of them: the value of the body, which is embedded in a struct of its own.
    Comprehension(Comprehension),
}

/// What a name means. `up` counts the scopes that lie between the name and the scope that declares it, from 0 for the
/// innermost: structs, lists, patterns' values, `for` and `let` clauses are scopes, see there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binding {
    /// A field of the struct `up` scopes out; also of the package's value when another file declares it.
    Field {
        /// How many scopes out.
        up: usize,
        /// Its name.
        name: Name,
    },
    /// The struct's own `let`, by its place in [`Struct::lets`].
    Let {
        /// How many scopes out.
        up: usize,
        /// Which one.
        index: usize,
    },
    /// `X=label: ...`: the field that has a dynamic label, by its place in [`Struct::declarations`].
    DynamicField {
        /// How many scopes out.
        up: usize,
        /// Which declaration.
        index: usize,
    },
    /// `X={...}` or `label: X={...}`: the value of the struct itself that is `up` scopes out.
    Scope {
        /// How many scopes out.
        up: usize,
    },
    /// `[X=pattern]: ...`: the label that matched at the pattern `up` scopes out, a string.
    Label {
        /// How many scopes out.
        up: usize,
    },
    /// `X=[pattern]: ...`: the field that matched at the pattern `up` scopes out, in the struct in which the pattern stands.
    Matched {
        /// How many scopes out.
        up: usize,
    },
    /// The variable of a `for` or `let` clause; `key` for the first of two.
    Variable {
        /// How many scopes out.
        up: usize,
        /// The first of two variables of `for`.
        key: bool,
    },
    /// An imported package, by its path.
    Package(Rc<str>),
    /// `int`, `string`, `uint8`, `len`, `close`, `_`, ...: by its name, `__len` as `len`.
    Predeclared(Rc<str>),
}

/// Operators with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unary {
    /// `-`
    Minus,
    /// `+`
    Plus,
    /// `!`
    Not,
}

/// Comparisons, in expressions and as bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// `==`; in expressions alone.
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `=~`
    Matches,
    /// `!~`
    MatchesNot,
}

/// Operators with two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binary {
    /// `&`
    Unify,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Quotient,
    /// Comparison.
    Relation(Relation),
}
