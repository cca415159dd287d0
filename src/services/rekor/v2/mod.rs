//! Rekor v2 (`rekor/v2/rekor_service.proto` of sigstore/rekor-tiles).

mod tiles;

use serde_json::Value;

use super::proposed::envelope;
use super::{Error, MAX_ENTRY, Proposed, SERVICE, Verifier, answer, mismatch};
use crate::bundle::sigstore::decode_log_entry;
use crate::crypto::json;
use crate::http::Method;
use crate::http::service::said;
use crate::http::service::{Ask, Reply, below};
use crate::services::Client;
use crate::tlog::{Entry, propose};

/// Logs a signature, and returns its entry: body, and proof with checkpoint, about this very signature. The log answers when the
/// entry is in its tree, which takes it some seconds.
///
/// A log that has the entry already says so with the status 409 and where, and gives none: it is fetched out of the tree itself,
/// as is its proof. Of the log's identifier such an entry has the four bytes that a checkpoint names a log by, and its owner has to
/// complete it.
///
/// # Errors
/// No answer; the log does not take it ([`Error::Status`], [`Error::TooLarge`]); an answer that is not an entry, lacks a part of
/// it, or is about something else; what this log has no kind of entry for: [`Proposed::Intoto`], and keys and digests without
/// a name in `PublicKeyDetails`.
pub async fn upload(client: &Client, url: &str, proposed: &Proposed) -> Result<Entry, Error> {
    /// There is this very entry.
    const CONFLICT: u16 = 409;
    let address = below(SERVICE, url, "/api/v2/log/entries")?;
    let request = request(proposed).map_err(|reason| Error::Unfit {
        service: SERVICE,
        url: address.to_string(),
        reason,
    })?;
    let reply = client
        .ask(&Ask {
            service: SERVICE,
            method: Method::Post,
            address: &address,
            content_type: "application/json",
            accept: "application/json",
            authorization: None,
            secret: None,
            headers: &[],
            body: request.to_string().as_bytes(),
            accepted: &[CONFLICT],
            limit: MAX_ENTRY,
            repeat: true,
        })
        .await?;
    let entry = if reply.status == CONFLICT {
        let index = place(&reply).ok_or_else(|| {
            mismatch(&address, "it says that there is such an entry already, and not where")
        })?;
        tiles::entry(client, url, index).await?
    } else {
        let value = json::parse("log entry", &reply.body).map_err(answer(&address))?;
        decode_log_entry(&value).map_err(answer(&address))?
    };
    proposed.compare(&entry).map_err(|reason| mismatch(&address, reason))?;
    Ok(entry)
}

/// Where the entry is that is there already: a header says so, and the last word of the message.
fn place(reply: &Reply) -> Option<u64> {
    let said = || said(&reply.body)?.rsplit(' ').next()?.parse().ok();
    reply.log_index.as_deref().and_then(|index| index.parse().ok()).or_else(said)
}

fn request(proposed: &Proposed) -> Result<Value, String> {
    match proposed {
        Proposed::HashedRekord { digest, signature, verifier } => {
            let key = verifier.key().map_err(|e| e.to_string())?.key_type();
            let details = propose::key_details(key, digest.algorithm())
                .ok_or_else(|| format!("it has no name for {key} over {}", digest.algorithm()))?;
            Ok(propose::hashedrekord_002(digest, signature, &verifier.logged(), details))
        }
        Proposed::Dsse { envelope: json, verifiers } => {
            let envelope = envelope(json, verifiers)?;
            let named = |verifier: &Verifier| {
                let key = verifier.key().map_err(|e| e.to_string())?.key_type();
                Ok((verifier.logged(), propose::message_key_details(key)))
            };
            let verifiers = verifiers.iter().map(named).collect::<Result<Vec<_>, String>>()?;
            Ok(propose::dsse_002(envelope.to_value(), &verifiers))
        }
        Proposed::Intoto { .. } => Err("version 2 of the log has no entries of the kind intoto".to_owned()),
    }
}
