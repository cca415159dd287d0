//! `net.cidr_*`: networks (RFC 4632) and their addresses, as Go reads them.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use regorus::Value;

use super::order::{items, members};
use super::{LIMIT, Outcome, Said, text};

pub(super) const FUNCTIONS: &[Said] = &[
    ("net.cidr_contains", 2, |given| match (text(given, 0), text(given, 1)) {
        (Some(network), Some(other)) => Ok(contains(network, other)?.map(Value::from)),
        _ => Ok(None),
    }),
    ("net.cidr_contains_matches", 2, matches),
    ("net.cidr_expand", 1, expand),
    ("net.cidr_intersects", 2, |given| match (network(given, 0)?, network(given, 1)?) {
        (Some(one), Some(other)) => Ok(Some((one.holds(other.from) || other.holds(one.from)).into())),
        _ => Ok(None),
    }),
    ("net.cidr_is_valid", 1, |given| match text(given, 0) {
        Some(text) => Ok(Some(Network::parse(text)?.is_some().into())),
        None => Ok(Some(false.into())),
    }),
    ("net.cidr_merge", 1, merge),
    ("net.cidr_overlap", 2, |given| match (text(given, 0), text(given, 1)) {
        (Some(network), Some(other)) => Ok(contains(network, other)?.map(Value::from)),
        _ => Ok(None),
    }),
];

/// The most addresses of a network that are named.
const EXPANDED: u32 = 16;

/// An address as a number, and how many bits it has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Address {
    bits: u32,
    number: u128,
}

impl Address {
    /// An address; `Err` for one of version 4 that is written as one of version 6, which Go takes now for this and now for that.
    fn parse(text: &str) -> Outcome<Self> {
        Ok(match text.parse::<IpAddr>() {
            Ok(IpAddr::V4(address)) => Some(Self { bits: 32, number: u32::from(address).into() }),
            Ok(IpAddr::V6(address)) if address.to_ipv4_mapped().is_some() => {
                return Err(format!("the address {text}, of version 4 within version 6"));
            }
            Ok(IpAddr::V6(address)) => Some(Self { bits: 128, number: address.into() }),
            Err(_) if text.contains('%') => return Err(format!("the address {text}, with a zone")),
            Err(_) => None,
        })
    }

    fn text(self) -> String {
        match u32::try_from(self.number) {
            Ok(number) if self.bits == 32 => Ipv4Addr::from(number).to_string(),
            _ => Ipv6Addr::from(self.number).to_string(),
        }
    }
}

/// A network: its first and its last address.
#[derive(Clone, Copy)]
struct Network {
    from: Address,
    to: Address,
    prefix: u32,
}

impl Network {
    fn parse(text: &str) -> Outcome<Self> {
        let Some((address, prefix)) = text.split_once('/') else { return Ok(None) };
        let Some(address) = Address::parse(address)? else { return Ok(None) };
        let digits = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix = prefix.parse().ok().filter(|prefix: &u32| digits && *prefix <= address.bits);
        Ok(prefix.map(|prefix| Self::new(address, prefix)))
    }

    fn new(address: Address, prefix: u32) -> Self {
        let free = address.bits.saturating_sub(prefix);
        let rest = 1_u128.checked_shl(free).map_or(u128::MAX, |size| size - 1);
        let from = Address { number: address.number & !rest, ..address };
        Self { from, to: Address { number: from.number | rest, ..address }, prefix }
    }

    fn holds(self, address: Address) -> bool {
        self.from.bits == address.bits && self.from <= address && address <= self.to
    }
}

fn network(given: &[Value], at: usize) -> Outcome<Network> {
    text(given, at).map_or(Ok(None), Network::parse)
}

/// Whether a network has an address, or all of another network.
fn contains(one: &str, other: &str) -> Outcome<bool> {
    let Some(one) = Network::parse(one)? else { return Ok(None) };
    if let Some(address) = Address::parse(other)? {
        return Ok(Some(one.holds(address)));
    }
    Ok(Network::parse(other)?.map(|other| one.holds(other.from) && one.holds(other.to)))
}

fn expand(given: &[Value]) -> Outcome<Value> {
    let Some(Network { from, to, prefix }) = network(given, 0)? else { return Ok(None) };
    if from.bits - prefix > EXPANDED {
        return Err(format!("{LIMIT}net.cidr_expand of more than {} addresses", 1_u32 << EXPANDED));
    }
    let all = (from.number..=to.number).map(|number| Value::from(Address { number, ..from }.text()));
    Ok(Some(all.collect::<BTreeSet<_>>().into()))
}

/// Networks or addresses by what they are called: items by their place, members by their key, others by themselves.
fn named(value: &Value) -> Option<Vec<(Value, &str)>> {
    let first = |item: &Value| match item {
        Value::Array(parts) => parts.first().cloned(),
        other => Some(other.clone()),
    };
    let text = |item: &'_ Value| matches!(first(item), Some(Value::String(_)));
    let all: Vec<(Value, &Value)> = match value {
        Value::String(_) => vec![(value.clone(), value)],
        Value::Array(items) => items.iter().enumerate().map(|(at, item)| (Value::from(at), item)).collect(),
        Value::Set(_) => items(value)?.into_iter().map(|item| (item.clone(), item)).collect(),
        Value::Object(_) => members(value).into_iter().map(|(key, item)| (key.clone(), item)).collect(),
        _ => return None,
    };
    all.into_iter()
        .map(|(name, item)| match item {
            item if !text(item) => None,
            Value::Array(parts) => match parts.first() {
                Some(Value::String(text)) => Some((name, &**text)),
                _ => None,
            },
            Value::String(text) => Some((name, &**text)),
            _ => None,
        })
        .collect()
}

/// What matches; `Err` for what names no network or address: OPA takes that for nothing here and for a mistake there.
fn matches(given: &[Value]) -> Outcome<Value> {
    let other = || Err("net.cidr_contains_matches of what is no network or address".to_owned());
    let (Some(networks), Some(addresses)) = (given.first().and_then(named), given.get(1).and_then(named))
    else {
        return other();
    };
    let mut found = BTreeSet::new();
    for (name, network) in &networks {
        for (known, address) in &addresses {
            match contains(network, address)? {
                Some(true) => {
                    found.insert(Value::from(vec![name.clone(), known.clone()]));
                }
                Some(false) => {}
                None => return other(),
            }
        }
    }
    Ok(Some(found.into()))
}

/// The fewest networks that have the same addresses.
fn merge(given: &[Value]) -> Outcome<Value> {
    let Some(all) = given.first().and_then(items) else { return Ok(None) };
    let mut ranges = Vec::new();
    for one in all {
        let Value::String(text) = one else { return Ok(None) };
        let Some(Network { from, to, .. }) = Network::parse(text)? else {
            return Err(format!("net.cidr_merge of {text}, which is no network"));
        };
        ranges.push((from, to));
    }
    ranges.sort();
    let mut joined: Vec<(Address, Address)> = Vec::new();
    for (from, to) in ranges {
        match joined.last_mut() {
            Some((_, end)) if end.bits == from.bits && from.number <= end.number.saturating_add(1) => {
                *end = (*end).max(to);
            }
            _ => joined.push((from, to)),
        }
    }
    let mut found = BTreeSet::new();
    for (mut from, to) in joined {
        loop {
            let fits = |prefix: &u32| {
                let network = Network::new(from, *prefix);
                network.from == from && network.to <= to
            };
            let Some(prefix) = (0..=from.bits).find(fits) else { return Ok(None) };
            let network = Network::new(from, prefix);
            found.insert(Value::from(format!("{}/{prefix}", from.text())));
            if network.to == to {
                break;
            }
            from = Address { number: network.to.number + 1, ..from };
        }
    }
    Ok(Some(found.into()))
}
