#!/usr/bin/env python3
"""Makes Rego policies at random, from a grammar and the statements of testdata/policies/statements. Usage: gen_rego.py SEED COUNT [--wide]

--wide makes more kinds: `not` within `not`, `every`, `else`, partial rules, formats, sets, objects, numbers, scripts, expressions, tokens, errors.

Each line that is printed is a case for record.py: `name`, `statement`, `files`. The same seed makes the same cases. About half of the
policies hold; some have a type error, a variable without a value, or two rules that contradict one another, mostly where only
`not` would hide it.
"""
import base64
import json
import pathlib
import random
import sys

STATEMENTS = pathlib.Path(__file__).resolve().parents[2] / "testdata/policies/statements"
NAMES = ["plain", "plain", "release", "vuln", "records", "slsa1", "slsa02", "tests", "spdx"]
WRONG = 0.12  # how often something is made not to fit


def paths(value, at):
    """Every path of a value, with what is there."""
    yield at, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, f"{at}.{key}" if key.isidentifier() and key.isascii() else f"{at}[{json.dumps(key)}]")
    if isinstance(value, list):
        for index, inner in enumerate(value[:4]):
            yield from paths(inner, f"{at}[{index}]")


class Policy:
    """One policy."""

    def __init__(self, rng, statement, wide=False):
        self.rng, self.wide = rng, wide
        self.places = [p for p in paths(statement["predicate"], "input.predicate") if p[0] != "input.predicate"]
        self.rules, self.count, self.v1 = [], 0, rng.random() < 0.5

    def chance(self, probability):
        """True that often."""
        return self.rng.random() < probability

    def pick(self, *makers):
        """One of several; what is callable is called."""
        made = self.rng.choice(makers)
        return made() if callable(made) else made

    def fresh(self, prefix):
        """A name that is new."""
        self.count += 1
        return f"{prefix}{self.count}"

    def place(self, kind=None):
        """A path and its value; of a kind, where there is one."""
        fits = [p for p in self.places if kind is None or isinstance(p[1], kind) and not (kind in (int, (int, float)) and isinstance(p[1], bool))]
        path, value = self.rng.choice(fits or self.places)
        if self.chance(WRONG / 2):
            return path + ".absent", None
        return path, value

    def literal(self, value):
        """A value as Rego, or nearly."""
        if self.chance(WRONG):
            value = self.pick(1, "x", None, True, [1], {"k": 1})
        elif self.chance(0.25):
            value = self.other(value)
        return json.dumps(value, ensure_ascii=False)

    def other(self, value):
        """Another value of that kind."""
        if isinstance(value, bool) or value is None:
            return not value
        if isinstance(value, int):
            return value + self.pick(-1, 1)
        if isinstance(value, str):
            return self.pick(value + "x", value[1:], value.upper())
        if isinstance(value, list):
            return value[1:]
        return value if isinstance(value, float) else {}

    # Expressions

    def text(self, depth=2):
        """Something that is a string, most often, and what it is."""
        path, value = self.place(str)
        if not isinstance(value, str):
            return path, "x"
        if depth == 0 or self.chance(0.4):
            return path, value
        inner, known = self.text(depth - 1)
        return self.pick(
            (f"lower({inner})", known.lower()), (f"upper({inner})", known.upper()), (f"trim_space({inner})", known.strip()),
            (f"concat(\"-\", [{inner}, \"z\"])", known + "-z"), (f"replace({inner}, \"a\", \"b\")", known.replace("a", "b")),
            (f"sprintf(\"%s-%v\", [{inner}, 1])", known + "-1"), (f"substring({inner}, 0, 3)", known[:3]),
            (f"split({inner}, \"e\")[0]", known.split("e")[0]), (f"trim_prefix({inner}, {json.dumps(known[:1])})", known[1:]),
        )

    def number(self, depth=2):
        """Something that is a number, most often, and what it is."""
        path, value = self.place(int)
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > 10**6:
            path, value = self.counted()
        if depth == 0 or self.chance(0.4):
            return path, value
        (one, first), (other, second) = self.number(depth - 1), self.number(depth - 1)
        return self.pick((f"{one} + {other}", first + second), (f"({one} - {other})", first - second), (f"({one} * {other})", first * second),
                         (f"max([{one}, {other}])", max(first, second)), (f"abs({one})", abs(first)), (f"sum([{one}, {other}, 1])", first + second + 1))

    def counted(self):
        """How many there are of something."""
        path, value = self.place((str, list, dict))
        return f"count({path})", len(value) if value is not None else 0

    def test(self, depth=2):
        """One thing that holds or not."""
        if self.wide and self.chance(0.55):
            return self.pick(self.nested, self.nested, self.quantified, self.chosen, self.several, self.partial, self.formatted, self.sets, self.members, self.sums,
                             self.letters, self.searched, self.replaced, self.token, self.nothing, self.nothing)
        return self.pick(self.same, self.same, self.texts, self.texts, self.numbers, self.kinds, self.member, self.negated, self.collected,
                         self.called, self.ruled, self.bound, self.through, self.everything, self.under, self.built)

    def same(self):
        """A place and its value."""
        path, value = self.place()
        if isinstance(value, (dict, list)) and len(json.dumps(value)) > 120:
            return path
        return f"{path} {self.pick('==', '==', '==', '!=')} {self.literal(value)}"

    def texts(self):
        """Tests of strings."""
        path, value = self.text()
        cut = self.rng.randint(0, len(value))
        return self.pick(f"startswith({path}, {self.literal(value[:cut])})", f"endswith({path}, {self.literal(value[cut:])})", f"contains({path}, {self.literal(value[1:cut])})",
                         f"{path} == {self.literal(value)}", f"regex.match(\"^[a-zA-Z]\", {path})", f"count({path}) > {self.literal(len(value) - 1)}",
                         f"indexof({path}, \"a\") {self.pick('==', '>=')} {value.find('a')}", f"{path} != {self.literal(value[1:])}", f"glob.match(\"*\", [], {path})",
                         f"crypto.sha256({path}) != \"\"" if self.chance(0.2) else f"is_string({path})")

    def numbers(self):
        """Tests of numbers."""
        expression, value = self.number()
        return f"{expression} {self.pick('==', '<', '>', '<=', '>=', '!=')} {self.literal(value)}"

    def kinds(self):
        """What something is."""
        path, _ = self.place()
        return self.pick(f"is_{self.pick('string', 'number', 'array', 'object', 'boolean', 'null')}({path})", f"type_name({path}) == {self.literal('string')}")

    def member(self):
        """What is in something."""
        path, value = self.place((list, dict))
        items = list(value.values()) if isinstance(value, dict) else value
        item = self.literal(items[0]) if items else "1"
        if self.v1 and self.chance(0.5):
            return f"{item} in {path}"
        return self.pick(f"{path}[_] == {item}", f"count({path}) {self.pick('==', '>')} {self.literal(len(items) if items else 0)}", f"{path}[{self.fresh('i')}]")

    def negated(self):
        """What does not hold."""
        inner = self.pick(self.same, self.texts, self.numbers, self.kinds, self.ruled, self.called, self.under)
        return inner if inner.startswith("not ") or "\n" in inner else f"not {inner}"

    def collected(self):
        """Comprehensions."""
        path, value = self.place((list, dict))
        x, size = self.fresh("x"), len(value) if value else 0
        inner = self.pick("true", f"{x} != {self.literal(1)}", f"not {x} == {self.literal('x')}", f"is_string({x})", f"startswith({x}, {self.literal('a')})")
        return self.pick(f"count([{x} | {x} := {path}[_]; {inner}]) {self.pick('==', '>=', '<=')} {size}", f"count({{{x} | {x} := {path}[_]; {inner}}}) <= {size}",
                         f"{{k: v | v := {path}[k]; v != {self.literal(3)}}} != {{}}", f"{x} := [y | y := {path}[_]][0]; {x} != {self.literal('q')}")

    def called(self):
        """A function of the policy."""
        name, (path, value) = self.fresh("f"), self.place()
        arg = self.pick("x", "x", "x", self.literal(value), "_")
        body = self.pick(f"x == {self.literal(value)}", f"is_string(x)", f"x > {self.literal(1)}", f"startswith(x, {self.literal('a')})", "count(x) > 0", "true")
        if arg != "x":
            body = "true"
        result = self.pick("", "", " = 1", " = \"one\"", " = x" if arg == "x" else "")
        self.rule(f"{name}({arg}){result}", body)
        if self.chance(0.3):
            self.rule(f"{name}({arg}){result}" if self.chance(0.7) else f"{name}({arg}) = {self.literal(1)}", self.simple())
        return self.pick(f"{name}({path})", f"{name}({path}) == {self.literal(self.pick(True, 1, 'one'))}", f"not {name}({path})", f"{name}({self.literal(value)})")

    def ruled(self):
        """A rule of the policy."""
        name, kind = self.fresh("r"), self.rng.randint(0, 6)
        if kind == 0:
            self.rule(name, self.simple())
            return self.pick(name, f"not {name}", f"{name} == {self.literal(True)}")
        if kind == 1:
            value = self.pick(1, "a", [1, "b"], {"k": "v"})
            self.rule(f"{name} = {json.dumps(value)}", self.simple())
            self.rules.append(f"default {name} = {self.literal(self.pick(False, 2, 'b'))}")
            return self.pick(f"{name} == {self.literal(value)}", f"{name} != {self.literal(value)}", f"not {name} == {self.literal(value)}")
        path, value = self.place((list, dict))
        if kind in (2, 3):
            inner = self.pick("true", f"x != {self.literal('a')}", "is_string(x)", "not is_null(x)")
            self.rule(f"{name} contains x" if self.v1 else f"{name}[x]", f"x := {path}[_]; {inner}")
            return self.pick(f"count({name}) {self.pick('==', '>', '<=')} {len(value) if value else 0}", f"{name}[{self.literal('a')}]", f"not {name}[{self.literal('a')}]", f"count({name} | {{1}}) > 0",
                             f"{name} == {self.literal(value)}")
        if kind == 4:
            self.rule(f"{name}[k] = v", f"v := {path}[k]; {self.pick('true', f'v != {self.literal(1)}')}")
            return self.pick(f"count({name}) > 0", f"{name}[_] == {self.literal(1)}", f"not {name}.absent", f"{name}[{self.literal('a')}]")
        if kind == 5:
            self.rules.append(f"{name} = 1 {self.head()}{{ {self.simple()} }} else = {self.literal(2)} {self.head()}{{ {self.simple()} }}")
            return self.pick(f"{name} == {self.literal(2)}", f"{name} < 3", f"not {name} == 1")
        self.rule(name, self.pick(f"x := {self.literal(1)}; y := x; y == {self.literal(1)}", f"x = {path}; x != {self.literal(1)}", self.simple))
        return self.pick(f"not {name}", name)

    def bound(self):
        """Variables."""
        x, (path, value) = self.fresh("u"), self.place()
        tests = [f"{x} == {self.literal(value)}", f"not {x} == {self.literal(1)}", f"{x} != {self.literal('q')}"]
        if isinstance(value, str):
            tests += [f"startswith({x}, {self.literal(value[:2])})", f"count({x}) > 0", f"not contains({x}, {self.literal('zz')})"]
        first = f"{x} {self.pick(':=', ':=', '=')} {path}"
        both = [first, self.rng.choice(tests)]
        if self.chance(0.15):
            self.rng.shuffle(both)
        return "; ".join(both)

    def through(self):
        """Going through things."""
        path, value = self.place((list, dict))
        items = list(value.values()) if isinstance(value, dict) else value
        item = self.literal(items[-1]) if items else "1"
        i = self.fresh("i")
        if self.v1:
            return self.pick(f"some {i} in {path}; {i} == {item}", f"some k{i}, {i} in {path}; {i} != {item}; k{i} != \"q\"", f"some {i}; {path}[{i}] == {item}")
        return self.pick(f"{path}[{i}] == {item}; {i} != 9", f"some {i}; {path}[{i}] == {item}", f"[{i}, _] = [{path}, 1]; {i} != {item}")

    def everything(self):
        """`every`, where there is the word."""
        path, _ = self.place((list, dict))
        if not self.v1:
            return self.same()
        x = self.fresh("e")
        inner = self.pick(f"{x} != {self.literal('zz')}", f"is_string({x})", f"not {x} == {self.literal(9)}", f"{x} > {self.literal(0)}", f"startswith({x}, \"a\")")
        return f"every {x} in {path} {{ {inner} }}"

    def under(self):
        """`with`."""
        name, (path, value) = self.fresh("w"), self.place()
        self.rule(name, f"{path} {self.pick('==', '!=')} {self.literal(value)}")
        by = self.pick("input", path.split("[")[0])
        return f"{self.pick('', 'not ')}{name} with {by} as {self.literal(self.pick(value, {}, 1))}"

    def built(self):
        """Other functions."""
        path, value = self.place()
        return self.pick(
            f"json.unmarshal(json.marshal({path})) == {path}", f"object.get(input.predicate, {self.literal('absent')}, {self.literal(1)}) == {self.literal(1)}",
            f"to_number({self.literal('12')}) == 12", f"array.concat([1], [{path}])[1] == {path}", f"{{1, 2}} & {{2}} == {{2}}", f"{{{path}}} - {{{path}}} == set()",
            f"union({{{{1}}, {{2}}}}) == {{1, 2}}", f"base64.decode(base64.encode({self.literal('abc')})) == \"abc\"", f"semver.compare(\"1.2.3\", {self.literal('1.10.0')}) < 0",
            f"time.parse_rfc3339_ns({self.literal('2024-01-01T00:00:00Z')}) > 1", f"object.keys({path}) != {{\"q\"}}", f"sort([3, 1, 2]) == [1, 2, 3]", f"array.slice([1, 2, 3], 1, 2) == [2]",
            f"regex.find_n(\"[a-z]\", {self.literal('abc')}, 2) == [\"a\", \"b\"]", f"walk({path}, [p{self.count}, {self.literal(value)}])", f"net.cidr_contains(\"10.0.0.0/8\", {self.literal('10.1.2.3')})",
            f"numbers.range(1, 3)[_] == {self.literal(2)}", f"format_int(255, 16) == {self.literal('ff')}", f"hex.encode({self.literal('a')}) == \"61\"", f"strings.replace_n({{\"a\": \"b\"}}, {self.literal('aa')}) == \"bb\"",
        )

    # What came later; older seeds do not meet it

    def nested(self):
        """`not` beneath rules, comprehensions and `not`."""
        name, inner = self.fresh("n"), self.rng.choice([self.nothing, self.same, self.texts, self.sums, self.sets, self.members, self.letters])()
        self.rule(name, self.pick(inner, f"not {inner}" if ";" not in inner and "\n" not in inner and not inner.startswith("not ") else inner))
        path, _ = self.place((list, dict))
        x = self.fresh("x")
        return self.pick(f"not {name}", f"count([1 | {name}]) == {self.pick(0, 1)}", f"count([{x} | {x} := {path}[_]; not {name}]) {self.pick('==', '>', '>=')} {self.pick(0, 1, 2)}",
                         f"{{{x} | {x} := {path}[_]; {name}}} {self.pick('==', '!=')} set()", f"not not_{name}" if self.rules.append(f"not_{name} {self.head()}{{ not {name} }}") is None else "")

    def quantified(self):
        """`every` and `some .. in`, within one another."""
        path, value = self.place((list, dict))
        if not self.v1:
            return self.collected()
        x, y = self.fresh("e"), self.fresh("e")
        test = self.pick(f"is_string({x})", f"not {x} == {self.literal('a')}", f"count({x}) > 0", f"{x} != {y}", f"startswith({x}, {self.literal('a')})", f"{x} in {path}", f"{x} > {self.literal(0)}")
        if y in test:
            return f"every {x} in {path} {{ some {y} in {path}; {test} }}"
        return self.pick(f"every {x} in {path} {{ {test} }}", f"some {x} in {path}; not {test}" if not test.startswith("not") else f"some {x} in {path}; {test}",
                         f"every k{x}, {x} in {path} {{ k{x} != {self.literal('zz')}; {test} }}", f"some k{x}, {x} in {path}; {test}; is_{self.pick('number', 'string')}(k{x})")

    def chosen(self):
        """`else`, with several links, and defaults of functions."""
        name, (path, value) = self.fresh("c"), self.place()
        links = " ".join(f"else = {self.literal(self.pick(2, 'b', False))} {self.head()}{{ {self.simple()} }}" for _ in range(self.rng.randint(1, 3)))
        if self.chance(0.5):
            self.rules.append(f"{name} = {self.literal(1)} {self.head()}{{ {self.simple()} }} {links}")
            return self.pick(f"{name} == {self.literal(2)}", f"not {name}", f"{name}", f"not {name} == {self.literal(1)}")
        if self.v1 and self.chance(0.4):
            self.rules.append(f"default {name}(_) := {self.literal(self.pick(0, False))}")
        self.rules.append(f"{name}(x) = {self.literal(1)} {self.head()}{{ x == {self.literal(value)} }} {links}")
        return self.pick(f"{name}({path}) == {self.literal(1)}", f"not {name}({path})", f"{name}({path}) != {self.literal(2)}", f"not {name}({path}.absent)")

    def several(self):
        """Functions with several bodies and patterns."""
        name, (path, value) = self.fresh("g"), self.place()
        self.rule(f"{name}(x, y) = z", self.pick(f"z := x", f"x == {self.literal(value)}; z := y", "is_string(x); z := lower(x)", f"z := count(x)"))
        if self.chance(0.6):
            self.rule(f"{name}({self.literal(value)}, y) = z", self.pick("z := y", f"z := {self.literal(1)}", "y > 1; z := 1"))
        if self.chance(0.3):
            self.rule(f"{name}(x, {self.literal(1)}) = z", "z := x")
        return self.pick(f"{name}({path}, {self.literal(1)}) == {self.literal(value)}", f"not {name}({path}, 1)", f"{name}({path}, {self.pick(1, 2)})", f"{name}({path}, 1) != {self.literal(1)}")

    def partial(self):
        """Partial sets and objects, of several definitions."""
        name, (path, value) = self.fresh("p"), self.place((list, dict))
        if self.chance(0.5):
            for _ in range(self.rng.randint(1, 2)):
                made = self.pick("x", "[x, 1]", '{"v": x}', "x.name", "lower(x)", "count(x)")
                self.rule(f"{name} contains y" if self.v1 else f"{name}[y]", f"x := {path}[_]; y := {made}")
            return self.pick(f"count({name}) {self.pick('==', '<=', '>')} {len(value) if value else 0}", f"not {name}[{self.literal('a')}]", f"{name}[[_, 1]]", f"{name} == set()", f"not {name}[_]")
        for _ in range(self.rng.randint(1, 2)):
            self.rule(f"{name}[k] = v", self.pick(f"v := {path}[k]", f"x := {path}[k]; v := [x, {self.literal(1)}]", f"{path}[k]; v := {self.literal(1)}", f"k := {self.literal('q')}; v := 1"))
        return self.pick(f"count({name}) > 0", f"not {name}.q == 1", f"{name}[_] == {self.literal(1)}", f"object.keys({name}) != set()", f"{name}.q")

    def formatted(self):
        """`sprintf`."""
        path, value = self.place()
        verb = self.pick("%v", "%v", "%s", "%d", "%q", "%5v|", "%-5v|", "%05d", "%x", "%t", "%+d", "%.2f", "%c", "%%%v", "%v%v", "%")
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        known = {"%v": shown, "%s": shown, "%q": json.dumps(shown, ensure_ascii=False), "%5v|": shown.rjust(5) + "|", "%-5v|": shown.ljust(5) + "|"}.get(verb, shown)
        return f"sprintf({json.dumps(verb)}, [{path}]) {self.pick('==', '!=')} {json.dumps(known, ensure_ascii=False)}"

    def sets(self):
        """Operations of sets."""
        path, value = self.place((list, dict))
        s = f"{{x | x := {path}[_]}}"
        other = self.pick("{1}", "set()", f"{{{self.literal('a')}, 2}}", s, "{[1], {\"k\": 1}}", path)
        op = self.pick("&", "|", "-")
        return self.pick(f"count({s} {op} {other}) {self.pick('==', '>', '<=')} {self.pick(0, 1, 2, 3)}", f"{s} {op} {other} == {other}", f"union({{{s}, {{1}}}}) != set()", f"intersection({{{s}, {other}}}) == set()",
                         f"not count({s} {op} {other}) == 0", f"sort({s})[0] == {self.literal('a')}", f"max({s}) {self.pick('>', '!=')} {self.literal(1)}", f"min({path}) == {self.literal(1)}", f"{s} {self.pick('<', '>', '<=')} {other}")

    def members(self):
        """`object.*`, `json.*` on objects."""
        path, value = self.place(dict)
        keys = list(value) if isinstance(value, dict) and value else ["a"]
        key = self.rng.choice(keys)
        there = value.get(key) if isinstance(value, dict) else None
        fits = there if len(json.dumps(there)) < 80 else None
        return self.pick(f"object.get({path}, {json.dumps(key)}, 0) == {self.literal(fits)}", f"object.get({path}, [{json.dumps(key)}, {self.literal('x')}], 0) {self.pick('==', '!=')} 0",
                         f"count(object.remove({path}, [{json.dumps(key)}])) == {len(keys) - 1}", f"object.filter({path}, {{{json.dumps(key)}}})[{json.dumps(key)}]", f"object.union({path}, {{\"zz\": 1}}).zz == 1",
                         f"count(object.union_n([{path}, {path}])) == {len(keys)}", f"object.subset({path}, {{{json.dumps(key)}: {self.literal(fits)}}})", f"object.keys({path})[{json.dumps(key)}]",
                         f"json.filter({path}, [{json.dumps(key)}]) != {{}}", f"json.remove({path}, [{json.dumps(key + '/0')}]) {self.pick('==', '!=')} {path}", f"not object.subset({path}, {{\"zz\": 1}})",
                         f"json.patch({path}, [{{\"op\": \"{self.pick('remove', 'replace', 'add', 'test')}\", \"path\": {json.dumps(key)}, \"value\": {self.literal(fits)}}}])")

    def sums(self):
        """Numbers of all kinds."""
        one, first = self.number(1)
        return self.pick(f"{one} / {self.literal(2)} {self.pick('==', '>', '<')} {first / 2}", f"{one} % {self.literal(3)} == {first % 3}", f"round({one} / 4) == {self.literal(first // 4)}", f"ceil({one} / 4) >= {first // 4}",
                         f"floor({one} * 0.5) == {first // 2}", f"{one} * 1.5 > {self.literal(1)}", f"{one} == {first}.0", f"to_number(\"{first}\") == {one}", f"numbers.range(0, {self.literal(2)})[_] == {one}",
                         f"bits.and({one}, 3) == {first & 3}", f"format_int({one}, {self.pick(2, 8, 10, 16)}) == \"{first}\"", f"{one} - 0.5 < {self.literal(first)}", f"abs(0 - {one}) == {abs(first)}", f"product([{one}, 2]) == {first * 2}",
                         f"x{self.count} := {self.pick('1.0', '7.0', '1e1', first)}; {one} >= x{self.count}", f"[1, 2, 3][{one}] == {self.literal(1)}", f"array.slice([1, 2, 3], {one}, 3) == {self.literal([3])}", f"sum([{one}, 0.5]) == {first + 0.5}")

    def letters(self):
        """Strings of several scripts."""
        path, value = self.text(1)
        more = self.pick("é", "日本", "😀", "ß", "İ", "\u00a0", "a\u0301", "Ǆ")
        text = f"concat(\"\", [{path}, {json.dumps(more, ensure_ascii=False)}])"
        return self.pick(f"count({text}) == {len(value + more)}", f"upper({text}) != {text}", f"lower({text}) == {json.dumps((value + more).lower(), ensure_ascii=False)}", f"indexof({text}, {json.dumps(more, ensure_ascii=False)}) == {len(value)}",
                         f"substring({text}, {len(value)}, 1) == {json.dumps(more[:1], ensure_ascii=False)}", f"strings.reverse({text}) != {text}", f"trim({text}, {json.dumps(more, ensure_ascii=False)}) == {json.dumps(value)}",
                         f"split({text}, \"\")[{len(value)}] == {json.dumps(more[:1], ensure_ascii=False)}", f"trim_space({text}) == {json.dumps((value + more).strip(), ensure_ascii=False)}", f"urlquery.decode(urlquery.encode({text})) == {text}",
                         f"base64.decode(base64.encode({text})) == {text}", f"replace({text}, {json.dumps(more, ensure_ascii=False)}, \"\") == {path}", f"{text} > {json.dumps(value)}", f"json.unmarshal(json.marshal({text})) == {text}",
                         f"indexof_n({text}, \"a\") {self.pick('==', '!=')} []", f"regex.match(\"^[[:alpha:]]+$\", {text})", f"strings.count({text}, \"\") > 1", f"sprintf(\"%q\", [{text}]) != \"\"")

    def searched(self):
        """Regular expressions and globs."""
        path, value = self.text(1)
        pattern = self.pick("^[a-z]+", "a*", "(a)(b)?", "\\w+", "\\d{2,}", "(?i)A", "^$", "[^/]+$", "x|y", "(", "(?P<n>a)", "\\bx", "\\pL", "[[:digit:]]")
        quoted, separators = json.dumps(pattern), self.pick("[]", "null", '["/"]', '[":", "-"]')
        return self.pick(f"regex.match({quoted}, {path})", f"not regex.match({quoted}, {path})", f"count(regex.find_n({quoted}, {path}, -1)) {self.pick('>', '==')} 0", f"regex.split({quoted}, {path})[0] {self.pick('==', '!=')} {path}",
                         f"regex.replace({path}, {quoted}, \"$1-\") != {path}", f"regex.find_all_string_submatch_n({quoted}, {path}, 1) {self.pick('==', '!=')} []", f"regex.is_valid({quoted})",
                         f"glob.match({json.dumps(self.pick('*', '*:*', '**', '{a,b}*', '?*', '[a-z]*', value[:2] + '*'))}, {separators}, {path})")

    def replaced(self):
        """`with`, of parts of the input and of functions."""
        name, (path, value) = self.fresh("y"), self.place()
        self.rule(name, self.pick(self.same, self.texts, f"{path}", f"not {path}", f"count({path}) == 1"))
        by = self.pick("input", path, "input.predicate", path.split("[")[0])
        if "[" in by:
            by = "input.predicate"
        test = self.pick("", "not ") + f"{name} with {by} as {self.literal(self.pick(value, {}, 1, 'x'))}"
        return self.pick(test, f"{test} with input.zz as 1", f"count({path}) == 7 with count as 7", f"not count({path}) == 7 with count as 7")

    def token(self):
        """Tokens, good and bad."""
        claims = self.pick('{"a":1}', '{"iss":"x","exp":1}', '{"n":1.0}', "[]", "x", '{"s":"\u00e9"}')
        part = lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        header = self.pick('{"alg":"HS256"}', '{"alg":"none"}', "{}")
        token = f"{part(header)}.{part(claims)}.{part('sig')}"
        token = self.pick(token, token, token + ".x", token[:-9], token.replace(".", "", 1))
        return self.pick(f'io.jwt.decode("{token}")[1].a == {self.literal(1)}', f'not io.jwt.verify_hs256("{token}", "secret")', f'io.jwt.decode_verify("{token}", {{"secret": "x"}})[0] == {self.literal(False)}',
                         f'not io.jwt.decode("{token}")', f'[_, p, _] := io.jwt.decode("{token}"); p.iss == "x"', f'count(io.jwt.decode("{token}")) == 3')

    def nothing(self):
        """What is undefined or an error, most often, and may stand where it looks as if it held."""
        path, value = self.place()
        call = self.pick(f"json.unmarshal({path})", f"to_number({path})", f"base64.decode({path})", f"hex.decode({path})", f"1 / ({path})", f"{path} % 0", f"count({path})", f"semver.compare({path}, \"1.0.0\")", f"units.parse({path})",
                         f"units.parse_bytes({path})", f"time.parse_rfc3339_ns({path})", f"net.cidr_contains(\"10.0.0.0/8\", {path})", f"net.cidr_expand({path})", f"substring({path}, -1, 2)", f"array.slice({path}, 0, 1)", f"concat(\",\", {path})",
                         f"max({path})", f"sum({path})", f"sort({path})", f"object.keys({path})", f"object.get({path}, \"k\", 1)", f"split({path}, \"/\")", f"sprintf({path}, [])", f"yaml.unmarshal({path})", f"regex.find_n(\"a\", {path}, 1)",
                         f"glob.match({path}, [], \"a\")", f"base64url.decode({path})", f"urlquery.decode({path})", f"numbers.range(1, {path})", f"format_int({path}, 10)", f"bits.or({path}, 1)", f"strings.replace_n({{\"a\": \"b\"}}, {path})",
                         f"net.cidr_merge({path})", f"graph.reachable({path}, [1])", f"json.patch({path}, [])", f"indexof({path}, \"\")", f"lower({path})", f"{path}.absent", f"{path}[0]", f"io.jwt.decode({path})", f"{path} + 1", f"{path} & {{1}}")
        x = self.fresh("z")
        return self.pick(f"not {call}", f"{x} := {call}; {x} != {self.literal('q')}", f"count([{x} | {x} := {call}]) == {self.pick(0, 1)}", f"count({{{x} | {x} := {call}}}) == {self.pick(0, 1)}", f"not {call} == {self.literal(1)}",
                         f"[1 | {call}] == []", f"{{\"k\": {x} | {x} := {call}}} == {{}}", call)

    def simple(self):
        """A test that makes no rule."""
        return self.pick(self.same, self.same, self.texts, self.numbers, self.kinds)

    # Rules

    def head(self):
        """What stands before the brackets of a body."""
        return "if " if self.v1 else ""

    def rule(self, head, body):
        """Adds a rule."""
        body = body() if callable(body) else body
        self.rules.append(f"{head} {self.head()}{{ {body} }}")

    def whole(self):
        """The text."""
        tests = [self.test() for _ in range(self.rng.choice([1, 1, 2, 2, 3]))]
        if self.chance(0.06):
            tests.append(self.pick("unknown == 1", "not unknown", "nosuch(1)", "x := 1; x := 2", "count(1) == 1", "not missing[_]", "{1} == [1]", "some q"))
        if self.chance(0.3):
            self.rule("bad", self.rng.choice(tests))
            tests = ["not bad"]
        self.rule("allow", ("; " if self.chance(0.5) else "\n  ").join(tests))
        if self.chance(0.4):
            self.rules.append(f"default allow {self.pick('=', ':=')} false")
        if self.chance(0.15):
            self.rule("allow", self.simple())
        self.rng.shuffle(self.rules)
        return "package signature\n" + ("import rego.v1\n" if self.v1 else "") + "\n".join(self.rules) + "\n"


def main():
    """Prints cases."""
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    statements = {name: json.loads((STATEMENTS / f"{name}.json").read_text()) for name in NAMES}
    for index in range(count):
        rng = random.Random(f"rego {seed} {index}")
        name = rng.choice(NAMES)
        case = {"name": f"{'wide' if '--wide' in sys.argv else 'generated'}-{seed}-{index:04}", "statement": name, "files": {"p.rego": Policy(rng, statements[name], "--wide" in sys.argv).whole()}}
        print(json.dumps(case, ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main()
