//! `/etc/hosts` (hosts(5)) and `/etc/resolv.conf` (resolv.conf(5)).

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// As in glibc (MAXNS, RES_MAXTIME, RES_MAXRETRY, MAXDNSRCH beyond the old six).
const MAX_SERVERS: usize = 3;
const MAX_SECONDS: u64 = 30;
const MAX_ATTEMPTS: u64 = 5;
const MAX_SEARCH: usize = 32;
const MAX_DOTS: u64 = 15;

/// The addresses of a name.
pub fn hosts(text: &str, name: &str) -> Vec<IpAddr> {
    let name = name.trim_end_matches('.');
    text.lines()
        .filter_map(|line| {
            let mut words = line.split('#').next()?.split_ascii_whitespace();
            let address: IpAddr = words.next()?.parse().ok()?;
            words.any(|word| word.eq_ignore_ascii_case(name)).then_some(address)
        })
        .collect()
}

/// Whom to ask, and how.
#[derive(Debug, PartialEq, Eq)]
pub struct Servers {
    pub addresses: Vec<SocketAddr>,
    pub search: Vec<String>,
    /// Names with fewer dots are tried with what `search` lists first.
    pub dots: usize,
    pub timeout: Duration,
    pub attempts: u64,
}

impl Servers {
    /// Lines that make no sense are left out, as everywhere.
    pub fn parse(text: &str) -> Self {
        let mut this = Self {
            addresses: Vec::new(),
            search: Vec::new(),
            dots: 1,
            timeout: Duration::from_secs(5),
            attempts: 2,
        };
        for line in text.lines().filter(|line| !line.starts_with(['#', ';'])) {
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("nameserver") if this.addresses.len() < MAX_SERVERS => {
                    this.addresses.extend(words.next().and_then(server));
                }
                // The last of the two decides.
                Some("search" | "domain") => {
                    this.search =
                        words.take(MAX_SEARCH).map(|word| word.trim_matches('.').to_owned()).collect();
                    this.search.retain(|word| !word.is_empty());
                }
                Some("options") => words.for_each(|word| this.option(word)),
                _ => {}
            }
        }
        this
    }

    fn option(&mut self, word: &str) {
        let Some((name, Ok(number))) = word.split_once(':').map(|(name, n)| (name, n.parse::<u64>())) else {
            return;
        };
        match name {
            "ndots" => self.dots = usize::try_from(number.min(MAX_DOTS)).unwrap_or_default(),
            "timeout" => self.timeout = Duration::from_secs(number.clamp(1, MAX_SECONDS)),
            "attempts" => self.attempts = number.clamp(1, MAX_ATTEMPTS),
            _ => {}
        }
    }

    /// The whole names that a name may stand for, in the order of trying. One that ends in a dot is whole.
    pub fn candidates(&self, name: &str) -> Vec<String> {
        if let Some(whole) = name.strip_suffix('.') {
            return vec![whole.to_owned()];
        }
        let mut all: Vec<_> = self.search.iter().map(|domain| format!("{name}.{domain}")).collect();
        let itself = if name.matches('.').count() >= self.dots { 0 } else { all.len() };
        all.insert(itself, name.to_owned());
        all
    }
}

/// An address, of IPv6 also with the number of its interface (`fe80::1%2`).
fn server(word: &str) -> Option<SocketAddr> {
    match word.parse::<IpAddr>() {
        Ok(address) => Some(SocketAddr::new(address, 53)),
        Err(_) => format!("[{word}]:53").parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_by_every_name_of_their_line() {
        let text = "127.0.0.1 localhost # one\n#10.0.0.1 gone\n10.0.0.2\tName.example\tshort\r\n::2 name.example\nbad name.example\n";
        let found = |name| hosts(text, name).iter().map(IpAddr::to_string).collect::<Vec<_>>();
        assert_eq!(found("name.EXAMPLE."), ["10.0.0.2", "::2"]);
        assert_eq!(found("short"), ["10.0.0.2"]);
        for nothing in ["one", "gone", "10.0.0.2", "example", ""] {
            assert!(found(nothing).is_empty(), "{nothing}");
        }
    }

    #[test]
    fn servers_and_options() {
        let text = "# x\ndomain old.example\nnameserver 192.0.2.1\nnameserver ::1\nnameserver fe80::1%2\nnameserver 192.0.2.4\n\
                    nameserver rubbish\nsearch a.example .b.example. .\noptions ndots:99 timeout:0 attempts:3 rotate trust-ad\n;x\n";
        let servers = Servers::parse(text);
        let shown: Vec<_> = servers.addresses.iter().map(SocketAddr::to_string).collect();
        assert_eq!(shown, ["192.0.2.1:53", "[::1]:53", "[fe80::1%2]:53"]);
        assert_eq!(servers.search, ["a.example", "b.example"]);
        assert_eq!((servers.dots, servers.timeout.as_secs(), servers.attempts), (15, 1, 3));
        let nothing = Servers::parse("");
        assert!(nothing.addresses.is_empty() && nothing.dots == 1 && nothing.attempts == 2);
    }

    #[test]
    fn short_names_are_searched_first_and_others_last() {
        let servers = Servers::parse("search a.example b.example\noptions ndots:2");
        assert_eq!(servers.candidates("x.y"), ["x.y.a.example", "x.y.b.example", "x.y"]);
        assert_eq!(servers.candidates("x.y.z"), ["x.y.z", "x.y.z.a.example", "x.y.z.b.example"]);
        assert_eq!(servers.candidates("x."), ["x"]);
    }
}
