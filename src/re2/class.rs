//! Character classes: Perl's, POSIX's and Unicode's, as Go knows them.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};

/// A set of characters. Surrogates are no characters: a range over them leaves them out.
#[derive(Debug, Clone)]
pub(super) struct CharSet(ClassUnicode);

impl CharSet {
    pub(super) fn new() -> Self {
        Self(ClassUnicode::empty())
    }

    fn of(ranges: &[(char, char)]) -> Self {
        Self(ClassUnicode::new(ranges.iter().map(|(lo, hi)| ClassUnicodeRange::new(*lo, *hi))))
    }

    /// Adds the code points from `lo` to `hi`, both included.
    pub(super) fn push(&mut self, lo: u32, hi: u32) {
        for (lo, hi) in [(lo, hi.min(0xd7ff)), (lo.max(0xe000), hi)] {
            if let (Some(lo), Some(hi)) = (char::from_u32(lo), char::from_u32(hi))
                && lo <= hi
            {
                self.0.push(ClassUnicodeRange::new(lo, hi));
            }
        }
    }

    pub(super) fn union(&mut self, other: &Self) {
        self.0.union(&other.0);
    }

    /// Adds what differs only by case (simple case folding, Unicode's CaseFolding.txt classes C and S).
    #[must_use]
    pub(super) fn folded(mut self, fold: bool) -> Self {
        if fold {
            // Fails only when the tables are compiled out; then nothing is added, and less matches.
            let _ = self.0.try_case_fold_simple();
        }
        self
    }

    #[must_use]
    pub(super) fn negated(mut self, negate: bool) -> Self {
        if negate {
            self.0.negate();
        }
        self
    }

    /// Number of ranges.
    pub(super) fn len(&self) -> usize {
        self.0.ranges().len()
    }

    pub(super) fn into_class(self) -> Class {
        Class::Unicode(self.0)
    }
}

/// `\d`, `\s`, `\w` and their negations, by the letter: ASCII, and `\s` without the vertical tab.
pub(super) fn perl(letter: char) -> Option<(CharSet, bool)> {
    let ranges: &[(char, char)] = match letter.to_ascii_lowercase() {
        'd' => &[('0', '9')],
        's' => &[('\t', '\n'), ('\x0c', '\r'), (' ', ' ')],
        'w' => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        _ => return None,
    };
    Some((CharSet::of(ranges), letter.is_ascii_uppercase()))
}

/// A POSIX class by its name: `alpha` for `[:alpha:]`. ASCII.
pub(super) fn posix(name: &str) -> Option<CharSet> {
    let ranges: &[(char, char)] = match name {
        "alnum" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        "alpha" => &[('A', 'Z'), ('a', 'z')],
        "ascii" => &[('\0', '\x7f')],
        "blank" => &[('\t', '\t'), (' ', ' ')],
        "cntrl" => &[('\0', '\x1f'), ('\x7f', '\x7f')],
        "digit" => &[('0', '9')],
        "graph" => &[('!', '~')],
        "lower" => &[('a', 'z')],
        "print" => &[(' ', '~')],
        "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "space" => &[('\t', '\r'), (' ', ' ')],
        "upper" => &[('A', 'Z')],
        "word" => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        "xdigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    };
    Some(CharSet::of(ranges))
}

/// A Unicode general category, or an alias of one, or a script, by the name in `\p{...}`. As in Go, case, blanks, hyphens and
/// underscores do not matter, scripts have no short names, and no other property exists.
pub(super) fn unicode(name: &str) -> Option<CharSet> {
    let key: String =
        name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).map(|c| c.to_ascii_lowercase()).collect();
    match key.as_str() {
        "any" => return Some(CharSet::new().negated(true)),
        "ascii" => return posix("ascii"),
        "assigned" => return property("gc", "Cn").map(|set| set.negated(true)),
        "cs" | "surrogate" => return Some(CharSet::new()),
        _ => {}
    }
    let category = CATEGORIES
        .iter()
        .find(|(short, long)| short.eq_ignore_ascii_case(&key) || long.split(' ').any(|l| l == key));
    if let Some((short, _)) = category {
        return property("gc", short);
    }
    SCRIPTS.split_ascii_whitespace().find(|script| *script == key).and_then(|script| property("sc", script))
}

fn property(property: &str, value: &str) -> Option<CharSet> {
    let hir = regex_syntax::parse(&format!(r"\p{{{property}={value}}}")).ok()?;
    match hir.into_kind() {
        HirKind::Class(Class::Unicode(class)) => Some(CharSet(class)),
        _ => None,
    }
}

/// General categories and their aliases in Unicode's PropertyValueAliases.txt, lower case without underscores.
const CATEGORIES: &[(&str, &str)] = &[
    ("C", "other"),
    ("Cc", "control cntrl"),
    ("Cf", "format"),
    ("Cn", "unassigned"),
    ("Co", "privateuse"),
    ("L", "letter"),
    ("LC", "casedletter"),
    ("Ll", "lowercaseletter"),
    ("Lm", "modifierletter"),
    ("Lo", "otherletter"),
    ("Lt", "titlecaseletter"),
    ("Lu", "uppercaseletter"),
    ("M", "mark combiningmark"),
    ("Mc", "spacingmark"),
    ("Me", "enclosingmark"),
    ("Mn", "nonspacingmark"),
    ("N", "number"),
    ("Nd", "decimalnumber digit"),
    ("Nl", "letternumber"),
    ("No", "othernumber"),
    ("P", "punctuation punct"),
    ("Pc", "connectorpunctuation"),
    ("Pd", "dashpunctuation"),
    ("Pe", "closepunctuation"),
    ("Pf", "finalpunctuation"),
    ("Pi", "initialpunctuation"),
    ("Po", "otherpunctuation"),
    ("Ps", "openpunctuation"),
    ("S", "symbol"),
    ("Sc", "currencysymbol"),
    ("Sk", "modifiersymbol"),
    ("Sm", "mathsymbol"),
    ("So", "othersymbol"),
    ("Z", "separator"),
    ("Zl", "lineseparator"),
    ("Zp", "paragraphseparator"),
    ("Zs", "spaceseparator"),
];

/// Long names of scripts in Unicode 16's PropertyValueAliases.txt, lower case without underscores.
const SCRIPTS: &str = "\
adlam ahom anatolianhieroglyphs arabic armenian avestan balinese bamum bassavah batak bengali bhaiksuki \
  bopomofo brahmi braille buginese buhid canadianaboriginal carian caucasianalbanian chakma cham cherokee \
  chorasmian common coptic cuneiform cypriot cyprominoan cyrillic deseret devanagari divesakuru dogra duployan \
  egyptianhieroglyphs elbasan elymaic ethiopic garay georgian glagolitic gothic grantha greek gujarati \
  gunjalagondi gurmukhi gurungkhema han hangul hanifirohingya hanunoo hatran hebrew hiragana imperialaramaic \
  inherited inscriptionalpahlavi inscriptionalparthian javanese kaithi kannada katakana kawi kayahli kharoshthi \
  khitansmallscript khmer khojki khudawadi kiratrai lao latin lepcha limbu lineara linearb lisu lycian lydian \
  mahajani makasar malayalam mandaic manichaean marchen masaramgondi medefaidrin meeteimayek mendekikakui \
  meroiticcursive meroitichieroglyphs miao modi mongolian mro multani myanmar nabataean nagmundari nandinagari \
  newtailue newa nko nushu nyiakengpuachuehmong ogham olchiki olonal oldhungarian olditalic oldnortharabian \
  oldpermic oldpersian oldsogdian oldsoutharabian oldturkic olduyghur oriya osage osmanya pahawhhmong palmyrene \
  paucinhau phagspa phoenician psalterpahlavi rejang runic samaritan saurashtra sharada shavian siddham \
  signwriting sinhala sogdian sorasompeng soyombo sundanese sunuwar sylotinagri syriac tagalog tagbanwa taile \
  taitham taiviet takri tamil tangsa tangut telugu thaana thai tibetan tifinagh tirhuta todhri toto \
  tulutigalari ugaritic vai vithkuqi wancho warangciti yezidi yi zanabazarsquare";
