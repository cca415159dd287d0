//! Documents of clients, as text.

use super::super::html::{Html, html};

/// What is longer is cut off.
const LONGEST: usize = 64 * 1024;
/// Lines are not indented further than by so many levels.
const DEEPEST: usize = 24;

/// A document, JSON with line breaks: whatever it is, every character of it stays.
pub(super) fn document(bytes: &[u8]) -> Html {
    let text = String::from_utf8_lossy(bytes.get(..LONGEST).unwrap_or(bytes));
    let shown = if looks_like_json(&text) { indented(&text) } else { text.into_owned() };
    let end = shown.char_indices().map(|(at, _)| at).find(|at| *at >= LONGEST);
    let cut = end.is_some() || bytes.len() > LONGEST;
    let shown = end.and_then(|end| shown.get(..end)).unwrap_or(&shown);
    let rest =
        cut.then(|| html("<p class=\"dim\">The rest is not shown: it has {} bytes.</p>", &[&bytes.len()]));
    html("<pre><code>{}</code></pre>{}", &[&shown, &rest])
}

fn looks_like_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// JSON with a line for each member, and nothing else changed.
fn indented(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if out.len() > 2 * LONGEST {
            // More than is shown.
            break;
        }
        if in_string {
            out.push(c);
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            '"' => {
                in_string = true;
                out.push(c);
            }
            '{' | '[' => {
                out.push(c);
                depth += 1;
                while characters.next_if(|c| c.is_ascii_whitespace()).is_some() {}
                match characters.next_if(|c| matches!(c, '}' | ']')) {
                    Some(end) => {
                        out.push(end);
                        depth -= 1;
                    }
                    None => line(&mut out, depth),
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
        }
    }
    out
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    for _ in 0..depth.min(DEEPEST) {
        out.push_str("  ");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_gets_lines_and_keeps_everything_else() {
        let text = r#"{"a":[1,{},[ ]], "b" : "x,{\"y\\"}"#;
        let expected = "{\n  \"a\": [\n    1,\n    {},\n    []\n  ],\n  \"b\": \"x,{\\\"y\\\\\"\n}";
        assert_eq!(indented(text), expected);
        for rubbish in ["]]]]", "{{{{", "\"", "[\"\\", "}:,{"] {
            let bare = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(bare(&indented(rubbish)), bare(rubbish));
        }
    }
}
