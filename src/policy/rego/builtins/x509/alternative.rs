//! Subject alternative names (RFC 5280 section 4.2.1.6).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::reader::{Der, Fault, Read, SEQUENCE, primitive};
use super::uris::Uri;

/// Those that Go knows, by their kind.
#[derive(Default)]
pub(super) struct Names {
    pub(super) dns: Vec<String>,
    pub(super) emails: Vec<String>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) uris: Vec<Uri>,
}

const EMAIL: u8 = primitive(1);
const DNS: u8 = primitive(2);
const URI: u8 = primitive(6);
const ADDRESS: u8 = primitive(7);

impl Names {
    pub(super) fn read(mut value: Der<'_>) -> Read<Self> {
        let mut list = value.within(SEQUENCE)?;
        let mut made = Self::default();
        while !list.is_empty() {
            let name = list.any()?;
            match name.tag {
                EMAIL => made.emails.push(ascii(name.content)?),
                DNS => made.dns.push(ascii(name.content)?),
                URI => {
                    let uri = Uri::read(&ascii(name.content)?)?;
                    if !is_domain(&uri.host, false) {
                        return Err(Fault::Wrong);
                    }
                    made.uris.push(uri);
                }
                ADDRESS => made.addresses.push(address(name.content)?),
                _ => {}
            }
        }
        Ok(made)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.dns.is_empty() && self.emails.is_empty() && self.addresses.is_empty() && self.uris.is_empty()
    }
}

/// An IA5String.
pub(super) fn ascii(content: &[u8]) -> Read<String> {
    match content.is_ascii() {
        true => Ok(content.iter().map(|byte| char::from(*byte)).collect()),
        false => Err(Fault::Wrong),
    }
}

/// An address; one of version 4 in the clothes of version 6 is none.
pub(super) fn address(content: &[u8]) -> Read<IpAddr> {
    if let Ok(bytes) = <[u8; 4]>::try_from(content) {
        return Ok(Ipv4Addr::from(bytes).into());
    }
    let address = <[u8; 16]>::try_from(content).map(Ipv6Addr::from).map_err(|_| Fault::Wrong)?;
    if address.to_ipv4_mapped().is_some() { Err(Fault::Wrong) } else { Ok(address.into()) }
}

/// Whether a text may be a domain: labels of visible letters, none of them empty. A constraint may begin with a dot.
pub(super) fn is_domain(text: &str, is_constraint: bool) -> bool {
    let labels = text.strip_prefix('.').filter(|_| is_constraint).unwrap_or(text);
    text.is_empty()
        || labels
            .split('.')
            .all(|label| !label.is_empty() && label.bytes().all(|byte| (33..=126).contains(&byte)))
}
