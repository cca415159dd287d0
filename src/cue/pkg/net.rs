//! `net`: addresses, host names, URLs. Addresses are texts or lists of bytes; they are Go's `netip.Addr`.

use super::Parameter::{Any, Int, String as Text};
use super::arguments::{Arguments, failed};
use super::{CallError, Member, Members, function, validator};
use crate::cue::data::Data;
use address::{Address, Prefix};

mod address;
mod escape;
mod url;

/// The members of the package.
pub(super) const MEMBERS: Members = &[
    ("SplitHostPort", function(&[Text], |a| split_host_port(a.text(0)?))),
    ("JoinHostPort", function(&[Any, Any], join_host_port)),
    ("FQDN", validator(&[Text], |a| fqdn(a.text(0)?))),
    ("IPv4len", Member::Source("4")),
    ("IPv6len", Member::Source("16")),
    (
        "ParseIP",
        function(&[Text], |a| {
            Ok(bytes(&Address::parse(a.text(0)?).ok_or_else(|| invalid(a.any(0)))?.bytes()))
        }),
    ),
    ("IPv4", validator(&[Any], |a| is(a, |address| address.is_v4()))),
    ("IPv6", validator(&[Any], |a| is(a, |address| !address.is_v4()))),
    ("IP", validator(&[Any], |a| is(a, |_| true))),
    ("IPCIDR", validator(&[Any], ip_cidr)),
    ("LoopbackIP", validator(&[Any], |a| is(a, Address::is_loopback))),
    ("MulticastIP", validator(&[Any], |a| is(a, Address::is_multicast))),
    ("InterfaceLocalMulticastIP", validator(&[Any], |a| is(a, Address::is_interface_local_multicast))),
    ("LinkLocalMulticastIP", validator(&[Any], |a| is(a, Address::is_link_local_multicast))),
    ("LinkLocalUnicastIP", validator(&[Any], |a| is(a, Address::is_link_local_unicast))),
    ("GlobalUnicastIP", validator(&[Any], |a| is(a, Address::is_global_unicast))),
    ("UnspecifiedIP", validator(&[Any], |a| is(a, Address::is_unspecified))),
    ("ToIP4", function(&[Any], to_ip4)),
    ("ToIP16", function(&[Any], |a| Ok(bytes(&address(a)?.bytes16())))),
    ("IPString", function(&[Any], |a| Ok(address(a)?.to_string().into()))),
    ("AddIP", function(&[Any, Int], add_ip)),
    ("AddIPCIDR", function(&[Any, Int], add_ip_cidr)),
    ("PathEscape", function(&[Text], |a| Ok(escape::path(a.text(0)?).into()))),
    ("PathUnescape", function(&[Text], |a| escape::unescape(a.text(0)?, false))),
    ("QueryEscape", function(&[Text], |a| Ok(escape::query(a.text(0)?).into()))),
    ("QueryUnescape", function(&[Text], |a| escape::unescape(a.text(0)?, true))),
    (
        "URL",
        validator(&[Text], |a| {
            url::parse(a.text(0)?).map(|_| true.into()).map_err(|why| url_error(a.any(0), why))
        }),
    ),
    ("AbsURL", validator(&[Text], abs_url)),
];

/// The address that a text, bytes or a list of bytes stand for.
fn read(value: &Data) -> Option<Address> {
    match value {
        Data::String(text) => Address::parse(text),
        Data::Bytes(bytes) => Address::parse(std::str::from_utf8(bytes).ok()?),
        Data::List(elements) => {
            let byte = |element: &Data| match element {
                Data::Number(number) if number.is_integer() => u8::try_from(number.to_i64()?).ok(),
                _ => None,
            };
            Address::from_bytes(&elements.iter().map(byte).collect::<Option<Vec<u8>>>()?)
        }
        _ => None,
    }
}

fn address(a: &[Data]) -> Result<Address, CallError> {
    read(a.any(0)).ok_or_else(|| invalid(a.any(0)))
}

/// The address that one is counted from: cosign fails on a list here.
fn counted_from(a: &[Data]) -> Result<Address, CallError> {
    if matches!(a.any(0), Data::List(_)) { Err(invalid(a.any(0))) } else { address(a) }
}

fn shown(value: &Data) -> String {
    super::json::marshal(value).unwrap_or_default()
}

fn invalid(value: &Data) -> CallError {
    CallError::Failed(format!("invalid IP address {}", shown(value)))
}

fn url_error(value: &Data, why: &str) -> CallError {
    CallError::Failed(format!("{} is not a URL: {why}", shown(value)))
}

/// Whether it is an address, and such a one.
fn is(a: &[Data], such: fn(&Address) -> bool) -> Result<Data, CallError> {
    Ok(read(a.any(0)).is_some_and(|address| such(&address)).into())
}

fn bytes(bytes: &[u8]) -> Data {
    bytes.iter().map(|byte| Data::from(i64::from(*byte))).collect::<Vec<_>>().into()
}

fn prefix(value: &Data) -> Result<Prefix, CallError> {
    let text = match value {
        Data::String(text) => Ok(text.as_ref()),
        Data::Bytes(bytes) => std::str::from_utf8(bytes).map_err(|_| "no text"),
        _ => Err("no text"),
    };
    text.and_then(Prefix::parse)
        .map_err(|why| CallError::Failed(format!("invalid CIDR {}: {why}", shown(value))))
}

/// What is neither text nor bytes is refused here; CUE passes it.
fn ip_cidr(a: &[Data]) -> Result<Data, CallError> {
    prefix(a.any(0)).map(|_| true.into())
}

fn to_ip4(a: &[Data]) -> Result<Data, CallError> {
    let address = address(a)?;
    if address.is_v4() {
        Ok(bytes(&address.bytes()))
    } else {
        failed(format!("cannot convert {address} to IPv4"))
    }
}

fn add_ip(a: &[Data]) -> Result<Data, CallError> {
    let offset = a.integer(1)?;
    match prefix(a.any(0)) {
        Ok(prefix) => Ok(prefix.moved(&offset)?.to_string().into()),
        Err(_) => Ok(counted_from(a)?.moved(&offset)?.to_string().into()),
    }
}

fn add_ip_cidr(a: &[Data]) -> Result<Data, CallError> {
    let prefix = prefix(a.any(0))?;
    Ok(prefix.moved(&(a.integer(1)? << prefix.host_bits()))?.to_string().into())
}

/// `host:port`, `[host]:port`
fn split_host_port(text: &str) -> Result<Data, CallError> {
    let refused = |why: &str| failed(format!("address {text:?}: {why}"));
    let Some((before, port)) = text.rsplit_once(':') else { return refused("missing port in address") };
    let host = if let Some(inner) = text.strip_prefix('[') {
        let Some((host, after)) = inner.split_once(']') else { return refused("missing ']' in address") };
        match after.strip_prefix(':') {
            _ if after.is_empty() => return refused("missing port in address"),
            Some(rest) if rest == port => {}
            Some(_) => return refused("too many colons in address"),
            None => return refused("missing port in address"),
        }
        if host.contains('[') {
            return refused("unexpected '[' in address");
        }
        host
    } else {
        if before.contains(':') {
            return refused("too many colons in address");
        }
        if before.contains(['[', ']']) {
            return refused("unexpected '[' or ']' in address");
        }
        before
    };
    if port.contains(['[', ']']) {
        return refused("unexpected '[' or ']' in address");
    }
    Ok(vec![Data::from(host), Data::from(port)].into())
}

fn join_host_port(a: &[Data]) -> Result<Data, CallError> {
    let host = match a.any(0) {
        Data::List(_) => address(a)?.to_string(),
        _ => a.lossy(0)?.into_owned(),
    };
    let port = match a.any(1) {
        Data::Number(_) => a.int(1)?.to_string(),
        _ => a.lossy(1)?.into_owned(),
    };
    Ok(if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }.into())
}

/// Labels of small letters, digits and hyphens, as RFC 5891 section 4.2.3 has them; no dot at the end.
fn fqdn(text: &str) -> Result<Data, CallError> {
    let valid = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if text.len() > 253 || !text.split('.').all(valid) {
        return Ok(false.into());
    }
    if text.split('.').any(|label| label.starts_with("xn--")) {
        return Err(CallError::Unsupported("an internationalized name in `net.FQDN`".into()));
    }
    Ok((!text.split('.').any(|label| label.get(2..4) == Some("--"))).into())
}

fn abs_url(a: &[Data]) -> Result<Data, CallError> {
    match url::parse(a.text(0)?) {
        Ok(true) => Ok(true.into()),
        Ok(false) => Err(url_error(a.any(0), "it is not absolute")),
        Err(why) => Err(url_error(a.any(0), why)),
    }
}
