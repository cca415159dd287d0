//! What is said of what was signed.

use super::super::Narrator;
use super::Form;
use super::plan::Carrier;
use super::signees::Signee;
use super::signer::Signer;

/// Says of what was witnessed by an authority alone what that asks of those who verify it.
pub(super) fn said_of_no_log(signer: &Signer, carrier: Carrier, narrator: &mut dyn Narrator) {
    if signer.is_witnessed() && !signer.is_logged(carrier) {
        narrator.say("No log has what was signed: it verifies with --no-log");
    }
}

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

/// That one has signed it already.
pub(super) fn already(signee: &Signee, signer: &Signer, form: &str) -> String {
    format!("{} is signed by this {} already{form}", signee.shown(), signer.called())
}

/// Where a signature was found, where both forms are written.
pub(super) fn said_of(form: Form) -> &'static str {
    match form {
        Form::Bundle => " (bundle)",
        Form::Tag | Form::Referrer => " (tag)",
    }
}
