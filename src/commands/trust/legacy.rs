//! Repositories older than `trusted_root.json`: certificates and keys in PEM, each marked in the metadata with what it is for
//! (`custom.sigstore`, sigstore/sigstore `pkg/tuf`).

use super::repository::Unusable;
use crate::services::tuf::{Client, Error, Source};
use crate::trust::{PemOverrides, PemText, TrustedRoot};

/// One piece of trust material in [`PemOverrides`].
type Slot = fn(&mut PemOverrides) -> &mut Option<PemText>;

/// Uses, and what each replaces.
const USES: [(&str, Slot); 4] = [
    ("Fulcio", |o| &mut o.root_file),
    ("Rekor", |o| &mut o.rekor_public_key),
    ("CTFE", |o| &mut o.ct_log_public_key),
    ("TSA", |o| &mut o.tsa_certificate),
];

/// The trusted root that the marked targets make; `missing` is the target that was looked for first. What is marked as expired is
/// left out, as nothing says when it did.
///
/// # Errors
/// None is marked; one cannot be fetched or read.
pub(super) async fn trusted_root<S: Source>(
    client: &mut Client<'_, S>,
    source: &str,
    missing: String,
) -> Result<TrustedRoot, Unusable> {
    let mut overrides = PemOverrides::default();
    let mut skipped = Vec::new();
    for (usage, slot) in USES {
        for (name, status) in client.targets_of_use(usage) {
            if status != "Active" {
                skipped.push(format!("`{name}` of the TUF repository is left out: its status is `{status}`"));
                continue;
            }
            let text = client.target(&name).await?;
            match slot(&mut overrides) {
                Some(pem) => {
                    pem.source = format!("{}, {name}", pem.source);
                    pem.text.push(b'\n');
                    pem.text.extend(text);
                }
                empty => *empty = Some(PemText { source: name, text }),
            }
        }
    }
    if overrides == PemOverrides::default() {
        return Err(Error::NoTarget { name: missing }.into());
    }
    let root = overrides.apply(TrustedRoot::default())?;
    Ok(TrustedRoot { source: source.to_owned(), skipped, ..root })
}
