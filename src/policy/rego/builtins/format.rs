//! `sprintf`, as Go's `fmt` has it: what does not fit a verb is written into the text.

use regorus::Value;

use super::{Outcome, Said, text};

pub(super) const FUNCTIONS: &[Said] = &[("sprintf", 2, sprintf)];

/// A value as Go gets it.
enum Operand {
    Int(i128),
    /// The digits of an integer beyond 64 bits.
    Large(String),
    Float(f64),
    /// Strings, and the text of everything else.
    Text(String),
}

/// What stands between `%` and the verb.
#[derive(Clone, Copy, Default)]
struct Directive {
    plus: bool,
    minus: bool,
    zero: bool,
    space: bool,
    sharp: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

fn sprintf(given: &[Value]) -> Outcome<Value> {
    let (Some(format), Some(Value::Array(values))) = (text(given, 0), given.get(1)) else { return Ok(None) };
    let mut made = String::new();
    let mut values = values.iter();
    let mut rest = format.chars().peekable();
    while let Some(c) = rest.next() {
        if c != '%' {
            made.push(c);
            continue;
        }
        let directive = directive(&mut rest)?;
        match rest.next() {
            None => made.push_str("%!(NOVERB)"),
            Some('%') => made.push('%'),
            Some(verb) => match values.next() {
                None => made.push_str(&format!("%!{verb}(MISSING)")),
                Some(value) => made.push_str(&written(verb, &directive, &operand(value)?)?),
            },
        }
    }
    let extra: Vec<_> = values
        .map(|value| operand(value).map(|operand| format!("{}={}", kind(&operand), shown(&operand))))
        .collect::<Result<_, _>>()?;
    if extra.iter().any(|extra| extra.starts_with("*big")) {
        return Err("sprintf with more values than verbs, and one of more than 64 bits".to_owned());
    }
    if !extra.is_empty() {
        made.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    Ok(Some(made.into()))
}

fn directive(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<Directive, String> {
    let mut found = Directive::default();
    while let Some(flag) = rest.next_if(|c| "+-# 0".contains(*c)) {
        match flag {
            '+' => found.plus = true,
            '-' => found.minus = true,
            '0' => found.zero = true,
            ' ' => found.space = true,
            _ => found.sharp = true,
        }
    }
    found.width = number(rest);
    if rest.next_if_eq(&'.').is_some() {
        found.precision = Some(number(rest).unwrap_or(0));
    }
    let large = found.width.max(found.precision).is_some_and(|size| size > 1000);
    match rest.peek() {
        Some('*' | '[') => Err("sprintf with `*` or `[`".to_owned()),
        _ if large || found.sharp => Err("sprintf with `#`, or wider than 1000".to_owned()),
        _ => Ok(found),
    }
}

fn number(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<usize> {
    let mut found = None;
    while let Some(digit) = rest.next_if(char::is_ascii_digit) {
        let digit = usize::try_from(digit.to_digit(10)?).ok()?;
        found = Some(found.unwrap_or(0_usize).saturating_mul(10).saturating_add(digit));
    }
    found
}

fn operand(value: &Value) -> Result<Operand, String> {
    Ok(match value {
        Value::Number(number) if number.is_integer() => match number.as_i128() {
            Some(whole) if whole.abs() < i128::from(i64::MAX) => Operand::Int(whole),
            _ => match number.as_big() {
                Some(whole) => Operand::Large(whole.to_string()),
                None => return Err("sprintf of an integer beyond 64 bits".to_owned()),
            },
        },
        Value::Number(number) => Operand::Float(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => Operand::Text(text.to_string()),
        other => Operand::Text(term(other)?),
    })
}

/// A value as OPA writes it in a policy.
fn term(value: &Value) -> Result<String, String> {
    let all = |items: Vec<&Value>| -> Result<String, String> {
        Ok(items.into_iter().map(term).collect::<Result<Vec<_>, _>>()?.join(", "))
    };
    Ok(match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(_) => match operand(value)? {
            Operand::Float(float) if !(1e-5..1e15).contains(&float.abs()) => {
                return Err("sprintf of a number with an exponent".to_owned());
            }
            other => match other {
                Operand::Float(float) => float.to_string(),
                other => shown(&other),
            },
        },
        Value::String(text) => quoted(text)?,
        Value::Array(items) => format!("[{}]", all(items.iter().collect())?),
        Value::Set(items) if items.is_empty() => "set()".to_owned(),
        Value::Set(items) => format!("{{{}}}", all(super::order::sorted(items.iter()))?),
        Value::Object(_) => {
            let both = super::order::members(value)
                .into_iter()
                .map(|(name, value)| Ok(format!("{}: {}", term(name)?, term(value)?)));
            format!("{{{}}}", both.collect::<Result<Vec<_>, String>>()?.join(", "))
        }
        Value::Undefined => return Err("sprintf of nothing".to_owned()),
    })
}

/// Text in quotation marks, as Go's `strconv.Quote`.
fn quoted(text: &str) -> Result<String, String> {
    let mut made = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => made.extend(['\\', c]),
            '\n' => made.push_str("\\n"),
            '\r' => made.push_str("\\r"),
            '\t' => made.push_str("\\t"),
            ' '..='~' => made.push(c),
            '\0'..='\x1f' | '\x7f' if !matches!(c, '\x07' | '\x08' | '\x0b' | '\x0c') => {
                made.push_str(&format!("\\x{:02x}", u32::from(c)));
            }
            c if c.is_alphanumeric() => made.push(c),
            c => return Err(format!("whether {c:?} can be printed")),
        }
    }
    made.push('"');
    Ok(made)
}

fn kind(operand: &Operand) -> &'static str {
    match operand {
        Operand::Int(_) => "int",
        Operand::Large(_) => "*big.Int",
        Operand::Float(_) => "float64",
        Operand::Text(_) => "string",
    }
}

fn shown(operand: &Operand) -> String {
    match operand {
        Operand::Int(whole) => whole.to_string(),
        Operand::Float(float) => general(*float),
        Operand::Large(text) | Operand::Text(text) => text.clone(),
    }
}

/// The shortest text of a float, with an exponent below 1e-4 and from 1e6 on.
fn general(float: f64) -> String {
    let scientific = format!("{float:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&power) {
        return float.to_string();
    }
    format!("{digits}e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs())
}

fn written(verb: char, directive: &Directive, operand: &Operand) -> Result<String, String> {
    // `%+v` asks for the names of members, which no value here has.
    let plus = directive.plus && verb != 'v';
    valued(verb, &Directive { plus, ..*directive }, operand)
}

fn valued(verb: char, directive: &Directive, operand: &Operand) -> Result<String, String> {
    let cut = directive.precision.unwrap_or(usize::MAX);
    let made = match (verb, operand) {
        ('v' | 'd', Operand::Int(whole)) => whole.to_string(),
        ('v' | 'd' | 's', Operand::Large(digits)) => digits.clone(),
        (_, Operand::Large(_)) => return Err(format!("sprintf with %{verb} of an integer beyond 64 bits")),
        ('b', Operand::Int(whole)) => radix(*whole, |whole| format!("{whole:b}")),
        ('o', Operand::Int(whole)) => radix(*whole, |whole| format!("{whole:o}")),
        ('x', Operand::Int(whole)) => radix(*whole, |whole| format!("{whole:x}")),
        ('X', Operand::Int(whole)) => radix(*whole, |whole| format!("{whole:X}")),
        ('c', Operand::Int(whole)) => {
            let c = u32::try_from(*whole).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
            return Ok(padded(c.to_string(), directive));
        }
        ('U', Operand::Int(whole)) if *whole >= 0 => format!("U+{whole:04X}"),
        ('v' | 'g', Operand::Float(float)) if directive.precision.is_none() => general(*float),
        ('f' | 'F', Operand::Float(float)) => format!("{float:.*}", directive.precision.unwrap_or(6)),
        ('s' | 'v', Operand::Text(text)) => {
            return Ok(padded(text.chars().take(cut).collect(), directive));
        }
        ('q', Operand::Text(text)) if directive.precision.is_none() && !directive.plus => {
            return Ok(padded(quoted(text)?, directive));
        }
        ('x', Operand::Text(text)) if directive.precision.is_none() && !directive.space => {
            return Ok(padded(hex::encode(text), directive));
        }
        ('T', _) => return Ok(padded(kind(operand).chars().take(cut).collect(), directive)),
        ('e' | 'E' | 'g' | 'G' | 'x' | 'X' | 'b' | 'v', Operand::Float(_))
        | ('q' | 'O' | 'U' | 'x' | 'X', _)
        | ('w' | 'p', _) => {
            return Err(format!("sprintf with %{verb} of {}", shown(operand)));
        }
        // The flags, the width and the precision are those of the value then.
        _ => return Ok(format!("%!{verb}({}={})", kind(operand), valued('v', directive, operand)?)),
    };
    match (operand, directive.precision) {
        (Operand::Int(_), Some(precision)) if verb != 'U' => Ok(precise(&made, precision, directive)),
        (Operand::Float(_), _) | (_, None) => Ok(signed(made, directive)),
        _ => Err(format!("sprintf with %.{verb} of {}", shown(operand))),
    }
}

/// An integer with so many digits at least: zeros fill no width then, and zero has no digit that nobody asked for.
fn precise(text: &str, precision: usize, directive: &Directive) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    if digits == "0" && precision == 0 {
        return padded(String::new(), &Directive { zero: false, ..*directive });
    }
    signed(format!("{sign}{digits:0>precision$}"), &Directive { zero: false, ..*directive })
}

fn radix(whole: i128, write: fn(u128) -> String) -> String {
    format!("{}{}", if whole < 0 { "-" } else { "" }, write(whole.unsigned_abs()))
}

/// A number with its sign and its width.
fn signed(text: String, directive: &Directive) -> String {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None if directive.plus => ("+", text.as_str()),
        None if directive.space => (" ", text.as_str()),
        None => ("", text.as_str()),
    };
    let width = directive.width.unwrap_or(0).saturating_sub(sign.len());
    match directive.zero && !directive.minus {
        true => format!("{sign}{digits:0>width$}"),
        false => padded(format!("{sign}{digits}"), directive),
    }
}

fn padded(text: String, directive: &Directive) -> String {
    let width = directive.width.unwrap_or(0);
    match (directive.minus, directive.zero) {
        (true, _) => format!("{text:<width$}"),
        (false, true) => format!("{text:0>width$}"),
        (false, false) => format!("{text:>width$}"),
    }
}
