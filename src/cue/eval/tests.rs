use super::super::{load::load, statement::Json};
use super::{Report, validate};

mod circles;
mod closed;
mod limits;
mod mutation;
mod unknown;

/// Judges a predicate, on a stack such as the commands give it: tests have 2 MiB of their own.
pub(super) fn judge(policy: &str, predicate: &str) -> Result<Report, String> {
    std::thread::scope(|scope| {
        let run = std::thread::Builder::new().stack_size(64 << 20);
        run.spawn_scoped(scope, || judge_here(policy, predicate)).unwrap().join().unwrap()
    })
}

fn judge_here(policy: &str, predicate: &str) -> Result<Report, String> {
    let package =
        load(&[("p.cue".to_owned(), policy.as_bytes().to_vec())]).map_err(|error| error.to_string())?;
    let statement = format!("{{\"predicate\": {predicate}}}");
    let statement = Json::parse(&statement).map_err(|error| error.to_string())?;
    validate(&package, &statement).map_err(|error| package.name_file(error).to_string())
}

fn passes(policy: &str, predicate: &str) {
    if let Err(error) = judge(policy, predicate) {
        panic!("{policy}\non {predicate}: {error}");
    }
}

fn refuses(policy: &str, predicate: &str, because: &str) {
    match judge(policy, predicate) {
        Ok(_) => panic!("{policy}\non {predicate}: passes"),
        Err(error) => assert!(error.contains(because), "{policy}\non {predicate}: {error}"),
    }
}

/// CUE takes a byte order mark nowhere, and JSON is CUE.
#[test]
fn byte_order_marks_in_json() {
    for predicate in ["{\"a\": \"x\u{feff}y\"}", r#"{"a": "\ufeff"}"#, r#"{"a": "", "\ufeffb": 1}"#] {
        refuses("predicate: a: string", predicate, "a byte order mark (U+FEFF)");
    }
    for text in [r#"\"\ufeff\""#, r#"{\"\\ufeff\": 1}"#] {
        for call in ["json.Unmarshal(t)", "*json.Unmarshal(t) | 1", "json.Unmarshal(t) | *1"] {
            let policy =
                format!("import \"encoding/json\"\npredicate: a: string\nlet t = \"{text}\"\n_b: {call}");
            refuses(&policy, r#"{"a": "b"}"#, "JSON with a byte order mark");
        }
    }
}

#[test]
fn scalars_and_bounds() {
    passes("predicate: a: 1", r#"{"a": 1}"#);
    refuses(
        "predicate: a: 1",
        r#"{"a": 2}"#,
        "p.cue:1:15: predicate.a: conflicting values: expected 1, found 2",
    );
    passes("predicate: a: >0 & <10", r#"{"a": 9}"#);
    refuses("predicate: a: >0 & <10", r#"{"a": 10}"#, "out of bound");
    refuses("predicate: a: >10 & <0", "{}", "bounds exclude each other");
    refuses("predicate: a: int", r#"{"a": "1"}"#, "conflicting values");
    refuses("predicate: a: =~\"^x\"", r#"{"a": "y"}"#, "out of bound");
}

#[test]
fn a_missing_field_passes_and_is_reported_unless_it_is_required() {
    let report = judge("predicate: builder: id: string", "{}").unwrap();
    assert_eq!(report.absent, ["predicate.builder"]);
    refuses("predicate: id!: string", "{}", "predicate.id: a required field is missing");
    let report = judge("predicate: l: [...{a: int}]", r#"{"l": [{"a": 1}, {}]}"#).unwrap();
    assert_eq!(report.absent, ["predicate.l[1].a"]);
}

#[test]
fn definitions_are_closed() {
    passes("#A: {a: int, ...}\npredicate: #A", r#"{"a": 1, "b": 2}"#);
    refuses("#A: {a: int}\npredicate: #A", r#"{"a": 1, "b": 2}"#, "predicate.b: field not allowed");
    refuses(
        "#A: l: [...{a: int}]\npredicate: #A",
        r#"{"l": [{"a": 1}, {"b": 2}]}"#,
        "predicate.l[1].b: field not allowed",
    );
    passes("#A: {a: int}\npredicate: {#A, b: int}", r#"{"a": 1, "b": 2}"#);
    refuses("predicate: close({a: int})", r#"{"b": 2}"#, "field not allowed");
}

#[test]
fn disjunctions_and_defaults() {
    passes("predicate: l: \"MIT\" | \"BSD\"", r#"{"l": "BSD"}"#);
    refuses("predicate: l: \"MIT\" | \"BSD\"", r#"{"l": "GPL"}"#, "no alternative of the disjunction fits");
    refuses(
        "predicate: x: {k: 1, n: >3} | {k: 2} | null",
        r#"{"x": {"k": 1, "n": 2}}"#,
        "predicate.x: none of the 3 alternatives fits (1: p.cue:1:25: predicate.x.n: out of bound: expected >3, found 2; \
         2: p.cue:1:35: predicate.x.k: conflicting values: expected 2, found 1; 3: p.cue:1:40: predicate.x: ",
    );
    refuses(
        "predicate: {a: 1} | {a: 2} | {a: 3} | {a: 4} | {a: 5} | {a: 6}",
        r#"{"a": 7}"#,
        "found 7; and 2 more): expected one of 6 alternatives",
    );
    passes("x: *1 | int\ny: x + 1\ny: 2", "{}");
    refuses("x: *1 | int\ny: x + 1\ny: 3", "{}", "conflicting values");
    passes("predicate: {kind: \"a\", n: int} | {kind: \"b\", n: string}", r#"{"kind": "b", "n": "x"}"#);
    refuses(
        "predicate: {kind: \"a\", n: int} | {kind: \"b\", n: string}",
        r#"{"kind": "a", "n": "x"}"#,
        "none of the 2 alternatives fits (1: ",
    );
}

#[test]
fn references_see_the_statement() {
    passes("predicate: {a: int, b: a}", r#"{"a": 1, "b": 1}"#);
    refuses("predicate: {a: int, b: a}", r#"{"a": 1, "b": 2}"#, "predicate.b");
    refuses("predicate: l: [...{a: int, b: a}]", r#"{"l": [{"a": 1, "b": 2}]}"#, "predicate.l[0].b");
    refuses(
        "predicate: {a: int, if a > 1 {b!: int}}",
        r#"{"a": 2}"#,
        "predicate.b: a required field is missing",
    );
}

#[test]
fn cycles() {
    passes("a: b\nb: a", "{}");
    refuses("a: b + 1\nb: a - 1", "{}", "depends on itself");
    refuses("a: b: a", "{}", "structural cycle");
    refuses("predicate: {a: _, if a != 1 {a: {b: 1}}}", "{}", "depends on itself");
    refuses("predicate: {a: *1 | 2, if a == 3 {a: 3}}", "{}", "depends on itself");
    passes("predicate: {a: _, if a == 1 {a: int}}", r#"{"a": 1}"#);
    passes("predicate: {a: {b: int}, if a.b == 1 {a: c: 1}}", r#"{"a": {"b": 1}}"#);
    passes("#L: {v: int, next: null | #L}\npredicate: #L", r#"{"v": 1, "next": {"v": 2, "next": null}}"#);
}

#[test]
fn a_scalar_without_a_value_is_an_error_to_who_asks() {
    refuses("x: int\ny: x == _|_\ny: false", "{}", "expected true, found false");
    passes("predicate: {a: int, ok: a != _|_}", r#"{"a": 1, "ok": true}"#);
    passes("x: 1 | 2\ny: x == _|_\ny: false", "{}");
    passes("x: {a: int}\ny: x == _|_\ny: false", "{}");
}

#[test]
fn a_comprehension_of_the_top_level_needs_what_the_policy_has() {
    refuses("predicate: _\nif predicate.a { x: 1 }", r#"{"a": true}"#, "a comprehension of the top level");
}

#[test]
fn match_counts_what_the_value_meets() {
    passes("predicate: a: matchN(1, [int, string])", r#"{"a": "x"}"#);
    refuses("predicate: a: matchN(1, [7 | 10, -10])", r#"{"a": 9}"#, "expected 1, found 0");
    refuses("predicate: l: matchN(1, [[{a: 3}, ...]])", r#"{"l": [{"a": 4}]}"#, "expected 1, found 0");
}

#[test]
fn a_reference_to_a_required_field_takes_its_constraints() {
    refuses("#P: {b!: int}\nx: #P.b\nx: \"s\"", "{}", "conflicting values");
    passes("#P: {b!: int}\nx: #P.b\nx: 1", "{}");
    refuses("#P: {b!: 1 & 1}\nx: #P.b", "{}", "the required field that it refers to is not there");
    refuses("#P: {b!: 1}\nx: #P.b + 1\nx: 3", "{}", "not known even with the statement");
}

#[test]
fn what_can_never_be_of_the_kind_that_is_needed_refuses() {
    refuses("import \"strings\"\nx: int\ny: strings.ToLower(x)", "{}", "an argument must be string, not int");
    passes("import \"strings\"\n#X: {x: string, y: strings.ToLower(x)}", "{}");
    refuses("x: int\ny: [for v in x {v}]", "{}", "an argument must be");
    refuses("x: string\ny: {if x {a: 1}}", "{}", "an argument must be bool, not string");
}

/// As cosign 3.1.1 has them.
#[test]
fn what_functions_give_at_their_edges() {
    for (package, call, value) in [
        ("math", "math.MultipleOf(1e40, 3)", "true"),
        ("math", "math.MultipleOf(10, 3)", "false"),
        ("path", "path.Rel(\"a/b\", \".\", path.Unix)", "\"../../.\""),
        ("path", "path.Resolve(\"\", \"\", \"unix\")", "\".\""),
        ("strconv", "strconv.FormatFloat(-1e100, 101, 3, 32)", "\"-Inf\""),
    ] {
        passes(&format!("import \"{package}\"\nx: {call}\nx: {value}"), "{}");
    }
    passes("x: \"\\(quo(-3, 7)) \\(rem(-7, 7)) \\(div(0, -7)) \\(quo(-3, 7) + 0)\"\nx: \"-0 -0 0 0\"", "{}");
    passes("x: quo(-3, 7)\nx: 0", "{}");
    for (package, call) in [
        ("net", "net.AddIP([1, 2, 3, 4], 1)"),
        ("strconv", "strconv.FormatFloat(1e400, 101, 3, 64)"),
        ("math", "math.Sqrt(1e-400)"),
        ("uuid", "uuid.Valid(\"123e4567-e89b-12d3-a456-426614174000\")"),
    ] {
        refuses(&format!("import \"{package}\"\nx: {call}"), "{}", call.split('(').next().unwrap());
    }
    let uuid = "import \"uuid\"\npredicate: id: uuid.Valid";
    passes(uuid, r#"{"id": "123e4567-e89b-12d3-a456-426614174000"}"#);
}
