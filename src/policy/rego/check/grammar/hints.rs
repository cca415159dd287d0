//! What may have been meant by what OPA's parser does not read: words of newer versions, and the operators of other languages.

/// What to do about the text at a byte where the parser stopped; `None` where nothing is known.
pub(super) fn hint(text: &str, at: usize) -> Option<String> {
    let (before, rest) = text.split_at_checked(at)?;
    let operators = [
        ("&&", "statements that must all hold stand in lines of their own, or have `;` between them"),
        ("||", "one rule for each alternative, all of the same name"),
        ("!", "a negation is `not`"),
        ("'", "strings stand in double quotation marks"),
        ("=", "values are compared with `==`"),
    ];
    // The first half of `&&` is read as an operator.
    let is_doubled = rest.starts_with(['&', '|']) && before.chars().next_back() == rest.chars().next();
    let from = if is_doubled { text.get(at - 1..)? } else { rest };
    if let Some((_, hint)) = operators.iter().find(|(operator, _)| from.starts_with(operator)) {
        return Some((*hint).to_owned());
    }
    let line = rest.lines().next().unwrap_or_default();
    // A rule is read as a whole; of a body, the word here or the one in front of it.
    let is_start = before.is_empty() || before.ends_with('\n');
    let near = if is_start {
        words(line)
    } else {
        [words(before).split_off(words(before).len().saturating_sub(1)), first(line)].concat()
    };
    let keyword = near.into_iter().find(|word| ["contains", "every", "if", "in"].contains(word))?;
    let imported = ["rego.v1".to_owned(), "future.keywords".to_owned(), format!("future.keywords.{keyword}")];
    let imports = text.lines().filter_map(|line| line.trim().strip_prefix("import "));
    match imports.into_iter().any(|import| imported.iter().any(|known| import.trim() == known)) {
        true => None,
        false => {
            Some(format!("`{keyword}` is a keyword only where `import rego.v1` stands beneath the package"))
        }
    }
}

/// The words of a text, the last line of it alone.
fn words(text: &str) -> Vec<&str> {
    let line = text.rsplit('\n').next().unwrap_or(text);
    line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '.')
        .filter(|word| !word.is_empty())
        .collect()
}

fn first(line: &str) -> Vec<&str> {
    let mut found = words(line);
    found.truncate(1);
    found
}
