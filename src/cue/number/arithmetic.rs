//! Computing with numbers.

use num_bigint::{BigInt, BigUint};
use num_integer::Integer;
use num_traits::Zero;

use super::{MAX_EXPONENT, Number, NumberError, PRECISION, digits, power_of_ten};

/// What a division of ints gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Division {
    /// `div`: the remainder is never negative.
    Div,
    /// `mod`: the remainder of `div`.
    Mod,
    /// `quo`: towards zero.
    Quo,
    /// `rem`: the remainder of `quo`.
    Rem,
}

impl Number {
    /// `self + other`
    ///
    /// # Errors
    /// Out of range.
    pub fn add(&self, other: &Self) -> Result<Self, NumberError> {
        sum(self, other, other.negative)
    }

    /// `self - other`
    ///
    /// # Errors
    /// Out of range.
    pub fn subtract(&self, other: &Self) -> Result<Self, NumberError> {
        sum(self, other, !other.negative)
    }

    /// `self * other`
    ///
    /// # Errors
    /// Out of range.
    pub fn multiply(&self, other: &Self) -> Result<Self, NumberError> {
        multiply(self, other)
    }

    /// `self / other`, a `float` always. Zeros at the end are dropped but for one after the point: `10 / 2` is `5.0`.
    ///
    /// # Errors
    /// The divisor is zero; out of range.
    pub fn quotient(&self, other: &Self) -> Result<Self, NumberError> {
        quotient(self, other, PRECISION).map(Self::reduced)
    }

    /// A division of ints, exact. Of zero, `quo` and `rem` keep the sign, as CUE does.
    ///
    /// # Errors
    /// One is a `float`; the divisor is zero.
    pub fn divide(&self, other: &Self, division: Division) -> Result<Self, NumberError> {
        let (a, b) = (self.to_integer()?, other.to_integer()?);
        if b.is_zero() {
            return Err(NumberError::DivisionByZero);
        }
        let result = match division {
            Division::Quo => Self::from(a / b).with_sign(self.negative != other.negative),
            Division::Rem => Self::from(a % b).with_sign(self.negative),
            Division::Div => Self::from(euclidean(&a, &b).0),
            Division::Mod => Self::from(euclidean(&a, &b).1),
        };
        Ok(result)
    }

    /// `-self`; the negative of zero is zero. Nothing is rounded.
    #[must_use]
    pub fn negate(&self) -> Self {
        Self { negative: !self.negative && !self.is_zero(), ..self.clone() }
    }

    /// Rounded half up to 34 digits.
    ///
    /// # Errors
    /// Out of range.
    pub fn rounded(self) -> Result<Self, NumberError> {
        self.rounded_to(PRECISION)
    }

    /// Rounded half up to a number of digits.
    ///
    /// # Errors
    /// Out of range.
    pub fn rounded_to(self, precision: u64) -> Result<Self, NumberError> {
        let Some(dropped) = digits(&self.coefficient).checked_sub(precision).filter(|n| *n > 0) else {
            return Self::new(self.integer, self.negative, self.coefficient, self.exponent);
        };
        let scale = power_of_ten(dropped);
        let (mut coefficient, rest) = self.coefficient.div_rem(&scale);
        let mut exponent = self.exponent.saturating_add(dropped as i64);
        if rest * 2_u8 >= scale {
            coefficient += 1_u8;
            if digits(&coefficient) > precision {
                coefficient /= 10_u8;
                exponent += 1;
            }
        }
        Self::new(self.integer, self.negative, coefficient, exponent)
    }

    /// Without zeros at the end, as CUE shows quotients: one stays after the point where there was a point.
    #[must_use]
    pub fn reduced(self) -> Self {
        if self.is_zero() {
            let exponent = if self.exponent < 0 { -1 } else { 0 };
            return Self { negative: false, exponent, ..self };
        }
        let (mut coefficient, mut exponent) = (self.coefficient, self.exponent);
        loop {
            let (shorter, digit) = coefficient.div_rem(&BigUint::from(10_u8));
            if !digit.is_zero() {
                break;
            }
            (coefficient, exponent) = (shorter, exponent + 1);
        }
        if self.exponent < 0 && exponent >= 0 {
            (coefficient, exponent) = (coefficient * 10_u8, exponent - 1);
        }
        Self { coefficient, exponent, ..self }
    }
}

/// `a * b`
pub(super) fn multiply(a: &Number, b: &Number) -> Result<Number, NumberError> {
    Number {
        integer: a.integer && b.integer,
        negative: a.negative != b.negative,
        coefficient: &a.coefficient * &b.coefficient,
        exponent: a.exponent.saturating_add(b.exponent),
    }
    .rounded()
}

/// `a` plus the magnitude of `b` with a sign.
fn sum(a: &Number, b: &Number, b_negative: bool) -> Result<Number, NumberError> {
    if a.exponent.abs_diff(b.exponent) > MAX_EXPONENT.unsigned_abs() {
        return Err(NumberError::Exponent);
    }
    let (shorter_a, shorter_b) = (shortened(a, b), shortened(b, a));
    let (x, y) = (shorter_a.as_ref().unwrap_or(a), shorter_b.as_ref().unwrap_or(b));
    let exponent = x.exponent.min(y.exponent);
    let (x, y) = (x.scaled(exponent), y.scaled(exponent));
    let (negative, coefficient) = if a.negative == b_negative {
        (a.negative, x + y)
    } else if x == y {
        (false, BigUint::zero())
    } else if x > y {
        (a.negative, x - y)
    } else {
        (b_negative, y - x)
    };
    Number { integer: a.integer && b.integer, negative, coefficient, exponent }.rounded()
}

/// A number that stands in for `small` in a sum with `large`, where `small` lies beyond all digits of the result: the
/// rounding sees that something is there, and no power of ten is computed for it.
fn shortened(small: &Number, large: &Number) -> Option<Number> {
    let exponent = large.exponent.saturating_sub(PRECISION as i64 + 3);
    let beyond = small.adjusted() < exponent && small.exponent < exponent && !large.is_zero();
    let coefficient = BigUint::from(u8::from(!small.is_zero()));
    beyond.then(|| Number { coefficient, exponent, ..small.clone() })
}

/// `a / b` with a number of digits, rounded half up, its zeros kept.
pub(super) fn quotient(a: &Number, b: &Number, precision: u64) -> Result<Number, NumberError> {
    match (a.is_zero(), b.is_zero()) {
        (true, true) => return Err(NumberError::Undefined),
        (false, true) => return Err(NumberError::DivisionByZero),
        (true, false) => {
            let exponent = a.exponent.saturating_sub(b.exponent);
            return Number::new(false, false, BigUint::zero(), exponent);
        }
        (false, false) => {}
    }
    // Two digits more than asked for; what remains after them only has to be seen.
    let shift = (precision + 2 + digits(&b.coefficient)).saturating_sub(digits(&a.coefficient));
    let (mut coefficient, rest) = (&a.coefficient * power_of_ten(shift)).div_rem(&b.coefficient);
    let mut exponent = a.exponent.saturating_sub(b.exponent).saturating_sub(shift as i64);
    if !rest.is_zero() {
        coefficient = coefficient * 10_u8 + 1_u8;
        exponent -= 1;
    }
    Number { integer: false, negative: a.negative != b.negative, coefficient, exponent }.rounded_to(precision)
}

/// Quotient and remainder, of which the latter is never negative.
fn euclidean(a: &BigInt, b: &BigInt) -> (BigInt, BigInt) {
    let (quotient, remainder) = (a / b, a % b);
    if remainder.sign() != num_bigint::Sign::Minus {
        (quotient, remainder)
    } else if b.sign() == num_bigint::Sign::Minus {
        (quotient + 1, remainder - b)
    } else {
        (quotient - 1, remainder + b)
    }
}
