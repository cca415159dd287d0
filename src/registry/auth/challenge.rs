//! What a server asks for: `WWW-Authenticate` (RFC 9110 section 11.6.1).

/// What a registry asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Challenge {
    /// User and password (RFC 7617).
    Basic,
    /// A token that a token server gives (distribution's token specification).
    Bearer {
        /// Where the token server is.
        realm: String,
        /// The name of the registry there.
        service: Option<String>,
    },
}

/// The longest header that is read.
const LONGEST: usize = 8192;

/// The challenges of one header, in its order. What is neither of the two, or not written as the specification says, is left
/// out: nothing can be answered to it.
pub fn parse(header: &str) -> Vec<Challenge> {
    if header.len() > LONGEST {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut rest = header;
    while let Some((scheme, after)) = token(rest) {
        let (parameters, after) = parameters(after);
        match scheme.to_ascii_lowercase().as_str() {
            "basic" => found.push(Challenge::Basic),
            "bearer" => {
                let value = |name: &str| {
                    let mut values = parameters.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
                    // Two readers must not see two realms.
                    let first = values.next()?;
                    values.next().is_none().then(|| first.1.clone())
                };
                if let Some(realm) = value("realm") {
                    found.push(Challenge::Bearer { realm, service: value("service") });
                }
            }
            _ => {}
        }
        rest = after;
    }
    found
}

/// The pairs after a scheme, and what follows them.
fn parameters(mut rest: &str) -> (Vec<(String, String)>, &str) {
    let mut found = Vec::new();
    loop {
        let text = rest.trim_start_matches([' ', '\t', ',']);
        let Some((name, after)) = token(text) else { return (found, "") };
        let Some(after) = after.trim_start().strip_prefix('=') else { return (found, text) };
        let Some((value, after)) = value(after.trim_start()) else { return (found, "") };
        found.push((name.to_owned(), value));
        rest = after;
    }
}

fn token(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches([' ', '\t', ',']);
    let end = text.find(|c: char| !is_token(c)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~/:".contains(c)
}

/// A quoted string, or a token where servers forget the quotes.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        return token(text).map(|(value, rest)| (value.to_owned(), rest));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some((value, quoted.get(at + 1..)?)),
            '\\' => value.push(characters.next()?.1),
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(realm: &str, service: Option<&str>) -> Challenge {
        Challenge::Bearer { realm: realm.to_owned(), service: service.map(str::to_owned) }
    }

    #[test]
    fn challenges_of_known_registries() {
        for (header, expected) in [
            (
                "Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\"",
                vec![bearer("https://auth.docker.io/token", Some("registry.docker.io"))],
            ),
            (
                "Bearer realm=\"https://ghcr.io/token\",service=\"ghcr.io\",scope=\"repository:user/image:pull,push\"",
                vec![bearer("https://ghcr.io/token", Some("ghcr.io"))],
            ),
            (
                "Basic realm=\"https://1.dkr.ecr.us-east-1.amazonaws.com/\",service=\"ecr.amazonaws.com\"",
                vec![Challenge::Basic],
            ),
            ("basic realm=x, bearer realm=https://a/t", vec![Challenge::Basic, bearer("https://a/t", None)]),
            ("BEARER Realm = \"https://a/\\\"t\" , Service=s", vec![bearer("https://a/\"t", Some("s"))]),
            ("Negotiate, Basic realm=\"r\"", vec![Challenge::Basic]),
            ("Basic", vec![Challenge::Basic]),
        ] {
            assert_eq!(parse(header), expected, "{header}");
        }
    }

    #[test]
    fn nonsense_is_no_challenge() {
        for header in [
            "",
            "Bearer",
            "Bearer service=\"x\"",
            "Bearer realm=\"https://a",
            "Bearer realm=",
            "Bearer realm=\"https://a\",realm=\"https://b\"",
            "=",
            ",,,",
            "\u{e4}\u{f6}",
            "Digest realm=\"x\"",
        ] {
            assert_eq!(parse(header), [], "{header}");
        }
        assert_eq!(parse(&format!("Basic realm=\"{}\"", "x".repeat(LONGEST))), []);
    }
}
