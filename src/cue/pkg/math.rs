//! `math`: what can be computed exactly, or to the last of the digits that CUE gives. The functions whose last digits depend
//! on how they are approximated (logarithms, powers of fractions, trigonometry, ...) are not supported.

use super::Parameter::{Int, Number as Numeric};
use super::arguments::{Arguments, failed};
use super::{CallError, Member, Members, function, validator};
use crate::cue::data::Data;
use crate::cue::number::{Number, Rounding};

/// Digits of a power, before it is rounded.
const MAX_POWER_DIGITS: u64 = 4_000;

/// The members of the package.
pub(super) const MEMBERS: Members = &[
    ("MaxExp", Member::Source("2147483647")),
    ("MinExp", Member::Source("-2147483648")),
    ("MaxPrec", Member::Source("4294967295")),
    ("ToNearestEven", Member::Source("0")),
    ("ToNearestAway", Member::Source("1")),
    ("ToZero", Member::Source("2")),
    ("AwayFromZero", Member::Source("3")),
    ("ToNegativeInf", Member::Source("4")),
    ("ToPositiveInf", Member::Source("5")),
    ("Below", Member::Source("-1")),
    ("Exact", Member::Source("0")),
    ("Above", Member::Source("1")),
    ("MaxBase", Member::Source("62")),
    ("E", Member::Source("2.71828182845904523536028747135266249775724709369995957496696763")),
    ("Pi", Member::Source("3.14159265358979323846264338327950288419716939937510582097494459")),
    ("Phi", Member::Source("1.61803398874989484820458683436563811772030917980576286213544861")),
    ("Sqrt2", Member::Source("1.41421356237309504880168872420969807856967187537694807317667974")),
    ("SqrtE", Member::Source("1.64872127070012814684865078781416357165377610071014801157507931")),
    ("SqrtPi", Member::Source("1.77245385090551602729816748334114518279754945612238712821380779")),
    ("SqrtPhi", Member::Source("1.27201964951406896425242246173749149171560804184009624861664038")),
    ("Ln2", Member::Source("0.693147180559945309417232121458176568075500134360255254120680009")),
    ("Log2E", Member::Source("1.442695040888963407359924681001892137426645954152985934135449408")),
    ("Ln10", Member::Source("2.3025850929940456840179914546843642076011014886287729760333278")),
    ("Log10E", Member::Source("0.43429448190325182765112891891660508229439700580366656611445378")),
    ("Floor", function(&[Numeric], |a| floor_or_ceiling(a, Rounding::Floor))),
    ("Ceil", function(&[Numeric], |a| floor_or_ceiling(a, Rounding::Ceiling))),
    ("Trunc", function(&[Numeric], |a| whole(a, Rounding::Down))),
    ("Round", function(&[Numeric], |a| whole(a, Rounding::HalfUp))),
    ("RoundToEven", function(&[Numeric], |a| whole(a, Rounding::HalfEven))),
    ("MultipleOf", validator(&[Numeric, Numeric], multiple_of)),
    ("Abs", function(&[Numeric], |a| decimal(a.number(0)?.with_sign(false).rounded()?))),
    ("Copysign", function(&[Numeric, Numeric], |a| decimal(a.number(0)?.with_sign(a.number(1)?.has_sign())))),
    ("Dim", function(&[Numeric, Numeric], dim)),
    ("Hypot", function(&[Numeric, Numeric], |a| float(hypot(a.float(0)?, a.float(1)?)))),
    ("Ldexp", function(&[Numeric, Int], ldexp)),
    ("Mod", function(&[Numeric, Numeric], |a| float(a.float(0)? % a.float(1)?))),
    ("Pow", function(&[Numeric, Numeric], |a| power(a.number(0)?, a.number(1)?))),
    ("Pow10", function(&[Int], |a| decimal(Number::power_of_ten(a.int(0)?)?))),
    ("Exp2", function(&[Numeric], |a| power(&Number::from(2_i64), a.number(0)?))),
    ("Signbit", validator(&[Numeric], |a| Ok(a.number(0)?.has_sign().into()))),
    ("Sqrt", function(&[Numeric], |a| float(a.float(0)?.sqrt()))),
    ("Jacobi", Member::Unsupported),
    ("Acosh", Member::Unsupported),
    ("Asin", Member::Unsupported),
    ("Acos", Member::Unsupported),
    ("Asinh", Member::Unsupported),
    ("Atan", Member::Unsupported),
    ("Atan2", Member::Unsupported),
    ("Atanh", Member::Unsupported),
    ("Cbrt", Member::Unsupported),
    ("Erf", Member::Unsupported),
    ("Erfc", Member::Unsupported),
    ("Erfinv", Member::Unsupported),
    ("Erfcinv", Member::Unsupported),
    ("Exp", Member::Unsupported),
    ("Expm1", Member::Unsupported),
    ("Gamma", Member::Unsupported),
    ("J0", Member::Unsupported),
    ("Y0", Member::Unsupported),
    ("J1", Member::Unsupported),
    ("Y1", Member::Unsupported),
    ("Jn", Member::Unsupported),
    ("Yn", Member::Unsupported),
    ("Log", Member::Unsupported),
    ("Log10", Member::Unsupported),
    ("Log2", Member::Unsupported),
    ("Log1p", Member::Unsupported),
    ("Logb", Member::Unsupported),
    ("Ilogb", Member::Unsupported),
    ("Remainder", Member::Unsupported),
    ("Cos", Member::Unsupported),
    ("Sin", Member::Unsupported),
    ("Sinh", Member::Unsupported),
    ("Cosh", Member::Unsupported),
    ("Tan", Member::Unsupported),
    ("Tanh", Member::Unsupported),
];

/// A result of decimal arithmetic: an `int` where it is whole.
pub(super) fn decimal(number: Number) -> Result<Data, CallError> {
    if number.is_whole() {
        Ok(number.to_whole(Rounding::Down)?.into())
    } else {
        Ok(number.into_float().into())
    }
}

/// A result of arithmetic with 64 bits: a `float`.
fn float(value: f64) -> Result<Data, CallError> {
    Number::from_f64(value).map_or_else(|| failed("the result is not a number"), |number| Ok(number.into()))
}

fn whole(a: &[Data], rounding: Rounding) -> Result<Data, CallError> {
    Ok(a.number(0)?.to_whole(rounding)?.into())
}

/// CUE gives zero for what has more than 34 digits, which nobody means.
fn floor_or_ceiling(a: &[Data], rounding: Rounding) -> Result<Data, CallError> {
    if a.number(0)?.is_longer_than_precision() {
        return Err(CallError::Unsupported("rounding a number of more than 34 digits".into()));
    }
    whole(a, rounding)
}

fn multiple_of(a: &[Data]) -> Result<Data, CallError> {
    Ok(a.number(0)?.is_multiple_of(a.number(1)?)?.into())
}

fn dim(a: &[Data]) -> Result<Data, CallError> {
    let difference = a.number(0)?.subtract(a.number(1)?)?;
    let none = difference.is_negative() || difference.is_zero();
    decimal(if none { Number::from(0_i64) } else { difference })
}

/// Go's: scaled by the larger, so that the squares do not overflow.
fn hypot(p: f64, q: f64) -> f64 {
    let (large, small) = (p.abs().max(q.abs()), p.abs().min(q.abs()));
    if large == 0.0 {
        return 0.0;
    }
    let ratio = small / large;
    large * (1.0 + ratio * ratio).sqrt()
}

fn ldexp(a: &[Data]) -> Result<Data, CallError> {
    let exponent = a.int(1)?;
    if !(-1000..=1000).contains(&exponent) {
        return Err(CallError::Unsupported("`math.Ldexp` with such an exponent".into()));
    }
    // A power of two within the range of normal numbers: the product is rounded once.
    float(a.float(0)? * 2_f64.powi(exponent as i32))
}

/// `base^exponent` for a whole exponent: computed exactly, then rounded.
fn power(base: &Number, exponent: &Number) -> Result<Data, CallError> {
    let unsupported = || CallError::Unsupported("`math.Pow` with such an exponent".into());
    let times = exponent.to_i64().ok_or_else(unsupported)?;
    if base.is_zero() && times <= 0 {
        return failed("invalid operation");
    }
    let magnitude = u32::try_from(times.unsigned_abs()).map_err(|_| unsupported())?;
    let exact = base.power(magnitude, MAX_POWER_DIGITS)?.ok_or_else(unsupported)?;
    if times >= 0 {
        return decimal(exact.rounded()?);
    }
    decimal(Number::from(1_i64).quotient_unreduced(&exact)?)
}
