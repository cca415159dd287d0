use super::*;

fn derived<T: Lanes + Default>(
    password: &str,
    salt: &str,
    (n, r, p): (u64, u32, u32),
    length: usize,
) -> Result<Vec<u8>, CostError> {
    let mut key = vec![0; length];
    let cost = Cost { log_n: n.ilog2() as u8, r, p };
    with::<T>(password.as_bytes(), salt.as_bytes(), cost, &mut key)?;
    Ok(key)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// RFC 7914 section 12; the last one, which takes a GiB, is left out.
#[test]
fn the_vectors_of_the_specification() {
    for (password, salt, cost, key) in [
        (
            "",
            "",
            (16, 1, 1),
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906",
        ),
        (
            "password",
            "NaCl",
            (1024, 8, 16),
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
        ),
        (
            "pleaseletmein",
            "SodiumChloride",
            (16384, 8, 1),
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
        ),
    ] {
        assert_eq!(hex(&derived::<Fastest>(password, salt, cost, 64).unwrap()), key);
        assert_eq!(hex(&derived::<[u32; 4]>(password, salt, cost, 64).unwrap()), key);
    }
}

/// Sizes around those of a piece of memory, and what cosign writes.
#[test]
fn another_implementation_says_the_same() {
    for (n, r, p) in
        [(2, 1, 1), (2, 3, 5), (1024, 7, 3), (4096, 1, 1), (2, 20_000, 2), (64, 999, 1), (65536, 8, 1)]
    {
        let params = scrypt::Params::new(u64::ilog2(n) as u8, r, p, 32).unwrap();
        let mut theirs = [0; 32];
        scrypt::scrypt(b"pw", b"some salt", &params, &mut theirs).unwrap();
        assert_eq!(derived::<Fastest>("pw", "some salt", (n, r, p), 32).unwrap(), theirs, "{n} {r} {p}");
    }
}

#[test]
fn what_is_no_cost_is_refused() {
    let refused = |log_n, r, p| derive(b"", b"", Cost { log_n, r, p }, &mut [0; 32]) == Err(CostError);
    for (log_n, r, p) in [
        (0, 8, 1),
        (16, 1, 1),
        (1, 0, 1),
        (1, 8, 0),
        (1, u32::MAX, 1),
        (1, 1 << 15, 1 << 15),
        (63, 8, 1),
        (255, 255, 1),
    ] {
        assert!(refused(log_n, r, p), "{log_n} {r} {p}");
    }
    assert!(!refused(15, 1, 1));
    assert_eq!(derive(b"", b"", Cost { log_n: 1, r: 1, p: 1 }, &mut []), Err(CostError));
}
