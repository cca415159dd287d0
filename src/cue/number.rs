//! Numbers of any size: integers, and decimal fractions of 34 digits as CUE's `apd` context has them.

use num_bigint::BigInt;

/// A number.
#[derive(Debug, Clone)]
pub enum Number {
    /// `int`
    Int(BigInt),
    /// `float`: `coefficient * 10^exponent`.
    Float(Decimal),
}

/// `coefficient * 10^exponent`.
#[derive(Debug, Clone)]
pub struct Decimal {
    /// With its sign.
    pub coefficient: BigInt,
    /// Of ten.
    pub exponent: i64,
}
