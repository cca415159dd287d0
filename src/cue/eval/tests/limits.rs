//! Policies that never end, or take too much: each ends with the limit that it passes, on a stack of 64 MiB.

use super::judge;
use std::fmt::Write as _;

/// Refused at a limit that these words name.
fn ends(policy: &str, limit: &str) {
    let shown = policy.get(..200).unwrap_or(policy);
    match judge(policy, "{}") {
        Ok(_) => panic!("{shown}: passes"),
        Err(error) => assert!(error.contains(limit), "{shown}: {error}"),
    }
}

/// Definitions or fields, each made from the one before it by `next`.
fn chain(count: usize, first: &str, next: impl Fn(usize) -> String) -> String {
    (0..count).fold(format!("{first}\n"), |mut all, index| {
        let _ = writeln!(all, "{}", next(index));
        all
    })
}

#[test]
fn references() {
    let added = |count| chain(count, "", |n| format!("a{n}: a{} + 1", n + 1)) + &format!("a{count}: 1");
    ends(&added(2_000), "nests more than 350 evaluations");
    assert!(judge(&(added(60) + "\na0: 61"), "{}").is_ok());
    ends(&(chain(4_000, "", |n| format!("a{n}: a{}", n + 1)) + "a4000: 1"), "more than");
    let copies = chain(40, "#a0: {x: 1}", |n| format!("#a{}: {{#a{n}, #a{n}, f{n}: #a{n}}}", n + 1));
    ends(&(copies + "x: #a40"), "more than");
    ends(&chain(2_000, "#a2000: {}", |n| format!("#a{n}: {{#a{}, f{n}: 1}}", n + 1)), "more than");
}

#[test]
fn recursion() {
    let counted = "#f: {n: int, _m: n - 1, if n > 0 {r: (#f & {n: _m}).r + 1}, if n == 0 {r: 0}}";
    ends(&format!("{counted}\nx: (#f & {{n: 2000}}).r"), "nests more than 350 evaluations");
    let twice = "#f: {n: int, _p: n - 1, _q: n - 2, if n > 1 {r: (#f & {n: _p}).r + (#f & {n: _q}).r}, if n <= 1 {r: 1}}";
    ends(&format!("{twice}\nx: (#f & {{n: 30}}).r"), "more than");
}

#[test]
fn comprehensions() {
    let range = "import \"list\"\n_l: list.Range(0, 16000, 1)\n";
    ends(&format!("{range}x: [for a in _l for b in _l {{a}}]"), "steps");
    ends(&format!("{range}x: {{for a in _l for b in _l {{\"k\\(a)\": b}}}}"), "steps");
    // Many fields are no matter.
    assert!(judge(&format!("{range}x: {{for a in _l {{\"k\\(a)\": a}}}}"), "{}").is_ok());
}

#[test]
fn disjunctions() {
    ends(&chain(40, "", |n| format!("x: {{a{n}: 1}} | {{a{n}: 2}}")), "more than");
    let nested = chain(20, "_a0: 1 | 2", |n| format!("_a{}: [_a{n}, _a{n}] | {{k: _a{n}}}", n + 1));
    ends(&(nested + "x: _a20"), "combinations");
}

#[test]
fn texts_and_lists() {
    let doubled = chain(24, "_a0: \"aaaaaaaaaaaaaaaa\"", |n| {
        format!("_a{}: \"\\(_a{n})\\(_a{n})\\(_a{n})\\(_a{n})\"", n + 1)
    });
    ends(&(doubled + "x: _a24"), "a text of more than 16 MiB");
    let many = chain(40, "_t: \"a\" * 16000000", |n| format!("x{n}: _t + \"{n}\""));
    ends(&many, "more than 256 MiB of text");
    // So does what is read once more for each constraint.
    let first = "import \"encoding/json\"\n_t: \"a\" * 16000000\n_j: json.Marshal(\"a\" * 5000000)";
    let many = |constraint: &str| chain(14, first, |n| format!("x{n}: _t + \"{n}\"")) + "y: _j" + constraint;
    assert!(judge(&many(""), "{}").is_ok());
    let thrice = " & json.Validate(string) & json.Validate(_) & json.Validate(!=\"b\")";
    ends(&many(thrice), "more than 256 MiB of text");
    ends("x: \"a\" * 2000000000", "a text of more than 16 MiB");
    ends("import \"strings\"\nx: strings.Repeat(\"a\", 2000000000)", "larger than 16 MiB");
    ends("import \"list\"\nx: list.Range(0, 1000000000, 1)", "larger than 1000000 elements");
    ends("import \"list\"\nx: list.Repeat([1, 2], 1000000000)", "larger than 1000000 elements");
    let lists = "import \"list\"\n_a: list.Repeat([1], 1000)\n_b: list.Repeat([_a], 1000)\nx: _b";
    ends(lists, "more than 400000 values");
    let laughs = chain(8, "_a0: [\"lol\"]", |n| format!("_a{}: [{}]", n + 1, format!("_a{n}, ").repeat(10)));
    ends(&(laughs + "x: _a8"), "more than");
}

#[test]
fn numbers_beyond_the_limit_are_no_error_of_the_policy() {
    ends("x: 1e1000000000", "exponent out of range");
    ends("import \"math/bits\"\nx: bits.Lsh(1, 1000000000)", "larger than 32000 bits");
    let squares = chain(20, "_a0: 99999999999999999999", |n| format!("_a{}: _a{n} * _a{n}", n + 1));
    ends(&(squares.clone() + "x: _a20"), "exponent out of range");
    // An alternative that passes a limit is not one that fails.
    ends(&(squares + "x: _a20 | 1"), "exponent out of range");
    ends("x: (\"a\" * 2000000000) | 1", "a text of more than 16 MiB");
}

#[test]
fn nesting() {
    let deep = |open: &str, close: &str, count| format!("x: {}1{}", open.repeat(count), close.repeat(count));
    for (open, close) in [("{a: ", "}"), ("[", "]"), ("(", ")"), ("!", ""), ("len(", ")"), ("\"\\(", ")\"")] {
        ends(&deep(open, close, 5_000), "nested more than 100 levels");
        assert!(!judge(&deep(open, close, 45), "{}").is_err_and(|error| error.contains("levels")), "{open}");
    }
    for (first, next) in [("1", " + 1"), ("int", " & int"), ("a", ".a"), ("a", "[0]")] {
        ends(&format!("a: _\nx: {first}{}", next.repeat(5_000)), "nested more than 100 levels");
    }
    let clauses = "let a = 1 ".repeat(100_000);
    let said = judge(&format!("x: [for a in [1] {clauses}{{a}}]"), "{}");
    assert!(said.is_err(), "{said:?}");
}
