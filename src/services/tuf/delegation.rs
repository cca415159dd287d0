//! Who may speak for which targets (specification section 4.5, `delegations`).

use super::key::{Keys, RoleKeys};
use crate::crypto::{DecodeError, Node, sha256};

/// The most delegations of one role, and the most patterns of one delegation.
const MAX_ROLES: usize = 1024;
const MAX_PATTERNS: usize = 1024;
/// The most bits of a succinct delegation (specification section 4.5: 1 to 32).
const MAX_BITS: u64 = 32;

/// The delegations of a role, in their order.
#[derive(Debug, Clone)]
pub(super) struct Delegations {
    pub keys: Keys,
    roles: Roles,
}

#[derive(Debug, Clone)]
enum Roles {
    Listed(Vec<Delegation>),
    /// Names are made of the target's digest.
    Succinct {
        role: RoleKeys,
        bits: u32,
        prefix: String,
    },
}

/// One delegation.
#[derive(Debug, Clone)]
pub(super) struct Delegation {
    pub name: String,
    pub role: RoleKeys,
    /// Nobody after this one is asked.
    pub terminating: bool,
    paths: Paths,
}

#[derive(Debug, Clone)]
enum Paths {
    Patterns(Vec<String>),
    /// Beginnings of the SHA-256 of the target's name.
    Prefixes(Vec<String>),
    /// Whatever has this digest, as its name says.
    All,
}

impl Delegations {
    pub fn of(node: &Node<'_>) -> Result<Self, DecodeError> {
        let roles = match (node.optional("roles")?, node.optional("succinct_roles")?) {
            (Some(_), Some(_)) => return Err(node.error("has both `roles` and `succinct_roles`")),
            (None, Some(succinct)) => succinct_roles(&succinct)?,
            (Some(roles), None) => {
                let roles: Vec<_> =
                    roles.items(MAX_ROLES)?.iter().map(Delegation::of).collect::<Result<_, _>>()?;
                for (number, role) in roles.iter().enumerate() {
                    if roles.iter().take(number).any(|other| other.name == role.name) {
                        return Err(node.error(format!("names the role `{}` twice", role.name)));
                    }
                }
                Roles::Listed(roles)
            }
            (None, None) => Roles::Listed(Vec::new()),
        };
        Ok(Self { keys: Keys::of(&node.member("keys")?)?, roles })
    }

    /// The delegations that cover a target, in their order.
    pub fn covering(&self, target: &str) -> Vec<Delegation> {
        match &self.roles {
            Roles::Listed(roles) => roles.iter().filter(|role| role.covers(target)).cloned().collect(),
            Roles::Succinct { role, bits, prefix } => {
                let [a, b, c, d, ..] = sha256(target.as_bytes());
                let number = u32::from_be_bytes([a, b, c, d]) >> (32 - bits);
                let digits = bits.div_ceil(4) as usize;
                let name = format!("{prefix}-{number:0digits$x}");
                vec![Delegation { name, role: role.clone(), terminating: false, paths: Paths::All }]
            }
        }
    }
}

fn succinct_roles(node: &Node<'_>) -> Result<Roles, DecodeError> {
    let length = node.member("bit_length")?;
    let bits = length.value().as_u64().filter(|bits| (1..=MAX_BITS).contains(bits));
    let bits = bits.ok_or_else(|| length.error("is not a number from 1 to 32"))? as u32;
    let prefix = node.member("name_prefix")?.non_empty_text()?.to_owned();
    Ok(Roles::Succinct { role: RoleKeys::of(node)?, bits, prefix })
}

impl Delegation {
    fn of(node: &Node<'_>) -> Result<Self, DecodeError> {
        let name = node.member("name")?;
        let text = name.non_empty_text()?;
        // Case does not tell files apart everywhere.
        if ["root", "timestamp", "snapshot", "targets"].iter().any(|role| role.eq_ignore_ascii_case(text)) {
            return Err(name.error("is the name of a top-level role"));
        }
        let texts = |node: Node<'_>| -> Result<Vec<String>, DecodeError> {
            node.items(MAX_PATTERNS)?.iter().map(|item| item.text().map(str::to_owned)).collect()
        };
        let paths = match (node.optional("paths")?, node.optional("path_hash_prefixes")?) {
            (Some(_), Some(_)) => {
                return Err(node.error("has both `paths` and `path_hash_prefixes`"));
            }
            (Some(paths), None) => Paths::Patterns(texts(paths)?),
            (None, Some(prefixes)) => Paths::Prefixes(texts(prefixes)?),
            (None, None) => Paths::Patterns(Vec::new()),
        };
        let terminating = match node.optional("terminating")? {
            None => false,
            Some(node) => node.value().as_bool().ok_or_else(|| node.error("is not true or false"))?,
        };
        Ok(Self { name: text.to_owned(), role: RoleKeys::of(node)?, terminating, paths })
    }

    fn covers(&self, target: &str) -> bool {
        match &self.paths {
            Paths::Patterns(patterns) => patterns.iter().any(|pattern| matches(pattern, target)),
            Paths::Prefixes(prefixes) => {
                let digest = hex::encode(sha256(target.as_bytes()));
                prefixes.iter().any(|prefix| !prefix.is_empty() && digest.starts_with(prefix.as_str()))
            }
            Paths::All => true,
        }
    }
}

/// Whether a target's name matches a pattern: part by part between the slashes, which no wildcard matches.
fn matches(pattern: &str, target: &str) -> bool {
    let (mut patterns, mut parts) = (pattern.split('/'), target.split('/'));
    loop {
        match (patterns.next(), parts.next()) {
            (None, None) => return true,
            (Some(pattern), Some(part)) if part_matches(pattern, part) => {}
            _ => return false,
        }
    }
}

/// `*` is any characters, `?` one, and `[...]` one of a set, which `!` turns round. A set that does not end is itself.
fn part_matches(pattern: &str, part: &str) -> bool {
    let (pattern, part): (Vec<_>, Vec<_>) = (tokens(pattern), part.chars().collect());
    // For each beginning of the pattern, whether it matches each beginning of the part: no backtracking, so no long searches.
    let mut row = vec![false; part.len() + 1];
    if let Some(first) = row.first_mut() {
        *first = true;
    }
    for token in &pattern {
        let mut next = vec![false; part.len() + 1];
        let mut before = false;
        for (number, out) in next.iter_mut().enumerate() {
            let above = row.get(number).copied().unwrap_or_default();
            let diagonal = number.checked_sub(1).and_then(|n| Some((row.get(n)?, part.get(n)?)));
            *out = match token {
                Token::Any => above || before,
                Token::One(one) => diagonal.is_some_and(|(row, c)| *row && one.matches(*c)),
            };
            before = *out;
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

enum Token {
    Any,
    One(One),
}

enum One {
    Every,
    Literal(char),
    Set { not: bool, ranges: Vec<(char, char)> },
}

impl One {
    fn matches(&self, c: char) -> bool {
        match self {
            Self::Every => true,
            Self::Literal(literal) => *literal == c,
            Self::Set { not, ranges } => ranges.iter().any(|(from, to)| (*from..=*to).contains(&c)) != *not,
        }
    }
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        rest = after;
        tokens.push(match c {
            '*' => Token::Any,
            '?' => Token::One(One::Every),
            '[' => match set(after) {
                Some((one, after)) => {
                    rest = after;
                    Token::One(one)
                }
                None => Token::One(One::Literal('[')),
            },
            c => Token::One(One::Literal(c)),
        });
    }
    tokens
}

/// What stands after `[`, and what comes after `]`.
fn set(text: &str) -> Option<(One, &str)> {
    let (not, text) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
    // A bracket that stands first is one of the set.
    let start = text.starts_with(']').into();
    let end = text.get(start..)?.find(']')? + start;
    let mut chars = text.get(..end)?.chars().peekable();
    let mut ranges = Vec::new();
    while let Some(from) = chars.next() {
        let mut ahead = chars.clone();
        match (ahead.next(), ahead.next()) {
            (Some('-'), Some(to)) => {
                ranges.push((from, to));
                chars = ahead;
            }
            _ => ranges.push((from, from)),
        }
    }
    Some((One::Set { not, ranges }, text.get(end + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stay_between_slashes() {
        for (pattern, target, expected) in [
            ("*", "a", true),
            ("*", "a/b", false),
            ("*", "", true),
            ("**", "a/b", false),
            ("a/**", "a/b", true),
            ("a/**", "a/b/c", false),
            ("releases/*/*", "releases/x/x_v1", true),
            ("releases/*/*", "releases/x", false),
            ("releases/*/*", "releases/x/y/z", false),
            ("*.md", "README.md", true),
            ("*.md", "docs/README.md", false),
            ("*.md", "README.mdx", false),
            ("?.md", "a.md", true),
            ("?", "/", false),
            ("a?b", "a/b", false),
            ("[a-c]x", "bx", true),
            ("[a-c]x", "dx", false),
            ("[!a-c]x", "dx", true),
            ("[!a]", "/", false),
            ("[]]", "]", true),
            ("[", "[", true),
            ("a[b", "a[b", true),
            ("", "", true),
            ("", "a", false),
            ("a/", "a", false),
            ("*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            assert_eq!(matches(pattern, target), expected, "{pattern} {target}");
        }
    }
}
