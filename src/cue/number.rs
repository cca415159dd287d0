//! Numbers of any size, as CUE has them: decimal fractions, computed with 34 digits.
//!
//! A number is `sign * coefficient * 10^exponent`, and is an `int` or a `float`. Literals are kept whole; a sum, difference,
//! product or quotient is rounded half up to 34 digits, of ints too: `100000000000000000000000000000000000001 + 0` is
//! `1.000000000000000000000000000000000E+38`. The sign of a zero and the zeros at the end are kept (`1.0 + 1` is `2.0`),
//! because an interpolation shows them. CUE's arithmetic is that of cockroachdb/apd v3, after the General Decimal Arithmetic
//! specification, <https://speleotrove.com/decimal/>.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use num_bigint::{BigInt, BigUint, Sign};
use num_traits::{One, ToPrimitive, Zero};

mod arithmetic;
mod literal;
mod whole;

pub use arithmetic::Division;
pub use whole::Rounding;

/// Digits of a computed result.
const PRECISION: u64 = 34;

/// The largest exponent in scientific notation, and with a minus the smallest: of a literal and of a result.
const MAX_EXPONENT: i64 = 100_000;

/// Digits of a literal, and of an int where all of them are needed; CUE has no limit here but its memory.
const MAX_DIGITS: usize = 10_000;

/// A number. Two numbers are equal when their values are: `1 == 1.0`, `0 == -0`.
#[derive(Clone)]
pub struct Number {
    integer: bool,
    negative: bool,
    coefficient: BigUint,
    exponent: i64,
}

/// Why there is no number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// A text that is no number.
    #[error("`{0}` is not a number: {1}")]
    Syntax(String, &'static str),
    /// `1.0001K`
    #[error("`{0}` cannot be represented as int")]
    NotWhole(String),
    /// More digits than are read.
    #[error("a number of more than {MAX_DIGITS} digits is not supported here")]
    TooLong,
    /// Beyond `1e100000`, or closer to zero than `1e-100000`.
    #[error("exponent out of range: numbers end at 1E+{MAX_EXPONENT} and 1E-{MAX_EXPONENT}")]
    Exponent,
    /// `x / 0`, `div(x, 0)`
    #[error("division by zero")]
    DivisionByZero,
    /// `0 / 0`
    #[error("division undefined: 0/0")]
    Undefined,
    /// A float where an int is needed.
    #[error("`{0}` is a float where an int is needed")]
    NotInteger(String),
}

impl NumberError {
    /// Whether CUE has the number, and it is beyond what is supported here.
    pub fn is_limit(&self) -> bool {
        matches!(self, Self::TooLong | Self::Exponent)
    }
}

impl Number {
    /// A number from its parts.
    ///
    /// # Errors
    /// The exponent is out of range.
    fn new(integer: bool, negative: bool, coefficient: BigUint, exponent: i64) -> Result<Self, NumberError> {
        let number = Self { integer, negative, coefficient, exponent };
        if number.adjusted().abs() > MAX_EXPONENT { Err(NumberError::Exponent) } else { Ok(number) }
    }

    /// Whether it is an `int`.
    pub fn is_integer(&self) -> bool {
        self.integer
    }

    /// Whether its value is a whole number; `1.0` is.
    pub fn is_whole(&self) -> bool {
        self.exponent >= 0 || self.fraction_is_zero()
    }

    /// Whether it is zero, of either sign.
    pub fn is_zero(&self) -> bool {
        self.coefficient.is_zero()
    }

    /// Whether it is less than zero.
    pub fn is_negative(&self) -> bool {
        self.negative && !self.is_zero()
    }

    /// The same value as a `float`: `2` stays `2`, as CUE's `2 & float` does not.
    #[must_use]
    pub fn into_float(self) -> Self {
        Self { integer: false, ..self }
    }

    /// The value of an `int`, whole.
    ///
    /// # Errors
    /// It is a `float`, or has more than 10,000 digits.
    pub fn to_integer(&self) -> Result<BigInt, NumberError> {
        if self.integer { self.truncate() } else { Err(NumberError::NotInteger(self.to_string())) }
    }

    /// The value without its fraction, towards zero.
    ///
    /// # Errors
    /// It has more than 10,000 digits.
    pub fn truncate(&self) -> Result<BigInt, NumberError> {
        let magnitude = match self.adjusted() {
            _ if self.is_zero() => BigUint::zero(),
            ..0 => BigUint::zero(),
            large if large > MAX_DIGITS as i64 => return Err(NumberError::TooLong),
            _ if self.exponent >= 0 => self.scaled(0),
            _ => &self.coefficient / power_of_ten(self.exponent.unsigned_abs()),
        };
        Ok(BigInt::from_biguint(if self.negative { Sign::Minus } else { Sign::Plus }, magnitude))
    }

    /// The value where it is whole and fits; of a `float` too.
    pub fn to_i64(&self) -> Option<i64> {
        // 10^19 is beyond every i64: nothing large is computed for a number that does not fit.
        if self.adjusted() < 19 && self.is_whole() { self.truncate().ok()?.to_i64() } else { None }
    }

    /// The nearest `f64`; infinite beyond its range.
    pub fn to_f64(&self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// The shortest decimal fraction that reads as this `f64`; none for infinities and what is no number.
    pub fn from_f64(value: f64) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        Self::json(&format!("{value:e}")).ok().map(Self::into_float)
    }

    /// The exponent in scientific notation: 2 of `123`, -1 of `0.1`; of zero that of its last digit.
    fn adjusted(&self) -> i64 {
        let digits = i64::try_from(digits(&self.coefficient)).unwrap_or(i64::MAX);
        self.exponent.saturating_add(digits - 1)
    }

    /// Whether nothing but zeros stands after the point; the exponent is negative.
    fn fraction_is_zero(&self) -> bool {
        self.is_zero()
            || (self.adjusted() >= 0
                && (&self.coefficient % power_of_ten(self.exponent.unsigned_abs())).is_zero())
    }

    /// A text that equal numbers have in common, and no others: their digits without zeros at the end, and the place of
    /// the first one.
    pub fn canonical(&self) -> String {
        if self.is_zero() {
            return "0".into();
        }
        let sign = if self.negative { "-" } else { "" };
        let digits = self.coefficient.to_string();
        format!("{sign}{}e{}", digits.trim_end_matches('0'), self.adjusted())
    }

    /// The sign of its value: -1, 0, 1.
    fn signum(&self) -> i8 {
        match (self.is_zero(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    /// The order of the magnitudes of two numbers that are not zero.
    fn cmp_magnitude(&self, other: &Self) -> Ordering {
        // The leading digits' places decide first, so that nothing is scaled but numbers of the same size.
        self.adjusted().cmp(&other.adjusted()).then_with(|| {
            let exponent = self.exponent.min(other.exponent);
            self.scaled(exponent).cmp(&other.scaled(exponent))
        })
    }

    /// Its coefficient for an exponent that is at most its own.
    fn scaled(&self, exponent: i64) -> BigUint {
        let by = self.exponent.saturating_sub(exponent).unsigned_abs();
        if by == 0 || self.is_zero() {
            self.coefficient.clone()
        } else {
            &self.coefficient * power_of_ten(by)
        }
    }
}

impl From<BigInt> for Number {
    fn from(value: BigInt) -> Self {
        let (sign, coefficient) = value.into_parts();
        Self { integer: true, negative: sign == Sign::Minus, coefficient, exponent: 0 }
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self::from(BigInt::from(value))
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self::from(BigInt::from(value))
    }
}

impl From<usize> for Number {
    fn from(value: usize) -> Self {
        Self::from(BigInt::from(value))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let signs = self.signum().cmp(&other.signum());
        signs.then_with(|| match self.signum() {
            0 => Ordering::Equal,
            1 => self.cmp_magnitude(other),
            _ => other.cmp_magnitude(self),
        })
    }
}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical().hash(state);
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {self}", if self.integer { "int" } else { "float" })
    }
}

/// As CUE shows it, in JSON and in interpolations too: the "to-scientific-string" of the decimal arithmetic's specification.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        let digits = self.coefficient.to_string();
        let adjusted = self.adjusted();
        if self.exponent == 0 {
            return f.write_str(&digits);
        }
        // Zero is written out further than the specification has it.
        let smallest = if self.is_zero() { -2000 } else { -6 };
        if self.exponent > 0 || adjusted < smallest {
            let (first, rest) = digits.split_at(1);
            let point = if rest.is_empty() { "" } else { "." };
            return write!(f, "{first}{point}{rest}E{adjusted:+}");
        }
        let places = usize::try_from(self.exponent.unsigned_abs()).unwrap_or(usize::MAX);
        match digits.len().checked_sub(places) {
            Some(whole) if whole > 0 => {
                let (whole, fraction) = digits.split_at(whole);
                write!(f, "{whole}.{fraction}")
            }
            _ => write!(f, "0.{digits:0>places$}"),
        }
    }
}

/// `10^exponent`; exponents here are below 300,000.
fn power_of_ten(exponent: u64) -> BigUint {
    match exponent {
        0 => BigUint::one(),
        1..=19 => BigUint::from(10_u64.pow(exponent as u32)),
        _ => num_traits::pow(BigUint::from(10_u8), usize::try_from(exponent).unwrap_or(usize::MAX)),
    }
}

/// How many decimal digits it has; one for zero.
fn digits(value: &BigUint) -> u64 {
    if let Some(small) = value.to_u64() {
        return small.checked_ilog10().map_or(1, |log| u64::from(log) + 1);
    }
    // The estimate is too small by one at most: log10(2) lies a little above 0.30102999.
    let least = (value.bits() - 1) * 30_102_999 / 100_000_000;
    let mut digits = least.max(1);
    let mut limit = power_of_ten(digits);
    while limit <= *value {
        digits += 1;
        limit *= 10_u8;
    }
    digits
}

#[cfg(test)]
mod tests;
