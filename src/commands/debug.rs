//! `debug providers`.

use super::{Context, Error};

/// Says which providers of identity tokens have one here, as cosign does, and tells what the others lack. Returns what goes to
/// standard output.
///
/// # Errors
/// This build asks nobody.
#[cfg(feature = "http")]
pub async fn debug_providers(context: &mut Context) -> Result<Vec<u8>, Error> {
    use crate::services::oidc::{Offer, Places, Surroundings, flaws, offers};
    let places = Places::default();
    let around = Surroundings { now: context.now, variables: &*context.variables, places: &places };
    let mut text = String::new();
    for (name, offer) in offers(&around).await {
        text.push_str(&format!("{name}: {}\n", offer == Offer::Offered));
        if let Offer::Missing(what) = offer {
            context.narrator.say(&format!("{name}: {what}"));
        }
    }
    for (name, flaw) in flaws(&around) {
        context.narrator.warn(&format!("{name}: {flaw}"));
    }
    Ok(text.into_bytes())
}

/// This build has no providers.
///
/// # Errors
/// Always.
#[cfg(not(feature = "http"))]
pub async fn debug_providers(_: &mut Context) -> Result<Vec<u8>, Error> {
    Err(Error::new(
        super::ErrorKind::Other,
        "this build has no providers of identity tokens; the full build of rcosign has them",
    ))
}
