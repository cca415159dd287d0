//! `strings`
use super::*;
pub(super) const MEMBERS: Members = &[(
    "ToUpper",
    Member::Function(Function {
        parameters: &[Parameter::String],
        validates: false,
        body: Body::Concrete(|arguments| match arguments {
            [Data::String(text)] => Ok(text.to_uppercase().into()),
            _ => Err(CallError::Failed("no string".into())),
        }),
    }),
)];
