//! Random bytes.

/// Bytes that nobody can guess: nonces and the like. `None` when the random source fails.
pub fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_differ() {
        let drawn: std::collections::BTreeSet<[u8; 16]> = (0..100).filter_map(|_| random()).collect();
        assert_eq!(drawn.len(), 100);
    }
}
