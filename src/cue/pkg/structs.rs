//! `struct`: how many fields there are, which the evaluator counts.

use super::Parameter::{Int, Struct};
use super::{Members, evaluated};

/// The members of the package.
pub(super) const MEMBERS: Members =
    &[("MinFields", evaluated(&[Struct, Int], true)), ("MaxFields", evaluated(&[Struct, Int], true))];
