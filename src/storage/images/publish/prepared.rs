//! What can be written before there is a signature, while the key opens. Nothing points to it yet, and nothing of it has to
//! succeed: what publishes later does what is still to be done, and tells of what fails.

use super::append::{Change, Shape, Shared, Writer};
use super::{Home, manifest};
use crate::crypto::{Digest, UnixTime};
use crate::registry::{Attachment, Descriptor};

/// For a bundle: its configuration, an upload for itself, and whether the registry lists referrers.
pub async fn prepare_bundle(home: &Home, subject: &Digest) {
    let place = &home.attachments;
    let (config, content) = manifest::empty();
    let listed = async {
        #[cfg(feature = "http")]
        if let super::Place::Registry(remote) = place {
            let _ = remote.listed_referrers(subject).await;
        }
        let _ = subject;
    };
    let _ = tokio::join!(place.put_blob(&config, &content), place.begin_upload(), listed);
}

/// For a layer whose content does not depend on the signature: it, and the configuration of what would be under the tag with
/// it. Its descriptor has no annotations yet, which the configuration does not depend on.
pub async fn prepare_layer(
    writer: &Writer,
    home: &Home,
    subject: &Digest,
    (what, media_type, content): (Attachment, &str, &[u8]),
    created: Option<UnixTime>,
) {
    let place = &home.attachments;
    let layer = super::append::descriptor(media_type, content);
    let tag = what.tag_of(&home.tag_prefix, subject);
    let shared = Shared::new(writer, place, &tag, Shape::Layers { created });
    let config =
        async { shared.prepare(Change { add: vec![unlike_any(&layer)], ..Change::default() }).await };
    let _ = tokio::join!(place.put_blob(&layer, content), config);
}

/// The same layer as one that no other is taken for: each signature is one more.
fn unlike_any(layer: &Descriptor) -> Descriptor {
    Descriptor { annotations: vec![(String::new(), String::new())], ..layer.clone() }
}
