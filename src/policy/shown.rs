//! What built-in rules are shown of something verified.

use serde_json::{Map, Value};

use super::input::read;
use super::rules::{Facts, Signer, SigningCertificate};
use super::spelling;
use crate::bundle::Content;
use crate::crypto::UnixTime;
use crate::payload::Statement;
use crate::verify::{SignerProof, Verified};
use crate::x509::fulcio::{FulcioExtensions, extensions};

/// Something verified, before it is read: what a thread of its own can take along.
pub(super) struct Shown {
    payload: Vec<u8>,
    signer: Signer,
    now: UnixTime,
}

impl Shown {
    /// Of this; in words, why there is nothing to show.
    pub(super) fn of(verified: &Verified, now: UnixTime) -> Result<Self, String> {
        let Content::Envelope(envelope) = &verified.entity().content else {
            return Err("what is verified is no statement".to_owned());
        };
        Ok(Self { payload: envelope.parsed.payload.clone(), signer: signer(verified)?, now })
    }

    /// Of a statement that nobody signed.
    pub(super) fn unsigned(payload: &[u8], now: UnixTime) -> Self {
        Self { payload: payload.to_vec(), signer: Signer::Key, now }
    }

    /// Reads the statement. Its members are there once each, or it is none.
    pub(super) fn facts(self) -> Result<Facts, String> {
        let statement = Statement::from_json(&self.payload).map_err(|error| error.to_string())?;
        one_spelling(&self.payload)?;
        let predicate = statement.predicate.map(|predicate| read("predicate", predicate.text().as_bytes()));
        let predicate = predicate.transpose()?;
        Ok(Facts {
            predicate_type: statement.predicate_type,
            subjects: statement.subjects.into_iter().map(|subject| subject.name).collect(),
            predicate,
            signer: self.signer,
            now: self.now,
        })
    }
}

/// Members of the statement itself, as of its predicate, are there in one spelling. A misspelled one is there beside nothing as well: whoever
/// does not look at case would see a predicate that no rule was shown.
fn one_spelling(payload: &[u8]) -> Result<(), String> {
    const STATEMENT: [&str; 4] = ["_type", "predicate", "predicateType", "subject"];
    const SUBJECT: [&str; 7] =
        ["annotations", "content", "digest", "downloadLocation", "mediaType", "name", "uri"];
    let statement: Value = read("statement", payload)?;
    spelled("the statement", &statement, &STATEMENT)?;
    let subjects = statement.get("subject").and_then(Value::as_array).into_iter().flatten();
    for (i, subject) in subjects.enumerate() {
        spelled(&format!("subject[{i}]"), subject, &SUBJECT)?;
        subject
            .get("digest")
            .map_or(Ok(()), |digest| spelled(&format!("subject[{i}].digest"), digest, &[]))?;
    }
    Ok(())
}

/// Refuses a name that is that of another member, or of one of these, in another case.
fn spelled(what: &str, value: &Value, known: &[&str]) -> Result<(), String> {
    let names = value.as_object().into_iter().flat_map(Map::keys).map(String::as_str);
    spelling::one_spelling(what, names, known)
}

/// Who signed. Only a certificate that leads to a trusted authority says anything.
fn signer(verified: &Verified) -> Result<Signer, String> {
    match (verified.signer(), verified.chain().proven()) {
        (SignerProof::Identity(proof), Some(chain)) => {
            let stated = extensions(chain.leaf()).map_err(|error| error.to_string())?;
            let certificate =
                SigningCertificate { subject: Some(proof.subject().into()), ..certificate(stated) };
            Ok(Signer::Certificate(Box::new(certificate)))
        }
        _ => Ok(Signer::Key),
    }
}

fn certificate(stated: FulcioExtensions) -> SigningCertificate {
    let other = |number: u32| {
        let oid = format!("1.3.6.1.4.1.57264.1.{number}");
        stated.others.iter().find(|(known, _, _)| *known == oid).map(|(_, _, value)| value.clone())
    };
    SigningCertificate {
        subject: None,
        build_signer_uri: other(9),
        runner_environment: other(11),
        source_repository_uri: other(12),
        source_repository_digest: other(13),
        source_repository_ref: other(14),
        build_config_uri: other(18),
        build_trigger: other(20).or_else(|| stated.github_workflow_trigger.clone()),
        issuer: stated.issuer,
        workflow_repository: stated.github_workflow_repository,
        workflow_sha: stated.github_workflow_sha,
        workflow_ref: stated.github_workflow_ref,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::policy::rules::Rule;

    fn shown(payload: &str) -> Result<Facts, String> {
        let now = UnixTime::from_seconds(1_717_243_200);
        Shown { payload: payload.as_bytes().to_vec(), signer: Signer::Key, now }.facts()
    }

    fn statement(predicate: &str) -> String {
        let subject =
            |name: &str| format!(r#"{{"name":"{name}","digest":{{"sha256":"{}"}}}}"#, "3e".repeat(32));
        format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{},{}],"predicateType":"https://slsa.dev/provenance/v0.2","predicate":{predicate}}}"#,
            subject("a"),
            subject("b")
        )
    }

    #[test]
    fn what_two_readers_could_take_for_two_statements_is_shown_to_nobody() {
        let good = r#"{"builder":{"id":"a"}}"#;
        let rule: Rule = serde_json::from_value(json!({"slsa": {"builder-id": "a"}})).unwrap();
        rule.check(&shown(&statement(good)).unwrap()).unwrap();
        for predicate in [
            r#"{"builder":{"id":"a","id":"b"}}"#,
            r#"{"builder":{"id":"b"},"builder":{"id":"a"}}"#,
            r#"{"builder":{"id":"b","\u0069d":"a"}}"#,
            r#"{"builder":{"id":"a"},"x":"\ud800"}"#,
            r#"{"builder":{"id":"a"},"x":1e400}"#,
            r#"{"builder":{"id":"a"}}},"predicate":{"#,
            r#"{"builder":{"id":"a"},}"#,
            r#"{"builder":{"id":"a"}} // comment"#,
            &format!("{}1{}", "[".repeat(200), "]".repeat(200)),
        ] {
            assert!(shown(&statement(predicate)).is_err(), "{predicate}");
        }
        for (from, to) in [
            ("Statement/v1", "Statement/v2"),
            (r#""predicateType":"#, r#""predicateType":"https://slsa.dev/provenance/v1","predicateType":"#),
            (r#""subject":["#, r#""subject":[],"x":["#),
        ] {
            assert!(shown(&statement(good).replacen(from, to, 1)).is_err(), "{to}");
        }
        let whole = statement(good);
        let named = |name: &str| format!(r#","{name}":[],"subject":"#);
        for (from, to) in [
            (r#","predicate":"#, r#","Predicate":{"builder":{"id":"b"}},"predicate":"#.to_owned()),
            (r#","predicate":"#, r#","Predicate":"#.to_owned()),
            (r#","predicate":"#, r#","PREDICATETYPE":"x","predicate":"#.to_owned()),
            (r#","subject":"#, named("Subject")),
            (r#","subject":"#, named("\u{17f}ubject")),
            (r#""digest":"#, r#""Digest":{},"digest":"#.to_owned()),
            (r#""digest":"#, r#""NAME":"c","digest":"#.to_owned()),
            (r#""sha256":"#, r#""SHA256":"00","sha256":"#.to_owned()),
            (r#""_type":"#, r#""_Type":"x","_type":"#.to_owned()),
            (r#""_type":"#, r#""more":1,"More":2,"_type":"#.to_owned()),
        ] {
            let said = shown(&whole.replacen(from, &to, 1)).unwrap_err();
            let told = ["which readers may take for", "is spelled"];
            assert!(told.iter().any(|words| said.contains(words)), "{to} {said}");
        }
        shown(&whole.replacen(r#""_type":"#, r#""more":1,"_type":"#, 1)).unwrap();
        // Texts in place of members satisfy nothing.
        for predicate in ["null", r#""builder""#, "[]", r#"{"builder":"a"}"#, r#"{"Builder":{"id":"a"}}"#] {
            assert!(rule.check(&shown(&statement(predicate)).unwrap()).is_err(), "{predicate}");
        }
    }
}
