//! What names mean, and which are refused.

use std::fmt::Write;

use crate::cue::load::load;

/// The bindings of a package's references in the order of the tree, or the error.
fn bindings(files: &[&str]) -> String {
    let files: Vec<_> = files
        .iter()
        .zip(["a.cue", "b.cue"])
        .map(|(text, name)| (name.to_owned(), text.as_bytes().to_vec()))
        .collect();
    let package = match load(&files) {
        Ok(package) => package,
        Err(error) => return error.to_string(),
    };
    let tree = format!("{:?}", package.files);
    let mut found = String::new();
    for part in tree.split("Reference { name: \"").skip(1) {
        let (name, rest) = part.split_once("\", binding: ").unwrap();
        let end = rest.find(" }").map_or(rest.len(), |end| end + 2);
        let binding = rest[..end].split(')').next().unwrap_or_default();
        let binding =
            binding.replace(" { ", "(").replace(" }", "").replace(['"', '{', '}'], "").replace("name: ", "");
        write!(found, "{name}={binding}) ").unwrap();
    }
    found.trim_end().to_owned()
}

fn check(table: &[(&str, &str)]) {
    for (source, expected) in table {
        assert_eq!(bindings(&[source]), *expected, "{source}");
    }
}

#[test]
fn names_mean_the_innermost_declaration() {
    check(&[
        ("a: 1\nb: a", "a=Field(up: 0, Regular(a)"),
        ("a: 1\nb: c: {d: a, e: [a]}", "a=Field(up: 2, Regular(a) a=Field(up: 3, Regular(a)"),
        ("a: 1\nb: {a: 2, c: a}", "a=Field(up: 0, Regular(a)"),
        ("#D: 1\n_h: #D", "#D=Field(up: 0, Definition(#D)"),
        ("_h: 1\n_#x: _h\nb: _#x", "_h=Field(up: 0, Hidden(_h) _#x=Field(up: 0, Hidden(_#x)"),
        (
            "string: 1\na: string\nb: __string",
            "string=Field(up: 0, Regular(string) __string=Predeclared(string)",
        ),
        (
            "a: int & _\nb: len(a)",
            "int=Predeclared(int) _=Predeclared(_) len=Predeclared(len) a=Field(up: 0, Regular(a)",
        ),
        ("a: 7 div 2", "div=Predeclared(div)"),
        ("x: {let y = 1, z: {w: y}}", "y=Let(up: 1, index: 0)"),
        ("let y = 1\nlet z = y\nx: z", "z=Let(up: 0, index: 1) y=Let(up: 0, index: 0)"),
        ("a: [{b: 1, c: a}]", "a=Field(up: 2, Regular(a)"),
        ("import s \"strings\"\na: s.ToUpper(\"b\")", "s=Package(strings)"),
    ]);
}

#[test]
fn aliases_and_variables() {
    check(&[
        ("X=\"a-b\": 1\nc: X", "X=Field(up: 0, Regular(a-b)"),
        ("a: 1\nlet q = 1\nX=\"\\(q)\": 1\nc: X", "q=Let(up: 0, index: 0) X=DynamicField(up: 0, index: 1)"),
        ("a: X={b: 1, c: X.b, d: {e: X}}", "X=Scope(up: 0) X=Scope(up: 1)"),
        ("a: X=[1, X[0]]", "X=Scope(up: 0)"),
        ("a: {[X=string]: {b: X}}", "string=Predeclared(string) X=Label(up: 1)"),
        ("a: {[X=string]: X}", "string=Predeclared(string) X=Label(up: 0)"),
        ("a: {X=[string]: {b: 1, c: X.b}}", "string=Predeclared(string) X=Matched(up: 1)"),
        (
            "p: \"x\"\na: {[p]: Y={b: Y, c: p}}",
            "p=Field(up: 1, Regular(p) Y=Scope(up: 0) p=Field(up: 3, Regular(p)",
        ),
        (
            "for k, v in [1] {a: v, \"\\(k)\": k}",
            "v=Variable(up: 1, key: false) k=Variable(up: 1, key: true) k=Variable(up: 1, key: true)",
        ),
        (
            "b: 1\nfor v in [b] if v > 0 let w = v {a: w + v}",
            concat!(
                "b=Field(up: 1, Regular(b) v=Variable(up: 0, key: false) v=Variable(up: 0, key: false) ",
                "w=Variable(up: 1, key: false) v=Variable(up: 2, key: false)"
            ),
        ),
        ("a: [for x in [1] {x}]", "x=Variable(up: 1, key: false)"),
    ]);
}

#[test]
fn files_share_the_fields_of_their_package() {
    let shared = ["package p\nb: {c: a}", "package p\na: 1\nlet x = a\ny: x"];
    let expected = "a=Field(up: 1, Regular(a) x=Let(up: 0, index: 0) a=Field(up: 0, Regular(a)";
    assert_eq!(bindings(&shared), expected);
    for (files, expected) in [
        (
            ["package p\na: 1", "package q\nb: 1"],
            "b.cue:1:9: a file of package `q` beside one of package `p`",
        ),
        (["package p\na: 1", "b: a"], "a=Field(up: 0, Regular(a)"),
        (["a: 1", "b: a"], "b.cue:1:4: reference `a` not found"),
        (["package _\na: 1", "package _\nb: a"], "b.cue:2:4: reference `a` not found"),
        (["package _\na: 1", "package q\nb: 1"], ""),
        (["package p\n\"a\": 1", "package p\nb: a"], "b.cue:2:4: reference `a` not found"),
        (["package p\nX=a: 1\nc: X", "package p\nb: a"], "b.cue:2:4: reference `a` not found"),
        (["package p\nlet a = 1\nc: a", "package p\nb: a"], "b.cue:2:4: reference `a` not found"),
        (
            ["package p\nimport \"strings\"\na: strings.ToUpper(\"x\")", "package p\nb: strings"],
            "b.cue:2:4: reference `strings` not found: it needs `import \"strings\"` at the head of the file",
        ),
    ] {
        assert_eq!(bindings(&files), expected, "{files:?}");
    }
}

#[test]
fn names_that_are_refused() {
    check(&[
        ("a: b", "a.cue:1:4: reference `b` not found"),
        ("\"a\": 1\nb: a", "a.cue:2:4: reference `a` not found"),
        ("a?: {b: c}", "a.cue:1:9: reference `c` not found"),
        ("a: __b", "a.cue:1:4: reference `__b` not found"),
        ("a: self", "a.cue:1:4: reference `self` not found"),
        ("let a = 1", "a.cue:1:5: `a` is declared by an alias or a `let` and not used"),
        ("let a = a\nb: a", "a.cue:1:9: reference `a` not found"),
        ("let a = b\nlet b = {c: a}\nd: a", "a.cue:1:5: a `let` that refers to itself through others"),
        (
            "let a = 1\nlet a = 2\nb: a",
            "a.cue:2:5: `a` is declared already by an alias or a `let` of the same scope",
        ),
        ("a: 1\nb: {let a = 2, c: a}", "a.cue:2:9: `a` is both a field and an alias or a `let`"),
        ("let a = 1\nb: {a: 2}\nc: a", "a.cue:2:5: `a` is both a field and an alias or a `let`"),
        ("X=a: 1", "a.cue:1:1: `X` is declared by an alias or a `let` and not used"),
        ("a: X={b: 1}", "a.cue:1:4: `X` is declared by an alias or a `let` and not used"),
        ("a: {X=[string]: 1}", "a.cue:1:5: `X` is declared by an alias or a `let` and not used"),
        ("a: {[X=string]: 1}", "string=Predeclared(string)"),
        ("let _ = 1", "a.cue:1:5: `_` cannot be an alias or a `let`"),
        ("_: 1", "a.cue:1:1: `_` cannot be a label"),
        ("__a: 1", "a.cue:1:1: `__a`: names that begin with `__` are reserved"),
        ("let __a = 1\nb: __a", "a.cue:1:5: `__a`: names that begin with `__` are reserved"),
        (
            "p: string\n[p]: 1",
            "a.cue:2:2: `p` in a pattern means a field of the struct that the pattern stands in",
        ),
        (
            "a: {[X=X]: 1}",
            "a.cue:1:8: `X` in a pattern means a field of the struct that the pattern stands in",
        ),
        (
            "a: {[b.c]: 1, c: 2}\nb: c: string",
            "a.cue:1:8: `c` in a pattern means a field of the struct that the pattern stands in",
        ),
        ("X=\"\\(X)\": 1", "a.cue:1:6: the alias `X` of a label in that label or before it"),
        (
            "a: X=1 | X",
            "a.cue:1:10: `X`, an alias of a value, in a value that is neither a struct nor a list, is not supported",
        ),
        ("[string, int]: 1", "a.cue:1:1: a pattern is one expression in square brackets"),
        ("a: [b=1]", "a.cue:1:5: the alias `b` of an element of a list: aliases are for labels and fields"),
        ("X=5: 1", "a.cue:1:3: a number cannot be a label"),
        ("a: *1", "a.cue:1:4: the mark of a default, `*`, on something that is not a side of `|`"),
        ("a: 1 + int", "a.cue:1:8: a type as an operand, where a concrete value is needed"),
        ("a?: (>5) == 3", "a.cue:1:6: a bound as an operand, where a concrete value is needed"),
    ]);
}

#[test]
fn imports_that_are_refused() {
    check(&[
        ("import \"strings\"\na: 1", "a.cue:1:8: package `strings` is imported and not used"),
        (
            "import \"strings\"\na: {strings: 1, b: strings}",
            "a.cue:1:8: package `strings` is imported and not used",
        ),
        (
            "import \"strings\"\nstrings: 1",
            "a.cue:2:1: `strings` is declared already, as the name of an imported package",
        ),
        (
            "import \"strings\"\nimport strings \"strings\"",
            "a.cue:2:16: `strings` is declared already, as the name of an imported package",
        ),
        (
            "import \"strings\"\nlet strings = 1",
            "a.cue:2:5: `strings` is both a field and an alias or a `let`",
        ),
        ("import _ \"strings\"", "a.cue:1:10: package `strings` is imported as `_` and not used"),
        ("import \"nosuch\"", "a.cue:1:8: cannot import package `nosuch`: CUE has no package of this name"),
        (
            "import \"strings:s\"",
            "a.cue:1:8: cannot import package `strings:s`: CUE has no package of this name",
        ),
        (
            "import \"a.example/b:c\"",
            "a.cue:1:8: cannot import package `a.example/b:c`: packages of modules and registries are not supported",
        ),
        ("import \"text/template\"", "a.cue:1:8: package `text/template` is imported and not used"),
    ]);
}
