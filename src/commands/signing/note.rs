//! The closing note of a run about many.

use super::super::Narrator;
use super::signer::Signer;

/// Says how fast many were signed, where others took part.
pub(super) fn said_of_many(signer: &Signer, count: usize, what: &str, narrator: &mut dyn Narrator) {
    if count < 2 || !signer.is_witnessed() {
        return;
    }
    let seconds = signer.clock.elapsed().max(0.001);
    #[expect(clippy::cast_precision_loss, reason = "nobody signs so many")]
    let rate = count as f64 / seconds;
    narrator.say(&format!("Signed {count} {what} in {seconds:.1} s ({rate:.1} per second)"));
}
