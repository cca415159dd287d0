//! The parser: Go's `regexp/syntax` with the flags of `regexp.Compile` (Perl), to an expression tree of the `regex` crates.
//!
//! Where only is asked whether an expression matches, groups capture nothing.

use regex_syntax::hir::{Capture, Dot, Hir, Look, Repetition};

use super::class::CharSet;

/// How deep an expression may nest, groups aside (the engine's compiler recurses). Go counts groups too and stops at
/// [`MAX_HEIGHT`].
pub(super) const MAX_DEPTH: u32 = 250;
const MAX_HEIGHT: u32 = 1000;
/// The largest count in a repetition, and the largest product of nested counts.
const MAX_REPEAT: u32 = 1000;
/// How many ranges all character classes of an expression may have together.
const MAX_RANGES: usize = 1 << 18;

/// The names of an expression's groups, of which the first is the whole match and has none.
pub(super) type Names = Vec<Option<String>>;

/// Parses; `capture` keeps the groups, which count as nesting then.
///
/// # Errors
/// The text after Go's `error parsing regexp: `.
pub(super) fn parse(pattern: &str, capture: bool) -> Result<(Hir, Names), String> {
    Parser {
        pattern,
        capture,
        names: vec![None],
        at: 0,
        flags: Flags::default(),
        open: Vec::new(),
        group: Group::default(),
        last_repeat: None,
        ranges: 0,
    }
    .run()
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) fold: bool,
    multi_line: bool,
    dot_newline: bool,
    ungreedy: bool,
}

/// A parsed piece.
struct Piece {
    hir: Hir,
    kind: Kind,
    /// Height of Go's tree of it.
    height: u32,
    /// Height of our tree of it.
    depth: u32,
    /// The largest product of nested repetition counts.
    copies: u32,
}

/// What Go's parser makes of a piece; nested concatenations and alternations are flattened there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Literal,
    Concatenation,
    Alternation,
    Other,
}

/// What stands between parentheses, as far as it was read.
#[derive(Default)]
pub(super) struct Group {
    alternatives: Vec<Piece>,
    sequence: Vec<Piece>,
    /// The flags outside of it.
    outside: Flags,
    /// Its number, where it captures.
    number: Option<usize>,
}

pub(super) struct Parser<'p> {
    pub(super) pattern: &'p str,
    pub(super) at: usize,
    pub(super) flags: Flags,
    capture: bool,
    names: Names,
    /// The groups that are open around the current one.
    open: Vec<Group>,
    group: Group,
    /// Where the repetition operator that was read last starts, when nothing was read since.
    last_repeat: Option<usize>,
    ranges: usize,
}

impl Piece {
    fn leaf(hir: Hir, kind: Kind) -> Self {
        Self { hir, kind, height: 1, depth: 1, copies: 1 }
    }
}

impl<'p> Parser<'p> {
    fn run(mut self) -> Result<(Hir, Names), String> {
        while let Some(c) = self.peek() {
            let start = self.at;
            let mut repeat = None;
            match c {
                '(' if self.rest().starts_with("(?") => self.perl_group()?,
                '(' => {
                    self.at += 1;
                    self.open_capture(None);
                }
                ')' => self.close()?,
                '|' => {
                    self.at += 1;
                    let sequence = self.sequence()?;
                    self.group.alternatives.push(sequence);
                }
                '[' => {
                    let set = self.class()?;
                    self.push_set(set)?;
                }
                '*' | '+' | '?' => {
                    self.at += 1;
                    let (min, max) = if c == '?' { (0, Some(1)) } else { (u32::from(c == '+'), None) };
                    self.repeat(start, min, max, false)?;
                    repeat = Some(start);
                }
                '{' => {
                    if let Some((min, max)) = self.counts()? {
                        self.repeat(start, min, max, true)?;
                        repeat = Some(start);
                    } else {
                        self.at += 1;
                        self.push_literal('{');
                    }
                }
                '\\' => self.escape()?,
                _ => {
                    self.at += c.len_utf8();
                    self.atom(c);
                }
            }
            self.last_repeat = repeat;
        }
        if !self.open.is_empty() {
            return Err(format!("missing closing ): `{}`", self.pattern));
        }
        let hir = self.alternation()?.hir;
        Ok((hir, self.names))
    }

    pub(super) fn rest(&self) -> &'p str {
        self.pattern.get(self.at..).unwrap_or_default()
    }

    /// What was read since `start`.
    pub(super) fn since(&self, start: usize) -> &'p str {
        self.pattern.get(start..self.at).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn push(&mut self, piece: Piece) {
        self.group.sequence.push(piece);
    }

    pub(super) fn push_look(&mut self, look: Look) {
        self.push(Piece::leaf(Hir::look(look), Kind::Other));
    }

    pub(super) fn push_literal(&mut self, c: char) {
        if self.flags.fold {
            let mut set = CharSet::new();
            set.push(c.into(), c.into());
            let hir = Hir::class(set.folded(true).into_class());
            self.push(Piece::leaf(hir, Kind::Literal));
        } else {
            let hir = Hir::literal(c.encode_utf8(&mut [0; 4]).as_bytes());
            self.push(Piece::leaf(hir, Kind::Literal));
        }
    }

    pub(super) fn push_set(&mut self, set: CharSet) -> Result<(), String> {
        self.ranges += set.len();
        if self.ranges > MAX_RANGES {
            return Err(format!("expression too large: `{}`", self.pattern));
        }
        self.push(Piece::leaf(Hir::class(set.into_class()), Kind::Other));
        Ok(())
    }

    /// A character that is no operator of another kind.
    fn atom(&mut self, c: char) {
        let Flags { multi_line, dot_newline, .. } = self.flags;
        match c {
            '^' => self.push_look(if multi_line { Look::StartLF } else { Look::Start }),
            // Without (?m), Go's `$` is `\z`: it does not match before a final newline.
            '$' => self.push_look(if multi_line { Look::EndLF } else { Look::End }),
            '.' => {
                let dot = if dot_newline { Dot::AnyChar } else { Dot::AnyCharExceptLF };
                self.push(Piece::leaf(Hir::dot(dot), Kind::Other));
            }
            c => self.push_literal(c),
        }
    }

    fn open(&mut self, number: Option<usize>) {
        let group = Group { number, outside: self.flags, ..Group::default() };
        self.open.push(std::mem::replace(&mut self.group, group));
    }

    /// Opens a group that captures.
    fn open_capture(&mut self, name: Option<String>) {
        self.open(Some(self.names.len()));
        self.names.push(name);
    }

    fn close(&mut self) -> Result<(), String> {
        self.at += 1;
        let mut piece = self.alternation()?;
        let outer = self.open.pop().ok_or_else(|| format!("unexpected ): `{}`", self.pattern))?;
        let group = std::mem::replace(&mut self.group, outer);
        self.flags = group.outside;
        if let Some(number) = group.number {
            piece.height += 1;
            piece.kind = Kind::Other;
            if self.capture {
                let index = u32::try_from(number).map_err(|_| self.too_deep())?;
                piece.depth += 1;
                piece.hir = Hir::capture(Capture { index, name: None, sub: Box::new(piece.hir) });
            }
        }
        self.push(piece);
        self.limit_height()
    }

    /// The alternation of all that the current group holds.
    fn alternation(&mut self) -> Result<Piece, String> {
        let last = self.sequence()?;
        let mut alternatives = std::mem::take(&mut self.group.alternatives);
        alternatives.push(last);
        self.join(alternatives, Kind::Alternation, Hir::alternation)
    }

    /// The concatenation of all that was read since the last `|` or parenthesis.
    fn sequence(&mut self) -> Result<Piece, String> {
        let sequence = std::mem::take(&mut self.group.sequence);
        self.join(sequence, Kind::Concatenation, Hir::concat)
    }

    fn join(
        &self,
        mut pieces: Vec<Piece>,
        kind: Kind,
        with: impl FnOnce(Vec<Hir>) -> Hir,
    ) -> Result<Piece, String> {
        if pieces.len() < 2 {
            return Ok(pieces.pop().unwrap_or_else(|| Piece::leaf(Hir::empty(), Kind::Other)));
        }
        if kind == Kind::Concatenation && pieces.iter().all(|p| p.kind == Kind::Literal) {
            let hir = with(pieces.into_iter().map(|p| p.hir).collect());
            return Ok(Piece { depth: 2, ..Piece::leaf(hir, Kind::Literal) });
        }
        let height = pieces.iter().map(|p| p.height + u32::from(p.kind != kind)).max().unwrap_or(1);
        let depth = pieces.iter().map(|p| p.depth + u32::from(p.kind != kind)).max().unwrap_or(1);
        let copies = pieces.iter().map(|p| p.copies).max().unwrap_or(1);
        if height > MAX_HEIGHT || depth > MAX_DEPTH {
            return Err(self.too_deep());
        }
        Ok(Piece { hir: with(pieces.into_iter().map(|p| p.hir).collect()), kind, height, depth, copies })
    }

    fn too_deep(&self) -> String {
        format!("expression nests too deeply: `{}`", self.pattern)
    }

    /// Checks the piece that was read last.
    fn limit_height(&self) -> Result<(), String> {
        match self.group.sequence.last() {
            Some(piece) if piece.height > MAX_HEIGHT || piece.depth > MAX_DEPTH => Err(self.too_deep()),
            _ => Ok(()),
        }
    }

    /// The counts of `{n}`, `{n,}` or `{n,m}`, which ends after them; `None` when it is none of these and so a literal.
    fn counts(&mut self) -> Result<Option<(u32, Option<u32>)>, String> {
        let Some((inside, _)) = self.rest().get(1..).and_then(|r| r.split_once('}')) else { return Ok(None) };
        // As Go: no sign, no blank, no leading zero. `Some(None)` is a number too large for anything.
        let number = |digits: &str| -> Option<Option<u32>> {
            let plain =
                digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
            (plain && !digits.is_empty()).then(|| digits.parse().ok())
        };
        let (min, max) = match inside.split_once(',') {
            None => (number(inside), number(inside).map(Some)),
            Some((min, "")) => (number(min), Some(None)),
            Some((min, max)) => (number(min), number(max).map(Some)),
        };
        let (Some(min), Some(max)) = (min, max) else { return Ok(None) };
        let start = self.at;
        self.at += inside.len() + 2;
        let sound = |count: Option<u32>| count.filter(|c| *c <= MAX_REPEAT);
        let refused = || format!("invalid repeat count: `{}`", self.since(start));
        let min = sound(min).ok_or_else(refused)?;
        let max = max.map(|max| sound(max).filter(|max| min <= *max).ok_or_else(refused)).transpose()?;
        Ok(Some((min, max)))
    }

    /// Repeats the piece that was read last; the operator starts at `start` and was read.
    fn repeat(&mut self, start: usize, min: u32, max: Option<u32>, counted: bool) -> Result<(), String> {
        let lazy = self.rest().starts_with('?');
        if lazy {
            self.at += 1;
        }
        if let Some(last) = self.last_repeat {
            return Err(format!("invalid nested repetition operator: `{}`", self.since(last)));
        }
        let operator = self.since(start);
        let sub = self.group.sequence.pop();
        let sub = sub.ok_or_else(|| format!("missing argument to repetition operator: `{operator}`"))?;
        let factor = if counted { max.unwrap_or(min) } else { 1 };
        let copies = if max == Some(0) { 1 } else { sub.copies.saturating_mul(factor.max(1)) };
        if counted && factor >= 2 && copies > MAX_REPEAT {
            return Err(format!("invalid repeat count: `{operator}`"));
        }
        let hir = Hir::repetition(Repetition {
            min,
            max,
            greedy: lazy == self.flags.ungreedy,
            sub: Box::new(sub.hir),
        });
        self.push(Piece { hir, kind: Kind::Other, height: sub.height + 1, depth: sub.depth + 1, copies });
        self.limit_height()
    }

    /// `(?P<name>`, `(?<name>`, `(?flags)` or `(?flags:`.
    fn perl_group(&mut self) -> Result<(), String> {
        let start = self.at;
        let rest = self.rest();
        let name = rest.strip_prefix("(?P<").or_else(|| rest.strip_prefix("(?<"));
        if let Some(name) = name.filter(|n| !n.is_empty()) {
            return self.named_group(start, rest.len() - name.len());
        }
        self.at += 2;
        let mut flags = self.flags;
        let (mut value, mut seen) = (true, false);
        while let Some(c) = self.next() {
            match c {
                'i' => flags.fold = value,
                'm' => flags.multi_line = value,
                's' => flags.dot_newline = value,
                'U' => flags.ungreedy = value,
                '-' if value => {
                    (value, seen) = (false, false);
                    continue;
                }
                ':' | ')' if value || seen => {
                    if c == ':' {
                        self.open(None);
                    }
                    self.flags = flags;
                    return Ok(());
                }
                _ => break,
            }
            seen = true;
        }
        Err(format!("invalid or unsupported Perl syntax: `{}`", self.since(start)))
    }

    /// A named group; its name starts `prefix` bytes on.
    fn named_group(&mut self, start: usize, prefix: usize) -> Result<(), String> {
        let rest = self.rest();
        let refused = |what: &str| Err(format!("invalid named capture: `{what}`"));
        let Some(end) = rest.find('>') else { return refused(rest) };
        self.at += end + 1;
        let name = rest.get(prefix..end).unwrap_or_default();
        if name.is_empty() || name.bytes().any(|b| b != b'_' && !b.is_ascii_alphanumeric()) {
            return refused(self.since(start));
        }
        let name = name.to_owned();
        self.open_capture(Some(name));
        Ok(())
    }
}
