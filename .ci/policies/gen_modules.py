#!/usr/bin/env python3
"""Rego modules at the edge of what OPA reads and compiles, to ask cosign about. Usage: gen_modules.py SEED COUNT > CASES.jsonl

Three kinds, in turn: modules of which tokens were left out, doubled, replaced or set apart; modules made of declarations, heads and
bodies that may not go together; values compared in all ways that there are. `record.py` asks for the verdicts.
"""
import json
import random
import re
import sys

NAMES = ["p", "q", "r", "f", "g", "x", "y", "z"]
ODD = ["input", "data", "allow", "count", "contains", "if", "in", "every", "some", "not", "default", "else", "with", "as", "import",
       "package", "null", "true", "plus", "eq", "set", "_", "__x", "x1", "é", "print", "walk", "internal", "rego", "future"]
WORDS = ["some", "every", "not", "with", "as", "default", "else", "if", "in", "contains", "import", "package", "null", "true", "false"]
SIGNS = ["{", "}", "[", "]", "(", ")", ",", ";", ":", ":=", "=", "==", "!=", "<", ">", "<=", ">=", "+", "-", "*", "/", "%", "|", "&", ".",
         "$", "@", "!", "`", '"', "\\", "?", "^", "~"]
NUMBERS = ["0", "1", "2", "-1", "1.0", "1e0", "10", "0.5", "1.50", "-0", "1e2", "100", "01", "1.", ".5", "1e", "0x1", "1_0", "- 1", "1E+2"]
TEXTS = ['"a"', '"b"', '""', "`a`", "`\\n`", '"\\u0061"', '"\\x"', '"a\\/b"', '"\t"', '"1"']
BLANKS = [" ", "\n", "\t", "\r\n", " # c\n", "\n\n", "\f", "\u00a0", "#\n", " # METADATA\n"]
PREAMBLES = ["", "", "", "import rego.v1\n", "import rego.v1\n", "import future.keywords\n", "import future.keywords.in\n",
             "import future.keywords.every\n", "import future.keywords.contains\nimport future.keywords.if\n"]
WHOLE = [
    "allow { input.predicate.a == 1 }", "default allow = false\nallow { true }", "allow = x { x := true }",
    "allow { x := [1, 2]; x[_] == 2 }", "allow { some i; [1, 2][i] == 2 }", "allow { count({1, 2}) == 2 }",
    "p[x] { x := 1 }\nallow { p[1] }", 'p[x] = y { x := "a"; y := 1 }\nallow { p.a == 1 }', "f(x) = y { y := x + 1 }\nallow { f(1) == 2 }",
    "f(x) { x == 1 } else = 2 { x == 2 }\nallow { f(1) }", "allow { not false }", "allow { input.predicate.a == 2 with input.predicate.a as 2 }",
    "allow { [x | x := [1, 2][_]] == [1, 2] }", "allow { {x | x := [1, 2][_]} == {1, 2} }", 'allow { {k: v | v := [1][k]} == {0: 1} }',
    "import data.x as y\nallow { not y.z }", "a.b.c = 1\nallow { a.b.c == 1 }", 'allow { sprintf("%d", [1]) == "1" }',
    "allow { 1 + 2 * 3 == 7; (1 + 2) * 3 == 9 }", "allow { {1} | {2} == {1, 2} }", "p = 1 { false } else = 2 { true }\nallow { p == 2 }",
    "default f(x) = 0\nf(x) = 1 { x == 1 }\nallow { f(2) == 0 }", "p := {1, 2}\nq := p - {1}\nallow { q == {2} }",
    "# METADATA\n# title: a\n# description: b\nallow { true }", '# METADATA\n# scope: document\n# custom:\n#  a: 1\nallow { true }',
    "allow { x = 1; y = x; y == 1 }", "allow { [x, y] = [1, 2]; x < y }", 'allow { re_match("a", "ba") }', "allow { -1 < 1 }",
    "allow { set() == set() }", 'allow { {"a": {"b": [1]}}.a.b[0] == 1 }', "allow { true } { false }", "p(x, y) { x == y }\nallow { p(1, 1) }",
]
STRICT = [
    "allow if input.predicate.a == 1", "default allow := false\nallow if { true }", "p contains x if some x in [1, 2]\nallow if 1 in p",
    "allow if { every x in [1, 2] { x > 0 } }", 'p[x] := y if { some x, y in {"a": 1} }\nallow if p.a == 1', "allow if { some x in [1]; x == 1 }",
    "f(x) := x + 1\nallow if f(1) == 2", "p if false else := 2 if true\nallow if p == 2", "p contains 1\np contains 2\nallow if count(p) == 2",
    "allow if not false", "a.b.c := 1\nallow if a.b.c == 1", "allow if { some i, x in [1]; i == 0; x == 1 }", "p.q contains 1\nallow if 1 in p.q",
    "allow if { x := {y | some y in [1]}; x == {1} }", 'allow if "a" in {"b": "a"}', "allow if { 0, 1 in [1] }", "p[x] if x := 1\nallow if p[1]",
    "allow := true if { every k, v in [0] { k == v } }", "import input.predicate as p\nallow if p.a == 1",
]
TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|`[^`]*`|#[^\n]*|[A-Za-z_]\w*|\d+(?:\.\d+)?|:=|==|!=|<=|>=|\s|.', re.S)


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.pick = self.random.choice

    def chance(self, part):
        return self.random.random() < part

    # Modules of which tokens are not where they were.

    def token(self):
        return self.pick(self.pick([NAMES, ODD, WORDS, SIGNS, SIGNS, NUMBERS, TEXTS, BLANKS, ["rego.v1", "x[1]", "f(1)", "[1]", "{}", "{1}"]]))

    def changed(self):
        strict = self.chance(0.5)
        text = self.pick(["import rego.v1\n", "import future.keywords\n"]) + self.pick(STRICT) if strict else self.pick(PREAMBLES[:3]) + self.pick(WHOLE)
        tokens = TOKEN.findall(text + "\n")
        for _ in range(self.pick([1, 1, 1, 2, 2, 3])):
            at = self.random.randrange(len(tokens))
            how = self.random.randrange(9)
            if how == 0:
                del tokens[at]
            elif how == 1:
                tokens.insert(at, tokens[at])
            elif how == 2:
                other = self.random.randrange(len(tokens))
                tokens[at], tokens[other] = tokens[other], tokens[at]
            elif how in (3, 4):
                tokens[at] = self.token()
            elif how == 5:
                tokens.insert(at, self.token())
            elif how in (6, 7):
                tokens.insert(at, self.pick(BLANKS))
            else:
                blanks = [i for i, t in enumerate(tokens) if t.isspace()]
                if blanks:
                    tokens[self.pick(blanks)] = self.pick(BLANKS + ["", ""])
            tokens = tokens or ["\n"]
        return "".join(tokens)

    # Modules of declarations that may not go together.

    def name(self):
        return self.pick(NAMES) if self.chance(0.88) else self.pick(ODD)

    def value(self, depth=2):
        kinds = ["number", "number", "text", "word", "name", "name"]
        if depth:
            kinds += ["array", "set", "object", "call", "operator", "path", "collected", "index"]
        kind, inner = self.pick(kinds), lambda: self.value(depth - 1)
        return {
            "number": lambda: self.pick(["0", "1", "2", "3", "1.0"]), "text": lambda: self.pick(['"a"', '"b"', '"c"']),
            "word": lambda: self.pick(["true", "false", "null"]), "name": self.name,
            "array": lambda: "[" + ", ".join(inner() for _ in range(self.random.randrange(3))) + "]",
            "set": lambda: "{" + ", ".join(inner() for _ in range(self.random.randrange(1, 3))) + "}",
            "object": lambda: "{" + ", ".join(f"{self.pick([self.value(0), chr(34) + 'a' + chr(34)])}: {inner()}" for _ in range(self.random.randrange(3))) + "}",
            "call": lambda: self.call(inner), "operator": lambda: f"{inner()} {self.pick(['+', '-', '|', '&', '==', '<', 'in', '*'])} {inner()}",
            "path": lambda: self.pick(["input.predicate.a", "input.predicate", "data.signature.p", "data.signature", "input.predicate.words[_]", "data.x", "input"]),
            "collected": lambda: self.pick(["[{h} | {b}]", "{{{h} | {b}}}", '{{"a": {h} | {b}}}']).format(h=self.name(), b=self.body(1)),
            "index": lambda: f"{self.pick([self.name(), '[1, 2]'])}{self.pick(['[' + inner() + ']', '.a', '[_]', '[' + self.name() + ']'])}",
        }[kind]()

    def call(self, inner):
        name, least = self.pick([("count", 1), ("f", 1), ("g", 2), ("p", 1), ("sum", 1), ("concat", 2), ("startswith", 2), ("is_set", 1), ("sprintf", 2),
                                 ("object.get", 3), ("array.concat", 2), ("split", 2), ("to_number", 1), ("nosuch", 1), ("data.signature.f", 1), ("trim", 2),
                                 ("type_name", 1), ("set", 0), ("sort", 1), ("max", 1), ("union", 1), ("walk", 1), ("time.now_ns", 0), ("json.marshal", 1)])
        count = least if self.chance(0.85) else self.random.randrange(4)
        return f"{name}({', '.join(inner() for _ in range(count))})"

    def statement(self, depth):
        name, value = self.name, lambda: self.value(self.pick([0, 0, 1, 1, 2]))
        ways = [
            lambda: f"{name()} := {value()}", lambda: f"{name()} := {value()}", lambda: f"{name()} = {value()}", lambda: f"some {name()}",
            lambda: f"some {name()}, {name()}", lambda: f"some {name()} in {value()}", lambda: f"some {name()}, {name()} in {value()}",
            lambda: f"{value()} == {value()}", lambda: f"{value()} == {value()}", lambda: f"not {value()}", value,
            lambda: f"[{name()}, {name()}] {self.pick([':=', '='])} {value()}", lambda: f"{value()} {self.pick([':=', '=', '!=', '<', '>='])} {value()}",
            lambda: f"{self.statement(0)} with {self.pick(['input', 'input.predicate.a', 'data.x', 'p', 'f', 'count', 'data.signature.p', 'data', 'x', 'input.x[0]'])} as {value()}",
            lambda: f"{name()} = 1", lambda: f"{name()} == 1", lambda: "true", lambda: "1 == 1", lambda: f"{name()} > 0", lambda: f"{name()}[{name()}]",
            lambda: f"print({value()})", lambda: f"{name()}({value()})", lambda: f"not {name()} == {value()}", lambda: f"{{{chr(34)}a{chr(34)}: {name()}}} = {value()}",
        ]
        if depth:
            ways += [lambda: f"every {name()} in {value()} {{ {self.body(depth - 1)} }}", lambda: f"every {name()}, {name()} in {value()} {{ {self.body(depth - 1)} }}"]
        return self.pick(ways)()

    def body(self, depth):
        return self.pick(["; ", "; ", "\n"]).join(self.statement(depth) for _ in range(self.pick([1, 1, 2, 2, 3])))

    def rule(self, strict):
        name, value = self.name, lambda: self.value(self.pick([0, 0, 1]))
        sign, given = self.pick(["=", ":="]), (" if" if strict and self.chance(0.93) or self.chance(0.05) else "")
        body = lambda: f"{given} {{ {self.body(1)} }}"
        args = lambda: ", ".join(self.pick([name(), name(), value()]) for _ in range(self.pick([1, 1, 2, 0])))
        otherwise = lambda: "".join(f" else {sign} {value()}{self.pick([body(), body(), ''])}" for _ in range(self.pick([0, 0, 0, 0, 1, 2])))
        ways = [
            lambda: f"{name()} {sign} {value()}", lambda: f"{name()} {sign} {value()}{body()}{otherwise()}", lambda: f"{name()}{body()}{otherwise()}",
            lambda: f"{name()}[{value()}]{body()}{otherwise()}", lambda: f"{name()}[{name()}]{body()}", lambda: f"{name()}[{value()}] {sign} {value()}{body()}",
            lambda: f"{name()} contains {value()}{self.pick([body(), ''])}", lambda: f"{name()}.{name()} {sign} {value()}", lambda: f"{name()}.{name()}{body()}",
            lambda: f"{name()}.a.{name()} {sign} {value()}{body()}", lambda: f"{name()}({args()}){body()}{otherwise()}", lambda: f"{name()}({args()}) {sign} {value()}",
            lambda: f"{name()}({args()}) {sign} {value()}{body()}{otherwise()}", lambda: f"default {name()} {sign} {value()}", lambda: f"default {name()}({args()}) {sign} {value()}",
            lambda: f"{name()}.{name()} contains {value()}{body()}", lambda: f"{name()}{body()}{{ {self.body(0)} }}", lambda: f"{name()}[{value()}]", lambda: f"{name()}({args()})",
            lambda: f"import {self.pick(['data', 'input', 'rego', 'future'])}.{name()}{self.pick(['', ' as ' + name()])}", lambda: value(), lambda: self.statement(0),
            lambda: f"default {name()}", lambda: f"package {name()}", lambda: f"# METADATA\n# {self.pick(['title', 'scope', 'custom', 'entrypoint', 'authors', 'x'])}: {self.pick(['a', 'rule', 'document', 'package', 'true', '[a]', '1', '', 'a: b', chr(34) + 'a'])}\n{name()} {sign} 1",
        ]
        return self.pick(ways)()

    def declared(self):
        strict = self.chance(0.4)
        lines = [self.pick(["import rego.v1", "import future.keywords"])] if strict else [self.pick(PREAMBLES[:3] + PREAMBLES[5:]).strip()]
        own = self.pick(["allow{i} {{ true }}", "allow{i} {{ {b} }}", "allow{i} {{ {b} }}", "allow{i} {{ not q }}", "allow{i} {{ not no }}\nno{i} {{ {b} }}"])
        own = own.format(i=" if" if strict else "", b=self.body(2))
        rules = [self.rule(strict) for _ in range(self.pick([0, 1, 1, 2, 3]))] + [own]
        self.random.shuffle(rules)
        return "\n".join(lines + rules) + "\n"

    # Values beside one another.

    def plain(self, depth=2):
        if not depth or self.chance(0.35):
            return self.pick(["0", "1", "2", "-1", "1.0", "0.5", '"a"', '"b"', '""', "true", "false", "null", "[]", "{}", "set()", "1e2", "100", '"1"'])
        inner = lambda: self.plain(depth - 1)
        return self.pick([
            lambda: f"[{inner()}, {inner()}]", lambda: f"[{inner()}]", lambda: f"{{{inner()}}}", lambda: f"{{{inner()}, {inner()}}}",
            lambda: f"{{{inner()}: {inner()}}}", lambda: f'{{"a": {inner()}, "b": {inner()}}}',
        ])()

    def compared(self):
        one, other = self.plain(), self.plain()
        other = self.pick([one, other, other])
        function = self.pick(["count", "sort", "max", "min", "sum", "product", "json.marshal", "type_name", "is_set", "is_object", "array.reverse", "object.keys", "union",
                              "intersection", "to_number", "sprintf", "concat", "all", "any", "abs", "round", "lower", "cast_set", "cast_array", "object.union_n", "strings.reverse",
                              "trim_space", "upper", "yaml.marshal", "base64.encode", "is_null", "numbers.range", "array.concat", "object.union", "object.remove", "object.filter",
                              "object.subset", "json.filter", "json.remove", "array.slice", "object.get", "split", "contains", "startswith", "indexof", "set_diff", "format_int"])
        two = {"concat", "sprintf", "numbers.range", "array.concat", "object.union", "object.remove", "object.filter", "object.subset", "json.filter", "json.remove", "split",
               "contains", "startswith", "indexof", "set_diff", "format_int"}
        given = f"{one}, {other}" if function in two else f"{one}, {other}, {self.plain(1)}" if function in ("array.slice", "object.get") else one
        shown = self.pick([f"{function}({given})", f"x := {one}; y := {other}; x {self.pick(['==', '<', '!=', '<=', '>'])} y", f"x := {one}; x[{self.plain(1)}]", f"{one}[{self.plain(1)}] == {other}",
                           f"{one} in {other}", f"some x in {one}; x == {other}", f"x := {one}; x[_] == {other}", f"x := {one}; y := {{x, {other}}}; count(y) == {self.pick([1, 2])}",
                           f"[z | z := {one}[_]] == {other}", f"{one} {self.pick(['|', '&', '-', '+', '==', '<', '>=', '='])} {other}", f"x := {function}({given}); x == {self.plain()}",
                           f"x := {one}; y := {{x: 1}}; y[{other}] == 1", f"{{z: 1 | z := {one}[_]}} == {self.plain()}", f"[x, y] = {self.plain()}; x == {other}",
                           f"{self.plain(1)}, {one} in {other}", f"x := {one}; y := {other}; z := {{x, y}}; z[y]", f"x := {one}; [k | x[k]] == {self.plain(1)}",
                           f"x := {one}; y := {other}; [z | z := {{x, y}}[_]] == [x, y]", f"x := {one}; y := {other}; sprintf(\"%v\", [{{x, y}}]) == \"a\""])
        how = self.pick(["allow {{ {e} }}", "allow {{ {e} }}", "allow {{ not no }}\nno {{ {e} }}", "allow {{ count([1 | {e}]) == {n} }}", "p = z {{ z := [1 | {e}] }}\nallow {{ count(p) == {n} }}"])
        return "import future.keywords.in\n" + how.format(e=shown, n=self.pick([0, 1])) + "\n"


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    maker, seen = Maker(seed), set()
    while len(seen) < count:
        text = "package signature\n" + [maker.changed, maker.declared, maker.declared, maker.compared][len(seen) % 4]()
        if text in seen:
            continue
        seen.add(text)
        print(json.dumps({"name": f"modules-{seed}-{len(seen):04}", "statement": "plain", "files": {"p.rego": text}}, ensure_ascii=False))


if __name__ == "__main__":
    main()
