//! The small part of Markdown that the concepts are written in: headings, paragraphs, lists, tables and code.

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub enum Block {
    /// A heading, with its level from 1.
    Heading(usize, String),
    /// Lines that belong together.
    Paragraph(String),
    /// An item of a list.
    Item(String),
    /// Lines that stay as they are.
    Code(Vec<String>),
    /// Rows of cells, the heads first.
    Table(Vec<Vec<String>>),
}

/// Takes a text apart.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open = false;
    let mut code: Option<Vec<String>> = None;
    for line in text.lines() {
        if line.starts_with("```") {
            match code.take() {
                Some(lines) => blocks.push(Block::Code(lines)),
                None => code = Some(Vec::new()),
            }
            open = false;
        } else if let Some(lines) = &mut code {
            lines.push(line.to_owned());
        } else {
            open = push_line(&mut blocks, line, open);
        }
    }
    blocks
}

/// Adds a line outside of code; says whether the next line may go on with the same block.
fn push_line(blocks: &mut Vec<Block>, line: &str, open: bool) -> bool {
    let text = line.trim();
    if text.is_empty() || text.starts_with("<!--") {
        return false;
    }
    let level = text.bytes().take_while(|byte| *byte == b'#').count();
    if level > 0 {
        blocks.push(Block::Heading(level, inline(text.trim_start_matches('#').trim())));
        return false;
    }
    if let Some(item) = text.strip_prefix("- ") {
        blocks.push(Block::Item(inline(item)));
        return true;
    }
    if text.starts_with('|') {
        let cells: Vec<String> =
            text.trim_matches('|').split(" | ").map(|cell| inline(cell.trim())).collect();
        match (blocks.last_mut(), open) {
            _ if text.starts_with("|---") => {}
            (Some(Block::Table(rows)), true) => rows.push(cells),
            _ => blocks.push(Block::Table(vec![cells])),
        }
        return true;
    }
    match (blocks.last_mut(), open) {
        (Some(Block::Paragraph(before) | Block::Item(before)), true) => {
            *before = format!("{before} {}", inline(text));
        }
        _ => blocks.push(Block::Paragraph(inline(text))),
    }
    true
}

/// Links as their words.
fn inline(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        out.push_str(before);
        match after.split_once("](").and_then(|(words, tail)| Some((words, tail.split_once(')')?.1))) {
            Some((words, tail)) if !words.contains(['[', ']']) => {
                out.push_str(words);
                rest = tail;
            }
            _ => {
                out.push('[');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_taken_apart() {
        let text = "# A [b](c.md#d) e\n\none\ntwo `[x]`\n\n- item\n  goes on\n- other\n\n```sh\n# not a heading\n\nrun\n```\n| a | b |\n|---|---|\n| `1` | 2 |\n";
        assert_eq!(
            blocks(text),
            [
                Block::Heading(1, "A b e".to_owned()),
                Block::Paragraph("one two `[x]`".to_owned()),
                Block::Item("item goes on".to_owned()),
                Block::Item("other".to_owned()),
                Block::Code(vec!["# not a heading".to_owned(), String::new(), "run".to_owned()]),
                Block::Table(vec![
                    vec!["a".to_owned(), "b".to_owned()],
                    vec!["`1`".to_owned(), "2".to_owned()]
                ]),
            ]
        );
    }
}
