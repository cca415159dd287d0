//! Words as POSIX shells read them (POSIX.1-2024, Shell Command Language, section 2.2), for command lines that people paste.

/// As [`quoted`], but bare where that is the same.
pub fn word(text: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || b"%+,-./:=@_".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_bare) { text.to_owned() } else { quoted(text) }
}

/// One word, in quotes.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn words_are_quoted_where_a_shell_would_read_them_otherwise() {
        for bare in ["/tmp/a-b_c.d/env", "dev@example.com", "127.0.0.1:5000/app"] {
            assert_eq!(word(bare), bare);
        }
        for (text, quoted) in
            [("a b", "'a b'"), ("", "''"), ("it's", r"'it'\''s'"), ("$HOME", "'$HOME'"), ("a;b", "'a;b'")]
        {
            assert_eq!(word(text), quoted);
        }
    }
}
