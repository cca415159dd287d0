//! Source text and the tree that it makes, or the error and its place.

use super::{
    parse,
    tree::{Binary, Clause, Comprehension, Declaration, Element, Expression, Field, Kind, Unary},
};
use crate::cue::ast::Presence;

/// A tree in one line, every node with its brackets.
fn shape(source: &str) -> String {
    match parse(source.as_bytes(), 0) {
        Ok(file) => declarations(&file.declarations),
        Err(error) => error.to_string(),
    }
}

fn declarations(body: &[Declaration]) -> String {
    body.iter().map(declaration).collect::<Vec<_>>().join(", ")
}

fn declaration(declaration: &Declaration) -> String {
    match declaration {
        Declaration::Field(field) => self::field(field),
        Declaration::Let(name, value) => format!("let {}={}", name.text, expression(value)),
        Declaration::Embedding(value) => expression(value),
        Declaration::Comprehension(value) => comprehension(value),
        Declaration::Ellipsis(_) => "...".into(),
    }
}

fn field(field: &Field) -> String {
    let alias = |name: &Option<super::tree::Name>| {
        name.as_ref().map(|name| format!("{}=", name.text)).unwrap_or_default()
    };
    let presence = match field.presence {
        Presence::Regular => "",
        Presence::Optional => "?",
        Presence::Required => "!",
    };
    let (label, value) = (expression(&field.label), expression(&field.value));
    format!("{}{label}{presence}: {}{value}", alias(&field.alias), alias(&field.value_alias))
}

fn comprehension(comprehension: &Comprehension) -> String {
    let clauses = comprehension.clauses.iter().map(|clause| match clause {
        Clause::For(_, key, value, source) => {
            let key = key.as_ref().map(|key| format!("{},", key.text)).unwrap_or_default();
            format!("for {key}{} in {} ", value.text, expression(source))
        }
        Clause::If(_, condition) => format!("if {} ", expression(condition)),
        Clause::Let(_, name, value) => format!("let {}={} ", name.text, expression(value)),
    });
    format!("{}{{{}}}", clauses.collect::<String>(), declarations(&comprehension.body))
}

fn list(expressions: &[Expression]) -> String {
    expressions.iter().map(expression).collect::<Vec<_>>().join(", ")
}

fn expression(x: &Expression) -> String {
    let bytes = |value: &[u8]| value.escape_ascii().to_string();
    match &x.kind {
        Kind::Bottom => "_|_".into(),
        Kind::Null => "null".into(),
        Kind::Bool(value) => value.to_string(),
        Kind::Number(number) => number.to_string(),
        Kind::Text(text) if text.bytes => format!("'{}'", bytes(&text.value)),
        Kind::Text(text) => format!("\"{}\"", bytes(&text.value)),
        Kind::Interpolation(_, pieces, parts) => {
            let parts = parts.iter().map(|part| format!("\\({})", expression(part))).chain([String::new()]);
            let text: String = pieces.iter().zip(parts).map(|(piece, part)| bytes(piece) + &part).collect();
            format!("i\"{text}\"")
        }
        Kind::Identifier(name) => name.to_string(),
        Kind::Struct(body) => format!("{{{}}}", declarations(body)),
        Kind::List(elements, rest) => {
            let elements = elements.iter().map(|element| match element {
                Element::Value(value) => expression(value),
                Element::Alias(name, value) => format!("{}={}", name.text, expression(value)),
                Element::Comprehension(value) => comprehension(value),
            });
            let rest = rest
                .iter()
                .map(|(_, value)| format!("...{}", value.as_deref().map(expression).unwrap_or_default()));
            format!("[{}]", elements.chain(rest).collect::<Vec<_>>().join(", "))
        }
        Kind::Parenthesis(inner) => format!("({})", expression(inner)),
        Kind::Selector(operand, name) => format!("{}.{}", expression(operand), expression(name)),
        Kind::Index(operand, index) => format!("{}[{}]", expression(operand), expression(index)),
        Kind::Slice(operand, low, high) => {
            let bound =
                |bound: &Option<Box<Expression>>| bound.as_deref().map(expression).unwrap_or_default();
            format!("{}[{}:{}]", expression(operand), bound(low), bound(high))
        }
        Kind::Call(function, arguments) => format!("{}({})", expression(function), list(arguments)),
        Kind::Unary(operator, operand) => {
            let operator = match operator {
                Unary::Minus => "-".into(),
                Unary::Plus => "+".into(),
                Unary::Not => "!".into(),
                Unary::Star => "*".into(),
                Unary::Bound(relation) => format!("{relation:?} "),
            };
            format!("<{operator}{}>", expression(operand))
        }
        Kind::Binary(Binary::Plain(operator), left, right) => {
            format!("<{} {operator:?} {}>", expression(left), expression(right))
        }
        Kind::Binary(Binary::Integer(operator), left, right) => {
            format!("<{} {operator} {}>", expression(left), expression(right))
        }
        Kind::Disjunction(disjuncts) => {
            format!("<{}>", disjuncts.iter().map(expression).collect::<Vec<_>>().join(" | "))
        }
    }
}

fn check(table: &[(&str, &str)]) {
    for (source, expected) in table {
        assert_eq!(shape(source), *expected, "{source}");
    }
}

#[test]
fn fields_chains_and_aliases() {
    check(&[
        ("a: 1\n\"b c\": 2, #D: 3\n_h?: 4\n_#x!: 5", "a: 1, \"b c\": 2, #D: 3, _h?: 4, _#x!: 5"),
        ("a: b?: \"c\"!: d: 1", "a: {b?: {\"c\"!: {d: 1}}}"),
        ("X=a: Y=b: Z={c: 1}", "X=a: {Y=b: Z={c: 1}}"),
        ("a: X=b", "a: X=b"),
        ("X=[Y=string]: Y", "X=[Y=string]: Y"),
        ("(a): \"\\(b)-\": 1", "(a): {i\"\\(b)-\": 1}"),
        ("for: if: in: let: true: null: 1", "for: {if: {in: {let: {true: {null: 1}}}}}"),
        ("for?: 1, if!: 2", "for?: 1, if!: 2"),
        ("package: 1", "policy:1:8: expected a name, found `:`"),
        ("a: 1 @x(y) @z()\n@w(1, [2], \"(\")\nb: 2", "a: 1, b: 2"),
        ("a: {b\n...\n}, {c: 1}", "a: {b, ...}, {c: 1}"),
        ("let x = 1\nlet: 2", "let x=1, let: 2"),
        ("a\n: 1,\n\n, b: 2", "policy:4:1: expected a value, found `,`"),
        ("a: 1 b: 2", "policy:1:6: expected `,` or a line's end in a struct, found `b`"),
        ("a b: 1", "policy:1:3: expected `,` or a line's end in a struct, found `b`"),
        ("a: {b: 1", "policy:1:9: expected `}`, found the end of the file"),
        ("a = b", "policy:1:1: an alias of an old style: write `let a = ...`"),
        ("a~X: 1", "policy:1:2: an alias after its label (`label~alias`) is not supported"),
        ("a: b...", "policy:1:5: `...` after an expression is not supported"),
        ("a: ==1", "policy:1:4: `==` before a value, as a bound, is not supported"),
        ("a: 1; b: 2", "policy:1:5: expected `,` or a line's end in a struct, found `;`"),
    ]);
}

#[test]
fn operators_bind_by_their_precedence() {
    check(&[
        ("a: 1 + 2 * 3 - 4", "a: <<1 Add <2 Multiply 3>> Subtract 4>"),
        ("a: b | *c & d | (e | f)", "a: <b | <<*c> Unify d> | (<e | f>)>"),
        ("a: b || c && d == e + 1", "a: <b Or <c And <d Relation(Equal) <e Add 1>>>>"),
        (
            "a: >=1 & < -5 & !=null & =~\"x\" & !~\"y\"",
            concat!(
                "a: <<<<<GreaterEqual 1> Unify <Less <-5>>> Unify <NotEqual null>> Unify <Matches \"x\">>",
                " Unify <MatchesNot \"y\">>"
            ),
        ),
        ("a: 7 div 2 mod 3, div: 1", "a: <<7 div 2> mod 3>, div: 1"),
        ("a: -b.c[1](2).\"d e\"[:3][4:]", "a: <-b.c[1](2).\"d e\"[:3][4:]>"),
        ("a: !b != !c", "a: <<!b> Relation(NotEqual) <!c>>"),
        ("a: b.if.true", "a: b.if.true"),
        ("a: b.c\n.d", "policy:2:1: expected a value, found `.`"),
        ("a: b +\n  c", "a: <b Add c>"),
        ("a: (b\n)", "policy:1:6: expected `)`, found the end of the line"),
        ("a: b[]", "policy:1:6: expected a value, found `]`"),
        ("a: b.#\"c\"#", "policy:1:6: a selector is a name or a string of one line in plain double quotes"),
        ("a: <-5", "policy:1:4: expected a value, found `<-`"),
        ("a: b..c", "policy:1:5: illegal token `..`, expected `.`"),
        ("a: _|_|int", "a: <_|_ | int>"),
        ("a: *_|int", "policy:1:5: illegal token `_|`: write `_|_`, or `_ |` with a blank"),
    ]);
}

#[test]
fn lists_and_comprehensions() {
    check(&[
        ("a: [1, \"b\", ...int,]", "a: [1, \"b\", ...int]"),
        ("a: [...]\nb: [\n1,\n2,\n]\nc: []", "a: [...], b: [1, 2], c: []"),
        (
            "for k, v in a if k != b let c = v {(k): c}",
            "for k,v in a if <k Relation(NotEqual) b> let c=v {(k): c}",
        ),
        ("if a\n{b: 1}", "if a {b: 1}"),
        ("a: [for _, x in b {x}, if c {1}]", "a: [for _,x in b {x}, if c {1}]"),
        (
            "a: [1\n2]",
            "policy:2:1: expected `,` before the end of the line in a list, then an element,, found `2`",
        ),
        ("a: [..., 1]", "policy:1:10: expected `]`, found `1`"),
        ("a: [1 ...]", "policy:1:7: expected `,` or `]` in a list, found `...`"),
        ("for x in a", "policy:1:11: expected `{`, found the end of the file"),
        ("if a {b: 1} else {c: 1}", "policy:1:13: expected `,` or a line's end in a struct, found `else`"),
        ("a: for x in b {}", "policy:1:8: expected `,` or a line's end in a struct, found `x`"),
    ]);
}

#[test]
fn strings_and_their_escapes() {
    check(&[
        (
            r#"a: "\a\b\f\n\r\t\v\\\/\"\u00e9\U0001F600""#,
            r#"a: "\x07\x08\x0c\n\r\t\x0b\\/\"\xc3\xa9\xf0\x9f\x98\x80""#,
        ),
        (r#"a: "\ud83d\ude00""#, r#"a: "\xf0\x9f\x98\x80""#),
        (r"a: '\x41\101\u00e9\''", r"a: 'AA\xc3\xa9\''"),
        (r###"a: #"\n\#n"x\#(b)"#"###, r#"a: i"\\n\n\"x\(b)""#),
        (r####"a: ##"b"#c"##"####, r##"a: "b\"#c""##),
        (r##"a: #""hi""#"##, r#"a: "\"hi\"""#),
        (r#"a: "b\("c\(d + "e")")f""#, r#"a: i"b\(i"c\(<d Add "e">)")f""#),
        ("a: \"\"\"\n\t  b\n\t\n\n\t c \\(d)\n\t\"\"\"", "a: i\"  b\\n\\n\\n c \\(d)\""),
        ("a: \"\"\"\r\n  b\r\n  \"\"\"", "a: \"b\""),
        ("a: '''\n  '''", "a: ''"),
        ("a: \"\"\"\n  b\"\"\"", "a: \"  b\""),
        (
            "a: \"\"\"\n  b\n c\n  \"\"\"",
            "policy:1:4: invalid string: a line is not indented as the closing quotes are",
        ),
        ("a: \"\"\"b\"\"\"", "policy:1:4: expected a new line after \"\"\""),
        (r#"a: "\q""#, "policy:1:4: invalid string: unknown escape sequence"),
        (r#"a: "\x41""#, "policy:1:4: invalid string: unknown escape sequence"),
        (r#"a: "\ud83d""#, "policy:1:4: invalid string: unmatched surrogate pair"),
        (r#"a: "\U00110000""#, "policy:1:4: invalid string: an escape that is no Unicode code point"),
        (r"a: '\400'", "policy:1:4: invalid string: an octal escape above 255"),
        ("a: \"b\n\"", "policy:1:4: string literal not terminated"),
        ("a: \"\\(b\n)\"", "policy:1:8: expected `)` of an interpolation, found the end of the line"),
        ("a: \"\\(b", "policy:1:8: expected `)` of an interpolation, found the end of the line"),
        ("a: \"b\rc\"", "policy:1:4: invalid string: a carriage return in a string of one line"),
    ]);
}

#[test]
fn numbers() {
    check(&[
        (
            "a: [1_000, 0x1F, 0b101, 0o17, 1.5Ki, 2M, .5, 1e3]",
            "a: [1000, 31, 5, 15, 1536, 2000000, 0.5, 1E+3]",
        ),
        ("a: 0K", "policy:1:5: expected `,` or a line's end in a struct, found `K`"),
        ("a: 1__0", "policy:1:4: illegal `_` in a number"),
        ("a: 01", "policy:1:4: an integer that begins with 0"),
        ("a: 1e", "policy:1:4: illegal exponent in a number"),
        ("a: 0x", "policy:1:4: a number of base 16 without digits"),
        ("a: 0.0001K", "policy:1:4: `0.0001K` cannot be represented as int"),
    ]);
}

#[test]
fn files_and_imports() {
    let parsed = parse(b"\xef\xbb\xbf// c\n@a()\npackage p\nimport \"strings\"\nimport (\n\tl \"list\", \"a.b/c:d\"\n)\nx: 1", 0).unwrap();
    assert_eq!(parsed.package.unwrap().text.as_ref(), "p");
    let imports =
        parsed.imports.iter().map(|import| (import.name.as_ref().map(|name| &*name.text), &*import.path));
    assert_eq!(imports.collect::<Vec<_>>(), [(None, "strings"), (Some("l"), "list"), (None, "a.b/c:d")]);
    check(&[
        ("package #p", "policy:1:9: invalid package name `#p`"),
        ("package p.q", "policy:1:10: expected `,` or a line's end in the package clause, found `.`"),
        ("import \"a b\"", "policy:1:8: invalid import path `a b`"),
        (
            "import 'list'",
            "policy:1:8: expected the path of a package, in plain double quotes, found a string",
        ),
        (
            "import #\"list\"#",
            "policy:1:8: expected the path of a package, in plain double quotes, found a string",
        ),
        (
            "import \"li\\u0073t\"",
            "policy:1:8: expected the path of a package, in plain double quotes, found a string",
        ),
        ("a: 1\nimport \"strings\"", "policy:2:8: expected `,` or a line's end in a struct, found a string"),
        ("@if(x)\npackage p", "policy:1:1: the attribute `@if` is not supported"),
        ("@experiment(aliasv2)", "policy:1:1: the attribute `@experiment` is not supported"),
        ("a: string @tag(x)", "policy:1:11: the attribute `@tag` is not supported"),
        ("@a(", "policy:1:1: attribute without its closing parenthesis"),
        ("@a(\"\\(1)\")", "policy:1:4: interpolation is not allowed in an attribute"),
        ("a: \"\0\"", "policy:1:5: illegal character NUL"),
        ("a: 1\n\n// \u{feff}", "policy:3:4: illegal byte order mark"),
    ]);
    assert_eq!(shape("é: 1\nª٣: 2"), "é: 1, ª٣: 2");
    for illegal in ["aि: 1", "Ⅷ: 1", "a²: 1", "a: \u{a0}1", "a: %", "a: `b`"] {
        assert!(shape(illegal).contains("illegal character"), "{illegal}: {}", shape(illegal));
    }
    assert_eq!(parse(b"a: 1\nb: \xff", 3).unwrap_err().to_string(), "policy:2:4: illegal UTF-8 encoding");
    assert_eq!(parse(b"a: 1\nb: \xff", 3).unwrap_err().position.unwrap().file, 3);
}
