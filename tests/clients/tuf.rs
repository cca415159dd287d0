//! The client of the public tuf-conformance suite's protocol (theupdateframework/tuf-conformance, `CLIENT-CLI.md`), over the
//! client that `initialize` and verification have.
//!
//! ```text
//! tuf_client --metadata-dir DIR init ROOT
//! tuf_client --metadata-dir DIR --metadata-url URL refresh
//! tuf_client --metadata-dir DIR --metadata-url URL --target-name NAME --target-base-url URL --target-dir DIR download
//! ```
//!
//! State is in `DIR`, in files without versions in their names. Exit code 1 on any failure.

#![allow(clippy::print_stderr, reason = "it says what failed")]

use std::collections::HashMap;
use std::error::Error;
use std::process::ExitCode;
use std::time::SystemTime;

use rcosign::internals::crypto::UnixTime;
use rcosign::internals::services::tuf::{Client, Remote, Store, root_version};
use rcosign::internals::services::{self, Connection};
use rcosign::internals::storage::CacheFolder;

type Failure = Box<dyn Error>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut cause: Option<&dyn Error> = Some(error.as_ref());
            while let Some(error) = cause {
                eprintln!("{error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

/// Metadata in one folder, targets in another.
struct Folders {
    metadata: CacheFolder,
    targets: Option<CacheFolder>,
}

impl Folders {
    fn of<'a>(&'a self, file: &'a str) -> Option<(&'a CacheFolder, &'a str)> {
        match file.strip_prefix("targets/") {
            None => Some((&self.metadata, file)),
            Some(file) => Some((self.targets.as_ref()?, file)),
        }
    }
}

impl Store for Folders {
    fn load(&self, file: &str, limit: u64) -> Option<Vec<u8>> {
        let (folder, file) = self.of(file)?;
        folder.load(file, limit).ok()?
    }

    fn store(&self, file: &str, bytes: &[u8]) {
        if let Some((folder, file)) = self.of(file)
            && let Err(error) = folder.store(file, bytes)
        {
            eprintln!("{file}: {error}");
        }
    }
}

fn run() -> Result<(), Failure> {
    let (flags, words) = arguments()?;
    let flag = |name: &str| flags.get(name).cloned().ok_or_else(|| format!("{name} is missing"));
    let folders = Folders {
        metadata: CacheFolder::new(flag("--metadata-dir")?),
        targets: flags.get("--target-dir").map(CacheFolder::new),
    };
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["init", root] => {
            let root = std::fs::read(root)?;
            root_version(&root)?;
            Ok(folders.metadata.store("root.json", &root)?)
        }
        ["refresh"] => update(&folders, &flag("--metadata-url")?, None),
        ["download"] => {
            let target = (flag("--target-name")?, flag("--target-base-url")?);
            update(&folders, &flag("--metadata-url")?, Some(target))
        }
        _ => Err("init ROOT, refresh or download is what there is to do".into()),
    }
}

fn update(folders: &Folders, metadata: &str, target: Option<(String, String)>) -> Result<(), Failure> {
    let root = folders.load("root.json", 512_000).ok_or("there is no root.json: run init first")?;
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let now = UnixTime::new(i64::try_from(since.as_secs())?, since.subsec_nanos());
    let services =
        services::Client::new(Connection { retry_for: std::time::Duration::ZERO, ..Connection::default() });
    let base = target.as_ref().map_or(metadata, |(_, base)| base);
    let remote = Remote::at(&services, metadata, base)?;
    let mut client = Client::new(&root, now, &remote, folders)?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        client.refresh().await?;
        if let Some((name, _)) = &target {
            client.target(name).await?;
        }
        Ok(())
    })
}

fn arguments() -> Result<(HashMap<String, String>, Vec<String>), Failure> {
    let (mut flags, mut words) = (HashMap::new(), Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument.starts_with("--") {
            let value = arguments.next().ok_or_else(|| format!("{argument} wants a value"))?;
            flags.insert(argument, value);
        } else {
            words.push(argument);
        }
    }
    Ok((flags, words))
}
