//! Spellings of a registry. A pattern compares names, so a registry that is reached by another name than the one in the policy file
//! is another registry to it. Where one machine has several spellings without anybody's doing, all but one are refused.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Why a registry, `HOST[:PORT]`, cannot be judged by its name; `None` where its name has one spelling.
pub fn ambiguous_host(registry: &str) -> Option<String> {
    let (host, port) = match registry.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => match registry.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (registry, None),
        },
    };
    if let Some(port) = port
        && !port.parse::<u16>().is_ok_and(|number| number.to_string() == port)
    {
        return Some(format!("`{port}` is another spelling of a port"));
    }
    if registry.starts_with('[') {
        let address = host.parse::<Ipv6Addr>().ok();
        // The same machine to whoever connects (RFC 4291, section 2.5.5.2).
        if let Some(mapped) = address.and_then(|address| address.to_ipv4_mapped()) {
            return Some(format!("`[{host}]` is another spelling of the address `{mapped}`"));
        }
        let is_plain = address.is_some_and(|address| address.to_string() == host);
        return (!is_plain).then(|| format!("`[{host}]` is another spelling of an address"));
    }
    if host.ends_with('.') {
        return Some(format!("`{host}` ends with a point, without which it is the same host"));
    }
    // What the system reads as an IPv4 address (inet_aton): its last part is a number, also an octal or a hexadecimal one.
    let last = host.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let is_number = match last.strip_prefix("0x") {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()),
    };
    let is_plain = host.parse::<Ipv4Addr>().is_ok_and(|address| address.to_string() == host);
    (is_number && !is_plain).then(|| format!("`{host}` is another spelling of an address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_has_one_spelling() {
        for plain in [
            "registry.example",
            "registry.example:5000",
            "localhost",
            "127.0.0.1:5000",
            "[::1]:5000",
            "1a.example",
            "0x.example",
        ] {
            assert_eq!(ambiguous_host(plain), None, "{plain}");
        }
        for other in [
            "127.0.0.1:05000",
            "registry.example:0443",
            "registry.example:99999",
            "registry.example:",
            "127.1:5000",
            "2130706433",
            "0x7f000001:5000",
            "0X7F.1",
            "127.0.0.01",
            "[0:0:0:0:0:0:0:1]:5000",
            "[::0001]",
            "[::ffff:127.0.0.1]:5000",
            "[::ffff:7f00:1]:5000",
            "[::FFFF:10.0.0.1]",
            "registry.example.",
            "registry.example.:5000",
        ] {
            assert!(ambiguous_host(other).is_some(), "{other}");
        }
    }
}
