//! Names of servers in the static program.
//!
//! glibc's resolver loads the modules that `/etc/nsswitch.conf` names. Inside a static program these belong to another glibc
//! than the one that is linked in; on a system newer than the one it was built on, `myhostname` or `resolve` ended it with a
//! segmentation fault. So the static program asks the servers of `/etc/resolv.conf` itself, after `/etc/hosts`.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

const SERVERS: &str = "/etc/resolv.conf";

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Resolves names; the files are read when the first name is asked for.
#[derive(Debug, Default, Clone)]
pub(super) struct Names {
    resolver: Arc<OnceLock<TokioResolver>>,
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let this = self.clone();
        Box::pin(async move { this.addresses(name.as_str()).await })
    }
}

impl Names {
    async fn addresses(&self, name: &str) -> Result<Addrs, Failure> {
        let resolver = match self.resolver.get() {
            Some(resolver) => resolver,
            None => {
                let made = resolver()?;
                self.resolver.get_or_init(|| made)
            }
        };
        match resolver.lookup_ip(name).await {
            Ok(found) => {
                let addresses: Vec<_> = found.iter().map(|address| SocketAddr::new(address, 0)).collect();
                Ok(Box::new(addresses.into_iter()))
            }
            Err(_) if std::fs::metadata(SERVERS).is_err() => {
                Err(format!("there is no `{SERVERS}`, which says what servers know the name `{name}`").into())
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Without the file, `/etc/hosts` and `localhost` still have a meaning. No server of somebody else is asked then.
fn resolver() -> Result<TokioResolver, Failure> {
    let mut builder = match std::fs::metadata(SERVERS) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let nobody = ResolverConfig::from_parts(None, Vec::new(), Vec::new());
            TokioResolver::builder_with_config(nobody, TokioRuntimeProvider::default())
        }
        _ => TokioResolver::builder_tokio().map_err(|e| format!("`{SERVERS}` cannot be used: {e}"))?,
    };
    builder.options_mut().ip_strategy = LookupIpStrategy::Ipv6AndIpv4;
    Ok(builder.build()?)
}
