//! Why a text is not YAML, in words for whoever wrote it: the scanner's own are about what it was doing. Pure.

/// How what the scanner says begins, and what is wrong and what is expected there.
const WORDS: [(&str, &str); 26] = [
    ("a byte order mark", "a byte order mark, which can stand at the beginning of a text alone"),
    (
        "block sequence entries",
        "an item (`- `) where none can be: it begins a line of its own, in the column of the items before it",
    ),
    ("comment intercepting", "a comment within a text of several lines"),
    (
        "did not find expected <document start>",
        "this line begins before the column of the first one: all members begin in one column",
    ),
    ("found incompatible YAML", "a `%YAML` line of a version that is not read"),
    (
        "illegal placement of ':'",
        "a `:` where none can be: a `[` or `{` before it is not closed, or a text that holds one lacks its quotation marks",
    ),
    (
        "invalid indentation in flow",
        "this line has to be indented further than the one on which the `[` or `{` is opened",
    ),
    (
        "invalid indentation in quoted",
        "this line of a text in quotation marks has to be indented further than its member",
    ),
    ("invalid indentation", "this line is indented in another way than those that it goes with"),
    (
        "invalid trailing content",
        "something stands behind the closing quotation mark: put the quotation marks around all of the text",
    ),
    ("mapping keys are not allowed", "a member where none can be: it begins a line of its own"),
    (
        "mapping values are not allowed",
        "a `:` where no member can begin: this line is indented too far, the one before lacks the blank behind its `:`, or a text with `: ` in it lacks its quotation marks",
    ),
    ("misplaced bracket", "a `]` or `}` that nothing opened"),
    (
        "plain scalar cannot start",
        "a text that begins with `-` and one of `,[]{}`: it stands in quotation marks",
    ),
    ("recursion limit exceeded", "it is nested too deep"),
    ("simple key expect", "the line before this one has a name without the `: ` behind it"),
    ("tab", "a tab, where blanks are expected: indent with blanks alone"),
    ("unexpected character", "a text cannot begin with this character unless it stands in quotation marks"),
    (
        "while parsing a block collection",
        "`- ` is expected: items of a list begin in one column, and the members of an item in that of its first",
    ),
    (
        "while parsing a block mapping",
        "the name of a member is expected: members begin in one column, and items (`- `) do not follow them",
    ),
    ("while parsing a flow mapping", "`,` or `}` is expected"),
    ("while parsing a flow sequence", "`,` or `]` is expected"),
    ("while parsing a node, did not find", "a value is expected"),
    (
        "while parsing node, found unknown anchor",
        "an alias (`*`) of something that was not named (`&`) before; a text that begins with `*` stands in quotation marks",
    ),
    (
        "while scanning a block scalar, did not find",
        "behind `|` or `>` the text begins on the next line: nothing but a comment can stand here",
    ),
    (
        "while scanning an anchor or alias",
        "a name is expected behind `*` or `&`; a text that begins with one of them stands in quotation marks",
    ),
];

/// Of texts in quotation marks, by a part of what the scanner says.
const QUOTED: [(&str, &str); 4] = [
    ("unexpected end of stream", "a quotation mark is opened here, or before, and never closed"),
    (
        "unexpected document indicator",
        "a line `---` or `...` within a text in quotation marks, which is never closed",
    ),
    (
        "unknown escape character",
        "a `\\` that begins no escape: write `\\\\` for a backslash, or put the text into `'`",
    ),
    ("hexadecimal number", "`\\x`, `\\u` or `\\U` behind which 2, 4 or 8 hexadecimal digits do not follow"),
];

/// What the scanner means by `said`; its own words, where they are not known.
pub(super) fn in_words(said: &str) -> &str {
    let quoted = QUOTED.iter().find(|(part, _)| said.contains("quoted scalar") && said.contains(part));
    let known = quoted.or_else(|| WORDS.iter().find(|(start, _)| said.starts_with(start)));
    known.map_or(said, |(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::super::{Documents, Position};

    /// What people get wrong, where it is found, and what is said of it.
    #[test]
    fn what_is_wrong_is_told_in_our_words_with_its_place() {
        for (text, at, words) in [
            ("a: [1, 2\nb: 3", "2:2", "a `[` or `{` before it is not closed"),
            ("a: [1 2\n\n", "1:8", "`,` or `]` is expected"),
            ("a: {b: é", "1:9", "`,` or `}` is expected"),
            ("a:\n  b: 1\n c: 2", "3:2", "members begin in one column"),
            ("a: b: c", "1:5", "a `:` where no member can begin"),
            ("a: b\n  c: d", "2:4", "indented too far"),
            ("a:b\nc: d", "2:2", "lacks the blank behind its `:`"),
            ("a:\n\tb: 1", "2:2", "a tab"),
            ("a: \"b", "1:4", "a quotation mark is opened here"),
            ("a: 'b", "1:4", "a quotation mark is opened here"),
            ("a: @b", "1:4", "cannot begin with this character"),
            ("a: *b", "1:4", "an alias"),
            ("files: [**/prod]", "1:9", "a text that begins with `*` stands in quotation marks"),
            ("a: &", "1:4", "a name is expected"),
            ("a: 1\nb\nc: 2", "3:1", "a name without the `: ` behind it"),
            ("a: \"b\" c", "1:8", "behind the closing quotation mark"),
            ("a: \"\\q\"", "1:4", "a `\\` that begins no escape"),
            ("a: ]", "1:4", "nothing opened"),
            ("- a\nb: 1", "2:1", "`- ` is expected"),
            ("a: 1\n- b", "2:3", "items (`- `) do not follow them"),
            ("a: >x\n b", "1:4", "the text begins on the next line"),
            ("  a: 1\nb: x", "2:1", "all members begin in one column"),
        ] {
            let mut documents = Documents::new("test", text);
            let error = loop {
                match documents.next() {
                    Ok(Some(_)) => {}
                    Ok(None) => panic!("{text:?} is read"),
                    Err(error) => break error,
                }
            };
            let position = Position::in_error(&error.at).unwrap().to_string();
            assert!(position == at && error.reason.contains(words), "{text:?}: {position}: {}", error.reason);
        }
    }
}
