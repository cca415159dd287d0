use super::arithmetic::Division;
use super::*;

fn number(text: &str) -> Number {
    match text.strip_prefix('-') {
        Some(text) => number(text).negate(),
        None => Number::literal(text).unwrap(),
    }
}

/// As the peer's interpolations show them.
#[test]
fn literals_are_shown_as_cue_does() {
    let cases = [
        ("1e100000", "1E+100000"),
        ("1e-100000", "1E-100000"),
        ("1.2e100000", "1.2E+100000"),
        ("100000000000000000000000000000000000001", "100000000000000000000000000000000000001"),
        ("123456789.123456789123456789123456789123456789", "123456789.123456789123456789123456789123456789"),
        ("1K", "1000"),
        ("1.5K", "1500"),
        ("1Ki", "1024"),
        ("1.5Mi", "1572864"),
        ("1Ti", "1099511627776"),
        ("1P", "1000000000000000"),
        ("1234567890123456789012345678901234567890K", "1234567890123456789012345678901235000000000"),
        ("1000000000000000000000000000000000000000.5K", "1000000000000000000000000000000000000000000"),
        ("0x1F", "31"),
        ("0b101", "5"),
        ("0o17", "15"),
        ("01.5", "1.5"),
        ("1_000", "1000"),
        (".5", "0.5"),
        ("1.", "1"),
        ("1.e3", "1E+3"),
        ("1E+3", "1E+3"),
        ("100e-2", "1.00"),
        ("00.5", "0.5"),
        ("100.0", "100.0"),
        ("0.00001", "0.00001"),
        ("0.000001", "0.000001"),
        ("0.0000001", "1E-7"),
        ("0e0", "0"),
        ("0e5", "0E+5"),
        ("0.0e-7", "0.00000000"),
        ("0.0e-2000", "0E-2001"),
        ("3.0e10", "3.0E+10"),
        ("-0", "0"),
    ];
    for (text, shown) in cases {
        assert_eq!(number(text).to_string(), shown, "{text}");
    }
}

#[test]
fn what_is_no_number_is_refused() {
    let syntax = [
        "017", "00", "1__0", "0x", "0xg", "0b12", "0o8", "5.5.5", "1_", "", ".", "e1", "1e", "1e+", "1K1",
        "1e3K", "K", "1i", "+1",
    ];
    for text in syntax {
        assert!(matches!(Number::literal(text), Err(NumberError::Syntax(..))), "{text}");
    }
    for text in ["1.0001K", "0.3333333333333333333333333333333K"] {
        assert!(matches!(Number::literal(text), Err(NumberError::NotWhole(_))), "{text}");
    }
    for text in
        ["1e100001", "12e100000", "1e-100001", "1e99999999999999999999", "1e-9223372036854775808", "0e200000"]
    {
        assert_eq!(Number::literal(text).err(), Some(NumberError::Exponent), "{text}");
        assert_eq!(Number::json(text).err(), Some(NumberError::Exponent), "{text}");
    }
    assert_eq!(Number::literal(&"1".repeat(10_001)).err(), Some(NumberError::TooLong));
    for text in ["1_0", "0x1", "--1", "", "-", "NaN", "1K"] {
        assert!(matches!(Number::json(text), Err(NumberError::Syntax(..))), "{text}");
    }
}

/// As the peer computes them.
#[test]
fn arithmetic_is_cues() {
    type Operation = fn(&Number, &Number) -> Result<Number, NumberError>;
    let (add, sub, mul, quo): (Operation, Operation, Operation, Operation) =
        (Number::add, Number::subtract, Number::multiply, Number::quotient);
    let cases = [
        ("100000000000000000000000000000000000001", add, "1", "1.000000000000000000000000000000000E+38"),
        ("1e2000", add, "1", "1.000000000000000000000000000000000E+2000"),
        ("1e1000", sub, "1", "1.000000000000000000000000000000000E+1000"),
        ("1e30", sub, "1e-30", "1000000000000000000000000000000.000"),
        ("1e36", sub, "1", "1.000000000000000000000000000000000E+36"),
        ("1", sub, "1e36", "-1.000000000000000000000000000000000E+36"),
        ("9999999999999999999999999999999999", add, "1", "1.000000000000000000000000000000000E+34"),
        ("99999999999999999999999999999999995", add, "0", "1.000000000000000000000000000000000E+35"),
        ("99999999999999999999999999999999994", add, "0", "9.999999999999999999999999999999999E+34"),
        ("0e100", add, "1", "1"),
        ("1.5", add, "1", "2.5"),
        ("1.0", add, "1", "2.0"),
        ("1", sub, "1.0", "0.0"),
        ("5", sub, "5.00", "0.00"),
        ("-5", add, "5", "0"),
        ("-1", mul, "0", "-0"),
        ("0", mul, "-1.0", "-0.0"),
        ("1.10", mul, "1.10", "1.2100"),
        ("2", mul, "1.0", "2.0"),
        ("1e20", mul, "1e20", "1E+40"),
        ("1", quo, "3", "0.3333333333333333333333333333333333"),
        ("2", quo, "3", "0.6666666666666666666666666666666667"),
        ("-1", quo, "3", "-0.3333333333333333333333333333333333"),
        ("1e-7", quo, "3", "3.333333333333333333333333333333333E-8"),
        ("10", quo, "2", "5.0"),
        ("1.50", quo, "0.5", "3.0"),
        ("1000000", quo, "1", "1.0E+6"),
        ("1e5", quo, "1", "1.0E+5"),
        ("1e10", quo, "2", "5.0E+9"),
        ("1e32", quo, "1", "1.0E+32"),
        ("1e33", quo, "1", "1E+33"),
        ("1e50", quo, "1", "1E+50"),
        ("7", quo, "-2", "-3.5"),
        ("0", quo, "-5", "0"),
        ("0.0", quo, "5", "0.0"),
        ("123456789012345678901234567890123456789", quo, "1", "1.234567890123456789012345678901235E+38"),
    ];
    for (left, operation, right, expected) in cases {
        assert_eq!(operation(&number(left), &number(right)).unwrap().to_string(), expected, "{left} {right}");
    }
    let failures = [
        ("1e50000", mul, "1e50001", NumberError::Exponent),
        ("1e-50000", mul, "1e-50001", NumberError::Exponent),
        ("1e100000", sub, "1e-100000", NumberError::Exponent),
        ("1e100000", quo, "0.1", NumberError::Exponent),
        ("1", quo, "0", NumberError::DivisionByZero),
        ("0", quo, "0.0", NumberError::Undefined),
    ];
    for (left, operation, right, expected) in failures {
        assert_eq!(operation(&number(left), &number(right)).err(), Some(expected), "{left} {right}");
    }
    assert!(number("1").add(&number("1")).unwrap().is_integer());
    assert!(!number("1").add(&number("1.0")).unwrap().is_integer());
    assert!(!number("10").quotient(&number("2")).unwrap().is_integer());
}

#[test]
fn divisions_of_ints_are_cues() {
    use Division::{Div, Mod, Quo, Rem};
    let cases = [
        ("-7", Div, "2", "-4"),
        ("-7", Mod, "2", "1"),
        ("7", Mod, "-2", "1"),
        ("7", Div, "-2", "-3"),
        ("-7", Div, "-2", "4"),
        ("-7", Mod, "-2", "1"),
        ("-7", Quo, "2", "-3"),
        ("-7", Rem, "2", "-1"),
        ("123456789012345678901234567890123456789", Mod, "10", "9"),
        ("100000000000000000000000000000000000001", Div, "1", "100000000000000000000000000000000000001"),
    ];
    for (left, division, right, expected) in cases {
        let got = number(left).divide(&number(right), division).unwrap();
        assert_eq!(got.to_string(), expected, "{left} {division:?} {right}");
    }
    assert_eq!(number("1").divide(&number("0"), Div).err(), Some(NumberError::DivisionByZero));
    assert!(matches!(number("1.0").divide(&number("2"), Div), Err(NumberError::NotInteger(_))));
    let large = number("100000000000000000000000000000000000001").multiply(&number("1")).unwrap();
    assert_eq!(
        large.divide(&number("7"), Div).unwrap().to_string(),
        "14285714285714285714285714285714285714"
    );
    let mut huge = number("10");
    for _ in 0..14 {
        huge = huge.multiply(&huge).unwrap();
    }
    assert_eq!(huge.divide(&number("7"), Div).err(), Some(NumberError::TooLong));
}

#[test]
fn order_and_hash_see_values() {
    let ascending = [
        "-1e100000",
        "-100",
        "-99.9",
        "-1e-100000",
        "0",
        "1e-100000",
        "0.1",
        "0.11",
        "1",
        "1.5",
        "2",
        "10",
        "1e100000",
    ];
    for (i, left) in ascending.iter().enumerate() {
        for (j, right) in ascending.iter().enumerate() {
            assert_eq!(number(left).cmp(&number(right)), i.cmp(&j), "{left} {right}");
        }
    }
    let hash = |number: &Number| {
        let mut state = std::collections::hash_map::DefaultHasher::new();
        number.hash(&mut state);
        state.finish()
    };
    for (left, right) in
        [("1", "1.00"), ("100", "1e2"), ("0", "0e7"), ("-1.50", "-15e-1"), ("1e100000", "10e99999")]
    {
        assert_eq!(number(left), number(right));
        assert_eq!(hash(&number(left)), hash(&number(right)), "{left} {right}");
    }
    assert_eq!(Number::json("-0").unwrap(), number("0"));
    assert_ne!(hash(&number("1")), hash(&number("2")));
}

#[test]
fn conversions() {
    for (text, expected) in [
        ("12", Some(12)),
        ("1.0", Some(1)),
        ("1e3", Some(1000)),
        ("-9223372036854775808", Some(i64::MIN)),
        ("9223372036854775808", None),
        ("1.5", None),
        ("1e99999", None),
        ("1e-99999", None),
        ("0.0", Some(0)),
    ] {
        assert_eq!(number(text).to_i64(), expected, "{text}");
    }
    for (value, expected) in [(1.5, "1.5"), (100.0, "1E+2"), (0.1, "0.1"), (-2.5e-7, "-2.5E-7")] {
        assert_eq!(Number::from_f64(value).unwrap().to_string(), expected);
        assert_eq!(number(expected).to_f64(), value);
    }
    assert!(Number::from_f64(f64::INFINITY).is_none());
    assert_eq!(number("1e100000").to_f64(), f64::INFINITY);
    assert!(number("1e100000").truncate().is_err());
    assert_eq!(number("-1.9").truncate().unwrap(), BigInt::from(-1));
}
