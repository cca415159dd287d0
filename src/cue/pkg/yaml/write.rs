//! YAML as CUE's encoder writes it: two spaces for each level, quotation marks where a reader of YAML 1.1 would find no text.

use super::super::CallError;
use super::super::arguments::check_text;
use super::{scalars, unsure};
use crate::cue::data::Data;

/// The document of a value.
///
/// # Errors
/// There is something in it of which more than one way to write it is known.
pub(super) fn document(value: &Data) -> Result<String, CallError> {
    let mut made = String::new();
    beneath(value, 0, &mut made)?;
    check_text(Some(made.len()))?;
    Ok(made)
}

/// A value that begins in this line, its further lines so far indented.
fn beneath(value: &Data, indentation: usize, made: &mut String) -> Result<(), CallError> {
    check_text(Some(made.len()))?;
    let line = |made: &mut String, place| {
        if place > 0 {
            made.push_str(&" ".repeat(indentation));
        }
    };
    match value {
        Data::List(items) if !items.is_empty() => {
            for (place, item) in items.iter().enumerate() {
                line(made, place);
                made.push_str("- ");
                beneath(item, indentation + 2, made)?;
            }
        }
        Data::Struct(members) if !members.is_empty() => {
            for (place, (name, member)) in members.iter().enumerate() {
                line(made, place);
                made.push_str(&text(name)?);
                made.push(':');
                match member {
                    Data::List(items) if !items.is_empty() => nested(member, indentation + 2, made)?,
                    Data::Struct(members) if !members.is_empty() => nested(member, indentation + 2, made)?,
                    _ => {
                        made.push(' ');
                        beneath(member, indentation, made)?;
                    }
                }
            }
        }
        scalar => {
            made.push_str(&written(scalar)?);
            made.push('\n');
        }
    }
    Ok(())
}

/// A collection below the name that it has.
fn nested(value: &Data, indentation: usize, made: &mut String) -> Result<(), CallError> {
    made.push('\n');
    made.push_str(&" ".repeat(indentation));
    beneath(value, indentation, made)
}

fn written(value: &Data) -> Result<String, CallError> {
    Ok(match value {
        Data::Null => "null".into(),
        Data::Bool(value) => value.to_string(),
        Data::Number(number) => match number.to_string() {
            text if text.len() < 16 && !text.contains('E') => text,
            text => return unsure(format_args!("the number {text} written")),
        },
        Data::String(value) => text(value)?,
        Data::List(_) => "[]".into(),
        Data::Struct(_) => "{}".into(),
        Data::Bytes(_) => return unsure("bytes written"),
    })
}

/// Words that are no texts in YAML 1.1, besides those of YAML 1.2.
const WORDS: [&str; 10] = ["y", "yes", "n", "no", "t", "f", "on", "off", "true", "false"];

/// A text in one line, in quotation marks where it must have them.
fn text(text: &str) -> Result<String, CallError> {
    let is_usual = |c: char| c.is_ascii_alphanumeric() || " _-./:@=$+,".contains(c);
    let is_plain = text.chars().all(is_usual)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || "_/.$".contains(c))
        && text.ends_with(|c: char| c.is_ascii_alphanumeric() || "_/-=+$".contains(c))
        && !text.contains(": ");
    let is_time = |text: &str| text.chars().all(|c| c.is_ascii_digit() || " -+:.tTzZ".contains(c));
    if !text.is_empty() && (!is_plain || is_time(text) && text.contains([' ', '-', '+', ':', 't', 'T'])) {
        return unsure(format_args!("{text:?} written"));
    }
    let is_text = matches!(scalars::plain(text)?, Data::String(_));
    let is_word = WORDS.contains(&text.to_ascii_lowercase().as_str());
    Ok(if is_text && !is_word { text.to_owned() } else { format!("\"{text}\"") })
}
