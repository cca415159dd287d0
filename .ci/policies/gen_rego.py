#!/usr/bin/env python3
"""Makes Rego policies at random, from a grammar and the statements of testdata/policies/statements. Usage: gen_rego.py SEED COUNT

Each line that is printed is a case for record.py: `name`, `statement`, `files`. The same seed makes the same cases. About half of the
policies hold; some have a type error, a variable without a value, or two rules that contradict one another, mostly where only
`not` would hide it.
"""
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

    def __init__(self, rng, statement):
        self.rng = rng
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
        case = {"name": f"generated-{seed}-{index:04}", "statement": name, "files": {"p.rego": Policy(rng, statements[name]).whole()}}
        print(json.dumps(case, ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main()
