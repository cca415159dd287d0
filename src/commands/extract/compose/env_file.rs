//! A file of variables, as Compose reads the `.env` beside its files (compose-spec, "Env_file format"). What depends on other variables or on escapes is
//! an error for those alone who use it.

use std::collections::HashMap;

/// The variables of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::commands::extract) struct EnvFile(HashMap<String, Result<String, String>>);

impl EnvFile {
    /// Reads a file.
    ///
    /// # Errors
    /// In words, with the line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut variables = HashMap::new();
        let (mut rest, mut number) = (text.strip_prefix('\u{feff}').unwrap_or(text), 1);
        while !rest.is_empty() {
            let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
            let plain = line.trim();
            let plain = plain.strip_prefix("export ").map_or(plain, str::trim_start);
            let Some((name, value)) = plain.split_once('=').filter(|_| !plain.starts_with('#')) else {
                if !plain.is_empty() && !plain.starts_with('#') && !is_name(plain) {
                    return Err(format!("line {number} gives no value to a name"));
                }
                (rest, number) = (after, number + 1);
                continue;
            };
            let name = name.trim_end();
            if !is_name(name) {
                return Err(format!("line {number} gives a value to what is no name of a variable"));
            }
            let value = value.trim_start();
            let quote = value.chars().next().filter(|c| matches!(c, '\'' | '"'));
            let Some(quote) = quote else {
                variables.insert(name.to_owned(), unquoted(value, name));
                (rest, number) = (after, number + 1);
                continue;
            };
            // A quoted value may go on in the next lines.
            let quoted = rest.split_once('=').map_or("", |(_, value)| value.trim_start_matches([' ', '\t']));
            let quoted = quoted.strip_prefix(quote).unwrap_or_default();
            let end = end_of(quoted, quote)
                .ok_or_else(|| format!("line {number} begins a quoted value that does not end"))?;
            let inner = &quoted[..end];
            let odd = quote == '"' && inner.contains(['\\', '$']);
            variables.insert(name.to_owned(), if odd { Err(depends(name)) } else { Ok(inner.to_owned()) });
            let (tail, after) = quoted[end + 1..].split_once('\n').unwrap_or((&quoted[end + 1..], ""));
            if !tail.trim().is_empty() && !tail.trim_start().starts_with('#') {
                return Err(format!("line {number} has more after a quoted value"));
            }
            number += 1 + inner.matches('\n').count();
            rest = after;
        }
        Ok(Self(variables))
    }

    /// The value of a variable.
    ///
    /// # Errors
    /// It is not known: in words.
    pub fn get(&self, name: &str) -> Result<Option<String>, String> {
        self.0.get(name).cloned().transpose()
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
}

/// A value up to its comment.
fn unquoted(text: &str, name: &str) -> Result<String, String> {
    let end = text
        .match_indices('#')
        .find(|(at, _)| *at == 0 || text[..*at].ends_with([' ', '\t']))
        .map_or(text.len(), |(at, _)| at);
    let value = text[..end].trim_end();
    if value.contains(['$', '\\']) { Err(depends(name)) } else { Ok(value.to_owned()) }
}

fn end_of(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let ends = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        ends.then_some(at)
    })
}

fn depends(name: &str) -> String {
    format!(
        "the value of `{name}` in the file of variables depends on other variables or has escapes: set the variable itself"
    )
}
