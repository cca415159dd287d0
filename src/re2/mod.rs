//! Regular expressions with RE2's meaning, as Go's `regexp` package reads them.
//!
//! Policies carry expressions that were written for cosign. The `regex` crate reads much of the same syntax with another
//! meaning: `\d`, `\s`, `\w` and `\b` are Unicode there, `[a&&b]` is an intersection, `[[a]x]` a class in a class,
//! `(?x)` and `\p{Alphabetic}` exist. So expressions are parsed here by Go's rules and handed to it in a form that both
//! read alike. What Go refuses is refused, with Go's words. Both engines match in linear time.

mod class;
mod escape;
mod parse;

/// How much memory a compiled expression may take, in bytes. Go stops at 128 MiB.
const MAX_PROGRAM: usize = 64 << 20;

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Pattern {
    source: String,
    regex: regex::Regex,
    names: parse::Names,
}

/// An expression that is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is not a valid regular expression (RE2 syntax): {reason}")]
pub struct PatternError {
    /// The expression.
    pub pattern: String,
    /// What is wrong with it, in Go's words.
    pub reason: String,
}

impl Pattern {
    /// Compiles an expression that is there to restrict: an empty one is a mistake.
    ///
    /// # Errors
    /// The empty expression, which would match every text; whatever [`Pattern::compile`] refuses.
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        if pattern.is_empty() {
            let reason = "it is empty and would match every text".into();
            return Err(PatternError { pattern: pattern.into(), reason });
        }
        Self::compile(pattern)
    }

    /// Compiles any expression, as Go's `regexp.Compile` does; only to ask whether it matches.
    ///
    /// # Errors
    /// Whatever Go refuses; an expression that is too large or, groups aside, nested more than 250 deep.
    pub fn compile(pattern: &str) -> Result<Self, PatternError> {
        Self::build(pattern, false)
    }

    /// Compiles any expression with its groups, for [`Pattern::regex`].
    ///
    /// # Errors
    /// Whatever Go refuses; an expression that is too large or nested more than 250 deep.
    pub fn with_groups(pattern: &str) -> Result<Self, PatternError> {
        Self::build(pattern, true)
    }

    fn build(pattern: &str, capture: bool) -> Result<Self, PatternError> {
        let refused = |reason: String| PatternError { pattern: pattern.into(), reason };
        let (hir, names) = parse::parse(pattern, capture).map_err(refused)?;
        let regex = regex::RegexBuilder::new(&hir.to_string())
            .nest_limit(4 * parse::MAX_DEPTH)
            .size_limit(MAX_PROGRAM)
            .build()
            .map_err(|_| refused(format!("expression too large: `{pattern}`")))?;
        Ok(Self { source: pattern.into(), regex, names })
    }

    /// The names of its groups by their numbers, of which 0 is the whole match and has none.
    pub fn group_names(&self) -> &[Option<String>] {
        &self.names
    }

    /// The expression as it was given.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The compiled expression, whose leftmost-first matches are Go's.
    pub fn regex(&self) -> &regex::Regex {
        &self.regex
    }

    /// Whether it matches anywhere in `text`.
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

#[cfg(test)]
mod tests;
