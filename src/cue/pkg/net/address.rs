//! Addresses of the Internet Protocol and their prefixes, as Go's `net/netip` has them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use num_bigint::{BigInt, Sign};

use crate::cue::pkg::CallError;

/// An address; of version 6 with a zone perhaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    ip: IpAddr,
    zone: Option<String>,
}

/// An address and how many of its bits name the network. The others need not be zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Prefix {
    address: Address,
    bits: u8,
}

impl Address {
    /// `192.0.2.1`, `2001:db8::1`, `fe80::1%eth0`
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, zone) = match text.split_once('%') {
            Some((_, "")) => return None,
            Some((address, zone)) => (address, Some(zone.to_owned())),
            None => (text, None),
        };
        let ip: IpAddr = address.parse().ok()?;
        (ip.is_ipv6() || zone.is_none()).then_some(Self { ip, zone })
    }

    /// From 4 or 16 bytes.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let ip = match <[u8; 4]>::try_from(bytes) {
            Ok(four) => IpAddr::from(four),
            Err(_) => IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?),
        };
        Some(Self { ip, zone: None })
    }

    /// Whether it is of version 4; one that is mapped into version 6 is not.
    pub(super) fn is_v4(&self) -> bool {
        self.ip.is_ipv4()
    }

    /// Its 4 or 16 bytes.
    pub(super) fn bytes(&self) -> Vec<u8> {
        match self.ip {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        }
    }

    /// Its 16 bytes; one of version 4 is mapped.
    pub(super) fn bytes16(&self) -> [u8; 16] {
        match self.ip {
            IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
            IpAddr::V6(ip) => ip.octets(),
        }
    }

    /// The version 4 address that is mapped, or itself.
    fn unmapped(&self) -> IpAddr {
        match self.ip {
            IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or(self.ip, IpAddr::V4),
            IpAddr::V4(_) => self.ip,
        }
    }

    /// `127.0.0.0/8`, `::1`
    pub(super) fn is_loopback(&self) -> bool {
        self.unmapped().is_loopback()
    }

    /// `224.0.0.0/4`, `ff00::/8`
    pub(super) fn is_multicast(&self) -> bool {
        self.unmapped().is_multicast()
    }

    /// `ff01::/16` with any flags.
    pub(super) fn is_interface_local_multicast(&self) -> bool {
        matches!(self.unmapped(), IpAddr::V6(ip) if ip.segments()[0] & 0xff0f == 0xff01)
    }

    /// `224.0.0.0/24`, `ff02::/16` with any flags.
    pub(super) fn is_link_local_multicast(&self) -> bool {
        match self.unmapped() {
            IpAddr::V4(ip) => ip.octets().starts_with(&[224, 0, 0]),
            IpAddr::V6(ip) => ip.segments()[0] & 0xff0f == 0xff02,
        }
    }

    /// `169.254.0.0/16`, `fe80::/10`
    pub(super) fn is_link_local_unicast(&self) -> bool {
        match self.unmapped() {
            IpAddr::V4(ip) => ip.is_link_local(),
            IpAddr::V6(ip) => ip.segments()[0] & 0xffc0 == 0xfe80,
        }
    }

    /// None of the others, nor `0.0.0.0`, `255.255.255.255`, `::`.
    pub(super) fn is_global_unicast(&self) -> bool {
        let ip = self.unmapped();
        ip != IpAddr::V4(Ipv4Addr::BROADCAST)
            && !ip.is_unspecified()
            && !self.is_loopback()
            && !self.is_multicast()
            && !self.is_link_local_unicast()
    }

    /// `0.0.0.0`, `::`
    pub(super) fn is_unspecified(&self) -> bool {
        self.ip == IpAddr::V4(Ipv4Addr::UNSPECIFIED)
            || self.ip == IpAddr::V6(Ipv6Addr::UNSPECIFIED) && self.zone.is_none()
    }

    /// The address that lies so far behind, of the same version.
    pub(super) fn moved(&self, by: &BigInt) -> Result<Self, CallError> {
        let bytes = self.bytes();
        let (sign, sum) = (BigInt::from_bytes_be(Sign::Plus, &bytes) + by).to_bytes_be();
        if sign == Sign::Minus || sum.len() > bytes.len() {
            return Err(CallError::Failed(format!("{self} and the offset are out of range")));
        }
        let mut padded = vec![0; bytes.len() - sum.len()];
        padded.extend(sum);
        Self::from_bytes(&padded).ok_or_else(|| CallError::Failed("no address".into()))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.ip)?;
        self.zone.as_ref().map_or(Ok(()), |zone| write!(f, "%{zone}"))
    }
}

impl Prefix {
    /// `10.0.0.0/8`
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let (address, bits) = text.rsplit_once('/').ok_or("no '/'")?;
        let address = Address::parse(address).ok_or("no address before the '/'")?;
        if address.zone.is_some() {
            return Err("a zone is not allowed");
        }
        let digits = bits.bytes().all(|c| c.is_ascii_digit()) && (bits == "0" || !bits.starts_with('0'));
        let bits: u8 = bits.parse().ok().filter(|_| digits).ok_or("no number of bits after the '/'")?;
        let prefix = Self { address, bits };
        if bits > prefix.all_bits() { Err("too many bits") } else { Ok(prefix) }
    }

    fn all_bits(&self) -> u8 {
        if self.address.is_v4() { 32 } else { 128 }
    }

    /// How many bits do not name the network.
    pub(super) fn host_bits(&self) -> u8 {
        self.all_bits() - self.bits
    }

    /// The same with the address that lies so far behind.
    pub(super) fn moved(&self, by: &BigInt) -> Result<Self, CallError> {
        Ok(Self { address: self.address.moved(by)?, bits: self.bits })
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}
