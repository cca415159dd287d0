//! Whole numbers, powers and multiples.

use num_bigint::BigUint;
use num_integer::Integer;
use num_traits::{One, Zero};

use super::arithmetic::quotient;
use super::{MAX_DIGITS, Number, NumberError, PRECISION, digits, power_of_ten};

/// Which whole number stands for a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Towards zero.
    Down,
    /// The largest that is not above.
    Floor,
    /// The smallest that is not below.
    Ceiling,
    /// The nearest; of two, the one away from zero.
    HalfUp,
    /// The nearest; of two, the even one.
    HalfEven,
}

impl Number {
    /// The whole number that stands for it: an `int`. Its sign stays, also where it becomes zero.
    ///
    /// # Errors
    /// It has more than 10,000 digits.
    pub fn to_whole(&self, rounding: Rounding) -> Result<Self, NumberError> {
        if self.exponent >= 0 {
            if self.adjusted() > MAX_DIGITS as i64 {
                return Err(NumberError::TooLong);
            }
            return Ok(Self { integer: true, coefficient: self.scaled(0), exponent: 0, ..*self });
        }
        // Of a fraction with many zeros before its digits, the first of them decides as well.
        let places = self.exponent.unsigned_abs().min(digits(&self.coefficient) + 1);
        let scale = power_of_ten(places);
        let (mut whole, rest) = self.coefficient.div_rem(&scale);
        let twice = (&rest * 2_u8).cmp(&scale);
        let away = match rounding {
            _ if rest.is_zero() => false,
            Rounding::Down => false,
            Rounding::Floor => self.negative,
            Rounding::Ceiling => !self.negative,
            Rounding::HalfUp => twice.is_ge(),
            Rounding::HalfEven => twice.is_gt() || (twice.is_eq() && whole.is_odd()),
        };
        if away {
            whole += BigUint::one();
        }
        Ok(Self { integer: true, coefficient: whole, exponent: 0, ..*self })
    }

    /// Whether it is another number times a whole number, as far as 34 digits of their quotient tell: `1e40` is one of 3, as CUE has it.
    ///
    /// # Errors
    /// As [`Number::quotient`] says.
    pub fn is_multiple_of(&self, other: &Self) -> Result<bool, NumberError> {
        Ok(quotient(self, other, PRECISION)?.is_whole())
    }

    /// Its power, exact; none where that has more than `most` digits.
    pub fn power(&self, times: u32, most: u64) -> Result<Option<Self>, NumberError> {
        if digits(&self.coefficient).saturating_mul(times.into()) > most {
            return Ok(None);
        }
        let coefficient = self.coefficient.pow(times);
        let exponent = self.exponent.saturating_mul(times.into());
        Self::new(self.integer, self.negative && times % 2 == 1, coefficient, exponent).map(Some)
    }

    /// `self / other` with 34 digits, zeros at the end among them.
    ///
    /// # Errors
    /// As [`Number::quotient`] says.
    pub fn quotient_unreduced(&self, other: &Self) -> Result<Self, NumberError> {
        quotient(self, other, PRECISION)
    }

    /// `10^exponent`
    ///
    /// # Errors
    /// Out of range.
    pub fn power_of_ten(exponent: i64) -> Result<Self, NumberError> {
        Self::new(false, false, BigUint::one(), exponent)
    }

    /// The same magnitude with or without a minus.
    #[must_use]
    pub fn with_sign(&self, negative: bool) -> Self {
        Self { negative, ..self.clone() }
    }

    /// Whether it has a minus; zero may have one.
    pub fn has_sign(&self) -> bool {
        self.negative
    }

    /// Whether its coefficient has more digits than are computed with.
    pub fn is_longer_than_precision(&self) -> bool {
        self.adjusted() >= PRECISION as i64 || digits(&self.coefficient) > PRECISION
    }
}
