#!/usr/bin/env python3
"""Makes policies in CUE: a JSON line {name, construct, statement, files} each. Usage: gen.py SEED N [flow|wide]

Three kinds; `flow` only where it is asked for: a few fields at the top that are computed from each other and from what the statement has or
lacks, most often with a value that one of them must have, so that it shows what was computed. `schema`: a policy as people write it, made from the predicate of one of testdata/policies/statements; nothing is wrong in it, or a
little. `puzzle`: small structs whose fields refer to each other and to the statement, with defaults, closed structs, embedding,
patterns, comprehensions, `let`, aliases and bounds over a few labels and numbers, so that they meet often.
The same seed makes the same lines.
"""
import json
import pathlib
import random
import re
import sys

STATEMENTS = pathlib.Path(__file__).resolve().parents[2] / "testdata/policies/statements"
LABELS, WORDS = ["a", "b", "c", "d", "e"], ["x", "y", "xy", "z1"]
PACKAGES = ["strings", "list", "struct", "regexp", "math", "strconv", "time", "net", "encoding/json", "encoding/hex", "encoding/base64"]


def quote(text):
    """A CUE string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def literal(value):
    """A JSON value as CUE."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{label(k)}: {literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


def label(name):
    """A label, quoted where it must be."""
    return name if re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", name) and name not in ("if", "for", "in", "let", "true", "false", "null") else quote(name)


class Policy:
    """What is common: the random choices, the top of the file, its imports."""

    def __init__(self, rng):
        self.rng, self.top = rng, []

    def chance(self, probability):
        """True that often."""
        return self.rng.random() < probability

    def pick(self, *makers):
        """One of several; what is callable is called, so that only what is chosen is made."""
        made = self.rng.choice(makers)
        return made() if callable(made) else made

    def name(self, prefix):
        """A new name for the top of the file."""
        return f"{prefix}{len(self.top)}"

    def add(self, line):
        """A declaration at the top of the file."""
        self.top.append(line)

    def text(self, body):
        """The file: imports of what is used, then everything in some order."""
        lines = self.top + body
        self.rng.shuffle(lines)
        source = "\n".join(lines) + "\n"
        used = [p for p in PACKAGES if re.search(rf"(?<![\w.\"]){p.split('/')[-1]}\.[A-Z]", source)]
        return "".join(f'import "{p}"\n' for p in used) + source


class Schema(Policy):
    """A policy from a statement. `wrong` is how often a leaf is made not to fit."""

    def __init__(self, rng, wrong):
        super().__init__(rng)
        self.wrong = wrong

    def of(self, value, depth=0):
        """A constraint that the value satisfies, or nearly."""
        if self.chance(self.wrong):
            value = self.changed(value)
        made = {dict: self.struct, list: self.list, str: self.string, int: self.number, float: self.number}.get(type(value), self.atom)(value, depth)
        if self.chance(0.05):
            made = self.pick(f"matchN(1, [{made}, {literal(self.changed(value))}])", f"matchN(>=1, [{made}, _])", f"matchIf({made}, _, {{no!: 1}})")
        if self.chance(0.06):
            made = f"({made}) | {literal(self.changed(value))}"
        if self.chance(0.05):
            made = f"*{literal(self.changed(value))} | ({made})"
        if self.chance(0.1):
            definition = self.name(self.pick("#D", "#D", "_#H", "_h"))
            self.add(f"{definition}: {made}")
            return definition
        return made

    def changed(self, value):
        """Another value, of the same kind most often."""
        if isinstance(value, bool) or value is None:
            return self.pick(not value, "x", 1)
        if isinstance(value, (int, float)):
            return self.pick(value + 1, -value - 1, str(value), None)
        if isinstance(value, str):
            return self.pick(value + "x", value[1:], value.upper() + "!", 1)
        if isinstance(value, list):
            return self.pick(value + [1], value[1:] if value else {}, {}, "x")
        return self.pick({**value, "added": 1}, dict(list(value.items())[1:]) if value else [], [])

    def atom(self, value, _depth):
        """null, true, false."""
        kind = "null" if value is None else "bool"
        return self.pick(literal(value), literal(value), kind, f"{kind} | string", "_", "!=3")

    def number(self, value, _depth):
        """Bounds, types, sums."""
        text = literal(value)
        if not isinstance(value, int) or abs(value) > 1e15:
            return self.pick(text, "number", f">={text}", f"<={text}", "number & !=1", f">({text} - 1)")
        low, high = self.rng.randint(0, 3), self.rng.randint(0, 3)
        return self.pick(
            text, text, "int", "number", f">={value - low} & <={value + high}", f">{value - low - 1}", f"<{value + high}", f"{value - low} + {low}",
            f"!={value + high}", f"int & <={value}", "int | string", f"{value} | {value + 1}", "int64", "uint8", f"math.MultipleOf({max(low, 1)})",
            f"or([{value - low}, {value + 1}])", f"and([int, <={value + high}])", f"{value * 2} div 2", f"*{value} | int", "float", "_",
        )

    def string(self, value, _depth):
        """Regular expressions, lengths, interpolation, disjunctions."""
        cut = self.rng.randint(0, len(value))
        head, tail = value[:cut], value[cut:]
        safe = re.escape(head).replace(r"\ ", " ").replace(r"\-", "-")
        if any(ord(c) < 32 for c in safe):
            safe = ""
        return self.pick(
            quote(value), quote(value), "string", "=~" + quote("^" + safe), "!~" + quote("^" + safe + "q"), "=~" + quote("[a-z]"), "!~" + quote("^[0-9]+$"),
            f"{quote(head)} + {quote(tail)}", quote(value).replace("\\", "\\")[:-1] + '\\("")"', f"{quote(value)} | {quote(head)}", f"*{quote(value)} | string",
            f"strings.MinRunes({cut})", f"strings.MaxRunes({len(value) + self.rng.randint(-1, 2)})", f"!={quote(head)}", f">={quote(head)}",
            f"<{quote(value + 'a')}", f"or([{quote(tail)}, {quote(value)}])", "string | bytes", "!=null", f"strings.Replace({quote(value + 'q')}, \"q\", \"\", -1)",
            f"strings.TrimSuffix({quote(value + '.')}, \".\")", "=~" + quote("^.{%d,}$" % cut),
            "time.Time" if re.match("[0-9]{4}-[0-9]{2}-", value) else "regexp.Valid", "net.IP" if re.match(r"[0-9]+\.", value) else "strings.MinRunes(1)",
        )

    def list(self, value, depth):
        """Open and closed lists, elements, counts."""
        items = [self.of(v, depth + 1) for v in value[: self.rng.choice([1, 2, 20])]] if depth < 6 else ["_"] * len(value)
        whole = len(items) == len(value)
        every = " | ".join(sorted({self.kind(v) for v in value})) or "int"
        shapes = [f"[...{every}]", f"[...({every})]" , "[...]", f"list.MinItems({len(value)})", f"list.MaxItems({len(value) + self.rng.randint(0, 1)})", "[..._] & list.UniqueItems()"]
        shapes += [f"[{', '.join(items + ['...'])}]", f"[{', '.join(items + ['...' + every])}]", f"[...({every})] & [{', '.join(items)}{'' if whole else ', ...'}]"] * 2
        if whole:
            shapes += [f"[{', '.join(items)}]"] * 3
        if value and all(isinstance(v, dict) for v in value):
            shapes += [f"[...{self.of(self.rng.choice(value), depth + 1)}]"] * 2 + [f"[...{self.open(self.rng.choice(value))}]"] * 3
        if value and not isinstance(value[0], (dict, list)):
            shapes += [f"list.MatchN(>0, {literal(value[0])})", f"[for v in {literal(value)} {{v}}]"]
        return self.pick(*shapes)

    def kind(self, value):
        """The type of a value."""
        return {dict: "{...}", list: "[...]", str: "string", bool: "bool", int: "int", float: "number"}.get(type(value), "null")

    def open(self, value):
        """A struct that only has types, for the elements of a list."""
        marks = {k: self.pick("", "?", "!", "?") for k in value}
        return "{" + ", ".join([f"{label(k)}{marks[k]}: {self.kind(v)}" for k, v in value.items() if self.chance(0.6)] + ["..."]) + "}"

    def struct(self, value, depth):
        """Some of the fields; closed, open, by pattern, embedded."""
        keep = 0.95 if self.chance(0.4) else 0.6
        chosen = [(k, v) for k, v in value.items() if self.chance(keep) and depth < 8] or list(value.items())[:1]
        all_there = len(chosen) == len(value)
        fields = [f"{self.label(k)}{self.pick('', '', '', '?', '!')}: {self.of(v, depth + 1)}" for k, v in chosen]
        if self.chance(0.12):
            fields.append(self.pick("zz?: int", "zz: int", "zz!: int", "zz?: _|_", "[=~\"^zz\"]: int", "_zz: 1", "#zz: 1", "zz: 1 | 2"))
        if self.chance(0.12) and value:
            fields.append(self.pattern(value))
        if self.chance(0.1):
            fields.append(self.condition(value))
        if self.chance(0.2):
            fields.append("...")
        inner = "{" + self.pick(", ", "\n") .join(fields) + "}"
        return self.pick(inner, inner, inner, *self.closings(inner, fields, chosen, all_there))

    def closings(self, inner, fields, chosen, all_there):
        """Ways in which a struct is closed, or built of two."""
        half = len(fields) // 2
        ways = [f"{{{', '.join(fields[:half])}}} & {{{', '.join(fields[half:])}}}", f"{{{inner}, _q: 1}}", f"{inner} & {{...}}", f"struct.MinFields({len(chosen)})"]
        if all_there or self.chance(0.2):
            definition = self.name("#S")
            self.add(f"{definition}: {inner}")
            ways += [f"close({inner})", definition, f"{{{definition}}}", f"{definition} & {{{', '.join(fields[:half])}}}", f"{definition} | {{none: 1}}", f"close({inner})"]
        return ways

    def label(self, name):
        """A label in one of its forms."""
        return self.pick(label(name), label(name), quote(name), f"({quote(name)})") if self.chance(0.3) else label(name)

    def pattern(self, value):
        """A pattern constraint over the fields of a struct."""
        key = self.rng.choice(list(value))
        same = [k for k, v in value.items() if self.kind(v) == self.kind(value[key])]
        start = "^" + re.escape(key[:1])
        alias = self.pick("", "", "K= ")
        kinds = " | ".join(sorted({self.kind(v) for v in value.values()}))
        return self.pick(
            f"[{alias}string]: _", f"[{alias}string]: {kinds}", f"[{quote(key)}]: {self.kind(value[key])}", f"[{' | '.join(map(quote, same))}]: {self.kind(value[key])}",
            f"[{alias}=~{quote(start)}]: {self.kind(value[key])}" if start.isascii() and start.isprintable() else "[string]: _", f"[!={quote(key)}]: {kinds}", f"[>{quote(key)}]: _",
        )

    def condition(self, value):
        """A comprehension in a struct that looks at one of its fields."""
        simple = [k for k, v in value.items() if isinstance(v, (str, int, float)) and re.fullmatch("[a-z][a-zA-Z0-9]*", k) and k not in ("if", "true", "false", "null", "repeat")]
        if not simple:
            return self.pick("if true {}", "if 1 > 2 {no: 1}", "for k, v in {} {\"\\(k)\": v}")
        key, other = self.rng.choice(simple), self.rng.choice(simple)
        want = literal(value[key] if self.chance(0.6) else self.changed(value[key]))
        then = literal(value[other] if self.chance(0.8) else self.changed(value[other]))
        return f"{key}: _\nif {key} {self.pick('==', '!=')} {want} {{{other}{self.pick('', '!', '?')}: {then}}}"

    def file(self, statement):
        """The whole policy."""
        body = [f"predicate: {self.of(statement['predicate'])}"]
        if self.chance(0.2):
            body.append(f"predicateType: {self.of(statement['predicateType'])}")
        if self.chance(0.1):
            body.append(f'"_type": =~"^https://in-toto.io/Statement/v{self.pick("0", "1")}"')
        if self.chance(0.1):
            body.append(f"subject: {self.of(statement['subject'])}")
        return self.text(body)


class Puzzle(Policy):
    """Fields over few labels and numbers: `a` and `b` are numbers mostly, `c` a string, `d` a struct, `e` a list."""

    def __init__(self, rng):
        super().__init__(rng)
        self.scopes, self.definitions = [[]], []

    def ref(self, wanted="abcde"):
        """A reference to something in scope, or to a field of a struct in scope, of one of the kinds wanted."""
        names = [n for scope in self.scopes for n in scope]
        near = [n for n in names if n[-1] in wanted]
        structs = [n for n in names if n[-1] in "xyzd"] + self.definitions
        if near and (not structs or self.chance(0.6)):
            return self.rng.choice(near)
        if not structs:
            return self.pick("1", '"x"', "{}") if wanted == "abcde" else {"a": "1", "c": '"x"', "d": "{a: 1}", "e": "[1]"}[wanted[0]]
        field = self.rng.choice(wanted if self.chance(0.95) else LABELS)
        return self.rng.choice(structs) + self.pick(f".{field}", f".{field}", f".{field}", f'["{field}"]', f".d.{field}")

    def struct_ref(self):
        """A reference to a struct."""
        found = [n for scope in self.scopes for n in scope if n[-1] in "xyzd"] + self.definitions * 2
        return self.rng.choice(found) if found else "{a: int}"

    def number(self, depth):
        """A number, a type or a bound."""
        n = self.rng.randint(0, 3)
        ref = lambda: self.ref("ab")
        if depth <= 0:
            return self.pick(f"{n}", f"{n}", "int", "int", f">{n - 2}", f"<={n + 2}", f"!={n}", "number", ref)
        one = lambda: self.number(depth - 1)
        return self.pick(
            lambda: f"*{n} | {one()}", lambda: f"*{n} | int", lambda: f"{n} | {one()}", lambda: f"({one()}) & ({one()})", lambda: f"{ref()} + {n}", lambda: f"{ref()} * {n}", ref, ref,
            lambda: f"len({self.pick(lambda: self.list(depth - 1), self.struct_ref, lambda: self.ref('e'))})", lambda: f">={ref()}", lambda: f"-{n}", lambda: f"({ref()}) & ({one()})",
            lambda: f"(*{n} | int) & ({one()})", lambda: f"(1 | *2 | 3) & ({ref()})", lambda: f"div({ref()}, 2)", lambda: f"[{one()}, {ref()}][{n % 2}]", lambda: f"{ref()} - {ref()}", "int", f"{n}",
        )

    def string(self, depth):
        """A string or what constrains one."""
        word = quote(self.rng.choice(WORDS))
        if depth <= 0:
            return self.pick(word, word, "string", "string", '=~"^x"', f"!={word}", f">={word}")
        return self.pick(
            lambda: f"*{word} | {self.string(depth - 1)}", lambda: f"*{word} | string", lambda: f"{word} | {self.string(depth - 1)}", lambda: f'"x\\({self.ref("abc")})"', lambda: f"{self.ref('c')} + {word}",
            lambda: f"strings.MinRunes({self.rng.randint(0, 2)})", lambda: f"strings.ToLower({self.ref('c')})", lambda: f"({self.string(0)}) & ({self.string(depth - 1)})", lambda: self.ref("c"), word, "string",
        )

    def condition(self, depth):
        """A boolean expression."""
        n = self.rng.randint(0, 3)
        return self.pick(
            "true", "false", lambda: f"{self.ref('ab')} {self.pick('==', '!=', '<', '>=')} {n}", lambda: f"{self.ref()} != _|_", lambda: f"{self.ref()} == _|_", lambda: f"{self.ref('c')} == \"x\"",
            lambda: f"len({self.list(depth - 1)}) > {n}", lambda: f"!({n} < 2) || {self.ref('ab')} == {n}", lambda: f"{self.ref('ab')} > 0 && {n} < 3",
        )

    def list(self, depth):
        """A list."""
        item = lambda: self.number(depth - 1) if self.chance(0.6) else self.value(depth - 1)
        source = lambda: self.pick("[1, 2, 3]", "[4]", self.ref("e"))
        return self.pick(
            "[]", "[...int]", lambda: f"[{item()}]", lambda: f"[{item()}, {item()}]", lambda: f"[{item()}, ...]", lambda: f"[...{item()}]", lambda: f"[{item()}, ...{item()}]", lambda: self.ref("e"),
            lambda: f"[for i, v in {source()} if v > {self.rng.randint(0, 3)} {{v + i}}]", lambda: f"[for v in {source()} {{{item()}}}]",
            lambda: f"[if {self.condition(depth - 1)} {{{item()}}}]", "list.MinItems(1)", lambda: f"list.Repeat([{item()}], 2)", lambda: f"list.Concat([[1], {source()}])", "[1, 2]", "[...]",
        )

    def of(self, name, depth):
        """A value that befits a label, mostly."""
        if self.chance(0.06):
            return self.value(depth)
        return {"a": self.number, "b": self.number, "c": self.string, "e": self.list}.get(name[-1], self.struct_expression)(depth)

    def value(self, depth):
        """Any value."""
        if depth <= 0:
            return self.pick(lambda: self.number(0), lambda: self.string(0), self.ref, "_", "null", "bool", "true")
        return self.pick(lambda: self.number(depth), lambda: self.string(depth - 1), self.ref, lambda: self.struct(depth), lambda: self.list(depth), lambda: self.struct_expression(depth))

    def struct_expression(self, depth):
        """Structs, and how they are combined, closed, chosen."""
        if depth <= 0:
            return self.pick("{}", "{a: 1}", "{a?: int}", "{b: 2, c: string}", "{...}", self.struct_ref, self.struct_ref)
        one = lambda: self.struct(depth - 1) if self.chance(0.5) else self.struct_ref()
        whole = lambda: self.struct(depth)
        return self.pick(
            whole, whole, whole, lambda: f"{one()} & {one()}", lambda: f"{one()} | {one()}", lambda: f"*{one()} | {one()}", lambda: f"close({one()})", lambda: f"{{{one()}, {self.field(depth - 1)}}}",
            lambda: f"{{{one()}, {one()}}}", lambda: f"({one()} | {one()}) & {one()}", lambda: f"matchN({self.pick('0', '1', '>=1')}, [{one()}, {one()}])", one, one,
        )

    def field(self, depth):
        """A declaration of a struct."""
        name = self.rng.choice(LABELS)
        if self.chance(0.6):
            return f"{name}{self.pick('', '', '', '', '', '?', '?', '!')}: {self.of(name, depth)}"
        pattern = self.pick("string", quote(name), '=~"^[' + name + 'd]"', "N=string", "!=" + quote(name), ">" + quote(name), '"a" | "c"')
        return self.pick(
            lambda: f'"{name}": {self.of(name, depth)}', lambda: f"#e: {self.value(depth)}", lambda: f"_h: {self.value(depth)}", "...", lambda: f"d: {name}: {self.of(name, depth - 1)}",
            lambda: f"[{pattern}]: {self.pick('_', 'int', 'number | string', self.of(name, depth - 1))}", lambda: f"if {self.condition(depth)} {{{name}: {self.of(name, depth - 1)}}}", self.struct_ref,
            lambda: f"({self.pick(quote(name), quote(name), self.ref('c'))}): {self.of(name, depth - 1)}", lambda: f"for k, v in {self.pick(self.struct_ref(), '{a: 1, b: 2}', self.ref('e'))} {{\"{self.pick('', 'n')}\\(k)\": v}}",
            lambda: f"let L{self.rng.randint(0, 9)}x = {self.of(name, depth - 1)}\n{name}: L", lambda: f"d: A={{{name}: {self.of(name, 0)}, a: A.b, b: int}}", lambda: f"B=d: {{{name}: {self.of(name, 0)}, a: B.b}}",
        )

    def struct(self, depth):
        """A struct: a scope."""
        scope, made = [], []
        self.scopes.append(scope)
        for _ in range(self.rng.randint(1, 3)):
            line = self.field(depth - 1)
            line = re.sub(r"^let (L\d)x = (.*)\n(\w): L$", r"let \1 = \2\n\3: \1", line, flags=re.S)
            if line.startswith("let ") and any(m.startswith(line[:6]) for m in made):
                continue
            made.append(line)
            scope += re.findall(r"^([a-e])[!?]?: ", line)
        self.scopes.pop()
        return "{" + self.pick(", ", "\n").join(made) + "}"

    def file(self, statement):
        """The whole policy: some definitions, some fields, and mostly something about the statement."""
        body = []
        for name in ["#P", "#Q"][: self.rng.randint(0, 2)]:
            body.append(f"{name}: {self.struct(2)}")
            self.definitions.append(name)
        for name in ["x", "y", "z"][: self.rng.randint(1, 3)]:
            for _ in range(self.pick(1, 1, 1, 2)):
                body.append(f"{name}: {self.struct_expression(self.pick(2, 3))}")
            self.scopes[0].append(name)
        if self.chance(0.7):
            body.append(self.about(statement["predicate"]))
        return self.text(body)

    def about(self, predicate):
        """A constraint on the statement that involves the puzzle."""
        keys = [k for k in predicate if re.fullmatch("[a-z]+", k) and k not in ("if", "null", "true", "false")] or ["none"]
        key, other = self.rng.choice(keys), self.rng.choice(keys)
        value = predicate.get(key, 1)
        befitting = lambda: {int: self.number, float: self.number, str: self.string, list: self.list, dict: self.struct_expression}.get(type(value), self.value)(2)
        return self.pick(
            lambda: f"predicate: {key}: {befitting()}", lambda: f"predicate: {{{key}: _, out: {key}}}", lambda: f"predicate: {key}: {befitting()}", lambda: f"predicate: {{{key}: _, {other}: {key}}}",
            lambda: f"predicate: {self.struct_expression(2)}", lambda: f"predicate: {{{key}: {befitting()}, {self.field(2)}}}", lambda: f"predicate: [string]: {self.value(1)}", lambda: f"predicate: {key}: {befitting()}",
            lambda: f"predicate: {{{key}: _, if {key} {self.pick('==', '!=')} {literal(value)} {{{other}: {self.value(1)}}}}}", lambda: f"predicate: {key}: _\nq: predicate.{key} & ({befitting()})",
        )


class Flow(Policy):
    """Few fields, computed from each other: numbers `n0`.., strings `s0`.., booleans `t0`.., lists `l0`.., structs `o0`.., in any order."""

    SORTS = "nnnsstlo"

    def __init__(self, rng, predicate):
        super().__init__(rng)
        self.names = [f"{rng.choice(self.SORTS)}{i}" for i in range(rng.randint(2, 6))]
        self.keys = {"n": [], "s": [], "t": [], "l": [], "o": []}
        for key, value in predicate.items():
            sort = "t" if isinstance(value, bool) else {int: "n", float: "n", str: "s", list: "l", dict: "o"}.get(type(value))
            if sort and re.fullmatch("[a-z]+", key):
                self.keys[sort].append(key)

    def ref(self, sort):
        """Something of that sort: a field, a member of the statement that is there or not, a field of a struct."""
        near = [n for n in self.names if n[0] == sort]
        if near and self.chance(0.6):
            return self.rng.choice(near)
        structs = [n for n in self.names if n[0] == "o"]
        if structs and self.chance(0.5):
            return f"{self.rng.choice(structs)}.{sort}"
        if self.keys[sort] and self.chance(0.7):
            return f"predicate.{self.rng.choice(self.keys[sort])}"
        return self.pick(f"predicate.z{sort}", f"predicate.z{sort}", "predicate.zo.q", f"#D.{sort}", f"#D.z{sort}")

    def plain(self, sort):
        """A literal, a type, a bound."""
        n = self.rng.randint(0, 3)
        return self.pick(*{
            "n": [f"{n}", f"{n}", "int", f">{n}", f"{n} | {n + 1}", f"*{n} | int", f"*{n} | {n + 2}", "number", "_"],
            "s": ['"x"', '"y"', "string", '=~"x"', '*"x" | string', '"x" | "y"', "_"],
            "t": ["true", "false", "bool", "*true | false", "*false | bool"],
            "l": ["[1, 2]", "[]", "[...]", "[...int]", "[1, ...]", "*[] | [1]", "[int]"],
            "o": ["{n: 1}", "{n: int}", "{s: string, ...}", "{}", '{n: 2, s: "x"}', "{n?: 1}", "{n!: int}", "*{n: 1} | {s: \"x\"}", "#D", "#D & {n: 1}", "{#D, t: true}", "{l: [1]}"],
        }[sort])

    def of(self, sort, depth=2):
        """An expression of that sort."""
        if depth <= 0 or self.chance(0.2):
            return self.pick(lambda: self.plain(sort), lambda: self.ref(sort))
        ref, one, plain = lambda: self.ref(sort), lambda: self.of(sort, depth - 1), lambda: self.plain(sort)
        n, t = lambda: self.of("n", depth - 1), lambda: self.of("t", depth - 1)
        common = [ref, lambda: f"*{ref()} | {plain()}", lambda: f"{ref()} | {plain()}", lambda: f"({one()}) & ({one()})", lambda: f"[if {t()} {{{one()}}}, {one()}][0]", lambda: f"*({one()}) | {plain()}"]
        return self.pick(*common, *{
            "n": [lambda: f"({n()}) + {self.rng.randint(0, 2)}", lambda: f"({n()}) * ({n()})", lambda: f"len({self.of('l', depth - 1)})", lambda: f"len({self.ref('s')})", lambda: f">({n()})", lambda: f"{self.ref('l')}[0]"],
            "s": [lambda: f"({one()}) + \"x\"", lambda: f'"\\({self.ref(self.pick("n", "s"))})"', lambda: f"strings.ToUpper({ref()})", "strings.MinRunes(1)"],
            "t": [lambda: f"({n()}) {self.pick('==', '!=', '<', '>=')} {self.rng.randint(0, 3)}", lambda: f"{self.ref(self.pick('n', 's', 'o', 'l'))} {self.pick('==', '!=')} _|_", lambda: f"!({t()})",
                  lambda: f"({t()}) {self.pick('&&', '||')} ({t()})", lambda: f"({self.of('s', depth - 1)}) =~ \"x\"", lambda: f"list.Contains({self.ref('l')}, 1)"],
            "l": [lambda: f"[for v in {self.ref('l')} if {t()} {{v}}]", lambda: f"[{n()}, {n()}]", lambda: f"[if {t()} {{{n()}}}]", lambda: f"[...{n()}]", "list.MinItems(1)", lambda: f"[for k, v in {self.ref('o')} {{k}}]"],
            "o": [lambda: f"{{n: {n()}}}", lambda: f"{{if {t()} {{n: {n()}}}}}", lambda: f"{{n: {n()}, s: {self.of('s', depth - 1)}}}", lambda: f"{{for k, v in {self.ref('o')} {{(k): v}}}}", lambda: f"close({plain()})", lambda: f"{{{ref()}, t: {t()}}}"],
        }[sort])

    def file(self):
        """The whole policy."""
        body = [f"{name}: {self.of(name[0])}" for name in self.names]
        if self.chance(0.8):
            known = [(key, sort) for sort, keys in self.keys.items() for key in keys]
            wanted = self.rng.sample(known, min(len(known), 2)) + ([("z" + s, s) for s in "ns"] if self.chance(0.4) else [])
            body.append("predicate: " + self.pick("_", "{...}", "{" + ", ".join(f"{key}{self.pick('', '', '?')}: {self.pick(self.plain(sort), self.plain(sort), '_')}" for key, sort in wanted) + "}"))
        else:
            body.append("predicate: _")
        if self.chance(0.3):
            body.append(f"{self.pick('if ' + self.of('t'), 'for v in ' + self.ref('l'))} {{{self.rng.choice(self.names)}: _}}")
        for name in self.rng.sample(self.names, self.pick(0, 1, 1, min(2, len(self.names)))):
            body.append(f"{name}: {self.pick(*{'n': ['1', '2', '3'], 's': ['%sx%s' % (chr(34), chr(34))], 't': ['true', 'false'], 'l': ['[]', '[1]', '[_, ...]'], 'o': ['{n: 1}', '{n: 2}', '{}']}[name[0]])}")
        text = "\n".join(body)
        if "#D" in text:
            body.append(f"#D: {{n: {self.plain('n')}, s?: {self.plain('s')}, t: {self.plain('t')}{self.pick('', ', ...')}}}")
        return self.text(body)


class Wide(Policy):
    """What the others do not have, without circles: a value refers to earlier ones alone. Big numbers and floats, bytes, `div` and `mod`,
    flags of regular expressions, `error()`, required fields, definitions that are extended, scalars embedded in structs, `...` with a
    constraint, labels that are computed, aliases, `let`, hidden fields, patterns in closed structs, nested defaults, two files."""

    KINDS = "iifsssbtlllrrrr"

    def __init__(self, rng, predicate):
        super().__init__(rng)
        self.known = {k: [] for k in "ifsbtlr"}
        self.fields = {}
        for key, value in predicate.items():
            kind = "t" if isinstance(value, bool) else {int: "i", float: "f", str: "s", list: "l", dict: "r"}.get(type(value))
            if kind and re.fullmatch("[a-z]+", key) and key not in ("if", "for", "in", "let", "null", "true", "false"):
                self.known[kind].append(f"predicate.{key}")
        self.predicate = predicate

    def ref(self, kind):
        """An earlier value, or a literal."""
        structs = [n for n in self.known["r"] if kind in self.fields.get(n, {})]
        if structs and self.chance(0.4):
            name = self.rng.choice(structs)
            return f"{name}.{self.rng.choice(self.fields[name][kind])}"
        if self.known[kind] and self.chance(0.85):
            return self.rng.choice(self.known[kind][-4:])
        return self.literal(kind)

    def literal(self, kind):
        """A scalar, a list, a struct."""
        n = self.rng.randint(0, 4)
        return self.pick(*{
            "i": [f"{n}", f"{n}", f"-{n + 1}", "0x1F", "0b101", "0o17", "1_000", "1K", "2Mi", "123456789012345678901234567890", "9007199254740993", "1e3"],
            "f": [f"{n}.5", f"{n}.0", "1e-3", "1.5e300", "0.1", "3.14159265358979323846264338327950288419716939937510", "-0.0", "1.5K"],
            "s": ['"x"', '"y1"', '"Ab\u00e9"', '""', '#"a\b"#', '"""\n\tx\n\ty\n\t"""', '"a\nb"', '"\U0001F600"'],
            "b": ["'x'", "'\\x00\\xff'", "''", "'ab'", "#'x'#"],
            "t": ["true", "false"],
            "l": ["[]", "[1, 2]", '["x", "y"]', "[1, ...]", "[...int]", "[{k: 1}, {k: 2}]", "[[1], []]", "[_, _]"],
            "r": ["{}", "{k: 1}", '{k: "x", m: 2}', "{k?: int}", "{k: int, ...}", "{[string]: int}", "{k: {m: 1}}"],
        }[kind])

    def type(self, kind):
        """What is no value: types, bounds, validators, disjunctions."""
        n = self.rng.randint(0, 4)
        r = lambda: self.ref(kind)
        return self.pick(*{
            "i": ["int", f">{n - 2}", f"<={n + 2}", f"!={n}", "uint8", "int32", "number", "uint", f">={n - 1} & <{n + 3}", f"*{n} | int", f"*{n} | {n + 1} | {n + 2}", f"math.MultipleOf({n + 1})", f"(*{n} | int) | string", lambda: f">={r()}", lambda: f"!=({r()})", f"*(*{n} | {n + 1}) | {n + 2}", "rune", "int & !=0"],
            "f": ["float", "number", f">{n}.1", "<=1e3", "float64", "float32", f"*{n}.5 | float", lambda: f"<{r()}", "float | int"],
            "s": ["string", '=~"^x"', '=~"(?i)^X"', '=~"(?s)a.b"', '!~"(?m)^b$"', '>"a"', '<="x"', '!="x"', '*"x" | string', "strings.MinRunes(1)", "strings.MaxRunes(2)", '"x" | "y1"', "string | bytes", lambda: f"!={r()}", '=~"^[[:alpha:]]+$"', '=~"^\\\\p{L}"', '=~#"^\w*$"#', "time.Time | string", '*"x" | "y1" | =~"^A"', '>="A" & <="z"', "regexp.Valid"],
            "b": ["bytes", ">'a'", "!='x'", "bytes | string", "*'x' | bytes", "=~'x'"],
            "t": ["bool", "*true | bool", "*false | true", "bool | null", "!=null"],
            "l": ["[...]", "[...int]", "[...string]", "list.MinItems(1)", "list.MaxItems(2)", "list.UniqueItems()", "[_, ...]", "[...{k: int, ...}]", "list.MatchN(>=1, int)", "[...] & list.MinItems(0)", "[int, ...int]", "*[] | [...]"],
            "r": ["{...}", "{[string]: _}", "{k?: _, ...}", "{k!: _}", "struct.MinFields(1)", "struct.MaxFields(2)", "matchN(1, [{k!: int}, {k!: string}])", "matchIf({k: int}, {m?: int}, _)", "{k: int} | {k: string}", "{[!~\"^_\"]: _}", "{k!: int} | {m!: _}", "*{k: 1} | {...}", "close({k?: _, m?: _})", "matchN(0, [{z!: _}])"],
        }[kind])

    def computed(self, kind):
        """A value from earlier ones."""
        r = self.ref
        n = self.rng.randint(0, 3)
        return self.pick(*{
            "i": [lambda: f"{r('i')} + {r('i')}", lambda: f"{r('i')} * {n}", lambda: f"{r('i')} - {n}", lambda: f"div({r('i')}, {n + 1})", lambda: f"mod({r('i')}, {n + 2})", lambda: f"quo({r('i')}, -{n + 1})", lambda: f"rem({r('i')}, {n})", lambda: f"len({r('s')})", lambda: f"len({r('l')})", lambda: f"len({r('r')})", lambda: f"len({r('b')})", lambda: f"-({r('i')})", lambda: f"list.Sum([{r('i')}, {n}])", lambda: f"strings.Index({r('s')}, \"x\")", lambda: f"{r('l')}[{n}]", lambda: f"math.Abs({r('i')})", lambda: f"strconv.Atoi(\"\\({r('i')})\")"],
            "f": [lambda: f"{r('f')} + {r('i')}", lambda: f"{r('i')} / {n + 1}", lambda: f"{r('f')} * {r('f')}", lambda: f"{r('f')} - 0.5", lambda: f"math.Sqrt({n})", lambda: f"math.Floor({r('f')})", lambda: f"{r('i')} * 1.5"],
            "s": [lambda: f"{r('s')} + {r('s')}", lambda: f'"\\({r("i")})-\\({r("s")})"', lambda: f"strings.ToUpper({r('s')})", lambda: f"strings.Join([{r('s')}, \"z\"], \",\")", lambda: f"{r('s')} * {n}", lambda: f"strings.Split({r('s')}, \"\")[0]", lambda: f"json.Marshal({r('r')})", lambda: f'"\\({r("f")})"', lambda: f"strings.TrimSpace({r('s')})", lambda: f"hex.Encode({r('b')})", lambda: f"base64.Encode(null, {r('b')})", lambda: f"strings.Replace({r('s')}, \"x\", {r('s')}, 1)", lambda: f'"\\({r("t")})"', lambda: f"regexp.Find(\"[a-z]+\", {r('s')})"],
            "b": [lambda: f"{r('b')} + {r('b')}", lambda: f"'\\({r('s')})'", lambda: f"{r('b')} * {n}", lambda: f"base64.Decode(null, {r('s')})"],
            "t": [lambda: f"{r('i')} {self.pick('<', '<=', '==', '!=', '>')} {r('i')}", lambda: f"{r('s')} {self.pick('==', '!=', '<', '>=')} {r('s')}", lambda: f"{r('s')} =~ \"^x\"", lambda: f"!{r('t')}", lambda: f"{r('t')} && {r('t')}", lambda: f"{r('t')} || {r('t')}", lambda: f"{r(self.rng.choice('ifsblr'))} {self.pick('==', '!=')} _|_", lambda: f"list.Contains({r('l')}, {r('i')})", lambda: f"strings.HasPrefix({r('s')}, \"x\")", lambda: f"{r('l')} == {r('l')}", lambda: f"{r('r')} == {r('r')}", lambda: f"{r('b')} < {r('b')}", lambda: f"{r('i')} == {r('f')}", lambda: f"{r('r')}.{self.pick('k', 'm', 'none')} != _|_"],
            "l": [lambda: f"[for v in {r('l')} {{v}}]", lambda: f"[for i, v in {r('l')} if i > {n - 1} {{k: v}}]", lambda: f"[{r('i')}, {r('s')}]", lambda: f"[for k, v in {r('r')} {{k}}]", lambda: f"[if {r('t')} {{{r('i')}}}, {n}]", lambda: f"list.Concat([{r('l')}, [{n}]])", lambda: f"list.Reverse({r('l')})", lambda: f"[for x in {r('l')} let y = x {{y}}]", lambda: f"list.Sort({r('l')}, list.Ascending)", lambda: f"[{r('i')}, ...int]", lambda: f"list.Range(0, {n}, 1)", lambda: f"list.Slice({r('l')}, 0, {n})", lambda: f"strings.Fields({r('s')})", lambda: f"[{r('r')}, {{{r('r')}}}]", lambda: f"[for v in {r('l')} {{(\"q\"): v}}]", lambda: f"list.FlattenN([{r('l')}, [[{n}]]], 1)"],
            "r": [lambda: f"{r('r')} & {{q: {r('i')}}}", lambda: f"{{{r('r')}, q: {n}}}", lambda: f"{{for k, v in {r('r')} {{(k): v}}}}", lambda: f"{{({r('s')}): {r('i')}}}", lambda: f"{{if {r('t')} {{k: {n}}}}}", lambda: f"close({r('r')})", lambda: f"{{\"n\\({r('i')})\": {r('s')}}}", lambda: f"json.Unmarshal(\"{{\\\"k\\\":{n}}}\")"],
        }[kind])

    def value(self, kind, depth=1):
        """An expression of a kind."""
        if depth <= 0:
            return self.pick(lambda: self.literal(kind), lambda: self.type(kind), lambda: self.ref(kind))
        one = lambda: self.value(kind, depth - 1)
        other = lambda: self.value(self.rng.choice("isltr"), depth - 1)
        ways = [lambda: self.literal(kind), lambda: self.type(kind), lambda: self.computed(kind), lambda: self.computed(kind), lambda: f"({one()}) & ({one()})", lambda: f"{one()} | *({one()})", lambda: f"({one()}) | ({other()})", lambda: f"*({one()}) | error(\"no\")", lambda: f"[if {self.ref('t')} {{{one()}}}, {one()}][0]",
                lambda: f"or([{one()}, {one()}])", lambda: f"and([{one()}, {one()}])", lambda: f"{{{one()}, #n: 1}}", lambda: f"{{{one()}}}", lambda: f"*(*({one()}) | ({one()})) | ({one()})"]
        if kind == "r":
            ways += [lambda: self.record(depth)] * 8
        return self.pick(*ways)

    def record(self, depth):
        """A struct of several declarations."""
        lines, here = [], []
        for _ in range(self.rng.randint(1, 4)):
            kind, label_ = self.rng.choice("isstlfb"), self.rng.choice(["k", "m", "n", "p", "_h", "#d"])
            near = self.rng.choice(here) if here and self.chance(0.5) else self.ref("i")
            made = lambda: self.value(kind, depth - 1)
            lines.append(self.pick(
                lambda: f"{label_}: {made()}", lambda: f"{label_}: {made()}", lambda: f"{label_}: {made()}", lambda: f"{label_}?: {made()}", lambda: f"{label_}!: {made()}", lambda: f'"{label_.strip("_#")}": {made()}',
                lambda: f"[{self.pick('string', '=~' + quote('^[kn]'), 'L=string', '!=' + quote('k'), quote('k') + ' | ' + quote('m'), '<' + quote('n'), 'strings.MinRunes(2)')}]: {self.pick('_', 'int', 'int | string', made())}",
                lambda: f"let T{len(lines)} = {near}\n{label_}: T{len(lines)}", lambda: f"if {self.ref('t')} {{{label_}: {made()}}}", lambda: f"({self.pick(quote('k'), self.ref('s'))}): {made()}", "...", lambda: f"{label_}: {near}",
                lambda: f"A{len(lines)}=p{len(lines)}: {made()}\nq{len(lines)}: A{len(lines)}", lambda: self.ref("r"), lambda: f"for i, v in {self.ref('l')} {{\"e\\(i)\": v}}", lambda: f"k: m: {made()}",
                lambda: f"[L{len(lines)}=string]: {{name: L{len(lines)}, ...}}", lambda: f"_#g: {made()}\nr: _#g", lambda: f"Z=({quote('p')}): {made()}\nz: Z",
            ))
            here += re.findall(r"(?m)^([kmnp_#]\w*): ", lines[-1])
        return "{" + self.pick(", ", "\n").join(lines) + "}"

    def file(self):
        """The files."""
        files = [[], []] if self.chance(0.2) else [[]]
        for number in range(self.rng.randint(2, 6)):
            kind = self.rng.choice(self.KINDS)
            name = self.pick(f"{kind}{number}", f"{kind}{number}", f"{kind}{number}", f"_{kind}{number}", f"#{kind.upper()}{number}")
            if name[0] == "#" and kind == "r" and self.chance(0.4) and self.known["r"]:
                made = self.pick(lambda: f"{self.ref('r')} & {self.record(1)}", lambda: f"{{{self.ref('r')}\n{self.field_line()}}}")
            else:
                made = self.value(kind, self.pick(1, 2))
            self.rng.choice(files).append(f"{name}: {made}")
            self.known[kind].append(name)
            found = re.findall(r"(?m)(?:^|[{\n,] ?)([kmnp]): ([^\n,}]*)", made) if kind == "r" else []
            for field, value in found:
                guess = "s" if '"' in value or "string" in value else "i" if re.search("int|^[0-9]+$", value) else None
                if guess:
                    self.fields.setdefault(name, {}).setdefault(guess, []).append(field)
            if self.chance(0.15):
                self.rng.choice(files).append(f"{name}: {self.value(kind, 1)}")
        for _ in range(self.rng.randint(0, 2)):
            keys = [k for k in self.predicate if re.fullmatch("[a-z]+", k) and k not in ("if", "for", "in", "let", "null", "true", "false")] or ["none"]
            key = self.rng.choice(keys)
            value = self.predicate.get(key)
            kind = "t" if isinstance(value, bool) else {int: "i", float: "f", str: "s", list: "l", dict: "r"}.get(type(value), "s")
            self.rng.choice(files).append(self.pick(lambda: f"predicate: {key}{self.pick('', '', '?', '!')}: {self.value(kind, 1)}", lambda: f"predicate: {{{key}: _, out: {self.computed(kind)}}}", lambda: f"predicate: {{{key}: {self.type(kind)}, ...}}", lambda: f"predicate: {key}: {self.type(kind)}"))
        if not any(line.startswith("predicate: ") for lines in files for line in lines):
            files[0].append("predicate: _")
        texts = [self.text(lines) for lines in files]
        return {"policy.cue": texts[0]} if len(texts) == 1 else {"a.cue": "package p\n" + texts[0], "b.cue": "package p\n" + texts[1]}

    def field_line(self):
        """One more field."""
        return f"{self.rng.choice('kmnp')}{self.pick('', '?', '!')}: {self.value(self.rng.choice('isl'), 1)}"


def main():
    """Prints the cases."""
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    paths = [path for path in sorted(STATEMENTS.glob("*.json")) if path.stem != "one"]  # too small to make anything of
    statements = {path.stem: json.loads(path.read_text()) for path in paths}
    for number in range(count):
        rng = random.Random(f"{seed}/{number}")
        if sys.argv[3:] == ["flow"]:
            name = rng.choice(["plain", "plain", "empty", "records"])
            files = {"policy.cue": Flow(rng, statements[name]["predicate"]).file()}
            print(json.dumps({"name": f"flow-{seed}-{number}", "construct": "flow", "statement": name, "files": files}, ensure_ascii=False, separators=(",", ":")))
            continue
        if sys.argv[3:] == ["wide"]:
            name = rng.choice(["plain", "plain", "empty", "records", "circle"])
            files = Wide(rng, statements[name]["predicate"]).file()
            print(json.dumps({"name": f"wide-{seed}-{number}", "construct": "wide", "statement": name, "files": files}, ensure_ascii=False, separators=(",", ":")))
            continue
        kind, name = ("puzzle", rng.choice(["plain", "circle", "empty"])) if rng.random() < 0.5 else ("schema", rng.choice(list(statements)))
        maker = Puzzle(rng) if kind == "puzzle" else Schema(rng, rng.choice([0, 0, 0.02, 0.1]))
        files = {"policy.cue": maker.file(statements[name])}
        print(json.dumps({"name": f"{seed}-{number}", "construct": kind, "statement": name, "files": files}, ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main()
