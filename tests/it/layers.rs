//! The house's own rules, checked on its sources: which room may import which (docs/design/architecture.md), which room may
//! name which crate, how long a file may be, and that no program is started but
//! credential helpers, a browser, and those of `sandbox`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;

/// Every room with the rooms that it may import.
const ROOMS: &[(&str, &[&str])] = &[
    ("main", &[]),
    ("cli", &["commands", "attest", "storage", "keys", "verify", "payload", "progress", "crypto"]),
    (
        "commands",
        &[
            "attest",
            "sign",
            "storage",
            "policy",
            "sandbox",
            "verify",
            "keys",
            "registry",
            "services",
            "cloud",
            "http",
            "program",
            "progress",
            "bundle",
            "trust",
            "payload",
            "tlog",
            "x509",
            "timestamp",
            "crypto",
        ],
    ),
    ("services", &["cloud", "http", "bundle", "trust", "payload", "tlog", "x509", "timestamp", "crypto"]),
    ("attest", &["sign", "payload", "crypto"]),
    ("sign", &["services", "verify", "bundle", "trust", "payload", "tlog", "x509", "timestamp", "crypto"]),
    (
        "policy",
        &["registry", "verify", "bundle", "trust", "payload", "x509", "cue", "re2", "gotime", "crypto"],
    ),
    ("sandbox", &["program", "bundle", "trust", "payload", "tlog", "x509", "timestamp", "crypto"]),
    (
        "storage",
        &["registry", "progress", "bundle", "trust", "payload", "tlog", "x509", "timestamp", "crypto"],
    ),
    ("verify", &["bundle", "trust", "payload", "tlog", "x509", "timestamp", "re2", "crypto"]),
    (
        "keys",
        &[
            "cloud",
            "http",
            "program",
            "progress",
            "bundle",
            "trust",
            "payload",
            "tlog",
            "x509",
            "timestamp",
            "crypto",
        ],
    ),
    ("registry", &["cloud", "http", "crypto"]),
    ("bundle", &["payload", "tlog", "x509", "timestamp", "crypto"]),
    ("trust", &["payload", "tlog", "x509", "timestamp", "crypto"]),
    ("cloud", &["http", "program", "crypto"]),
    ("http", &["x509", "progress", "crypto"]),
    ("program", &["progress", "crypto"]),
    ("progress", &[]),
    ("timestamp", &["x509", "crypto"]),
    ("payload", &["crypto"]),
    ("tlog", &["crypto"]),
    ("x509", &["crypto"]),
    ("cue", &["re2", "gotime", "crypto"]),
    ("re2", &[]),
    ("gotime", &[]),
    ("crypto", &[]),
    ("api", &["sign", "verify", "bundle", "trust", "payload", "x509", "crypto"]),
    (
        "internals",
        &[
            "commands",
            "services",
            "storage",
            "keys",
            "registry",
            "http",
            "attest",
            "bundle",
            "crypto",
            "cue",
            "payload",
            "policy",
            "sandbox",
            "sign",
            "timestamp",
            "tlog",
            "trust",
            "verify",
            "x509",
        ],
    ),
    ("lib", &["api", "cli"]),
];

/// Every crate with the rooms that may name it. `*` is every room.
const CRATES: &[(&str, &[&str])] = &[
    ("thiserror", &["*"]),
    ("serde", &["commands", "policy", "bundle", "payload", "crypto", "cli", "sandbox"]),
    (
        "serde_json",
        &[
            "bundle", "trust", "payload", "tlog", "x509", "attest", "commands", "cli", "crypto", "sandbox",
            "verify", "registry", "storage", "services", "http", "cloud", "keys", "policy", "cue",
        ],
    ),
    ("hex", &["*"]),
    ("anyhow", &["policy"]),
    ("regorus", &["policy"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("aws_credential_types", &["cloud"]),
    ("aws_sigv4", &["cloud"]),
    (
        "tokio",
        &[
            "cli", "cloud", "http", "keys", "commands", "progress", "registry", "sandbox", "services",
            "storage",
        ],
    ),
    ("futures_util", &["commands", "http", "registry", "storage"]),
    ("bytes", &["http", "services"]),
    ("h2", &["services"]),
    ("http_body", &["http"]),
    ("http_types", &["services"]),
    ("saphyr_parser", &["cloud"]),
    ("axum", &["sandbox"]),
    ("tough", &["sandbox"]),
    ("hyper", &["sandbox"]),
    ("hyper_util", &["sandbox"]),
    ("rustix", &["commands", "program", "sandbox"]),
    ("rustls", &["http", "sandbox"]),
    ("tokio_rustls", &["sandbox"]),
    ("rpassword", &["cli", "keys"]),
    ("signal_hook", &["commands"]),
    ("tar", &["storage"]),
    ("tempfile", &["sandbox", "storage"]),
    ("openssl_probe", &["http"]),
    ("reqwest", &["http"]),
    ("rustls_native_certs", &["http"]),
    ("webpki_root_certs", &["http"]),
    ("regex", &["re2"]),
    ("regex_syntax", &["re2"]),
    ("sigstore_trust_root", &["trust"]),
    ("aws_lc_rs", &["crypto", "x509", "timestamp"]),
    ("base64", &["crypto"]),
    ("crypto_box", &["crypto"]),
    ("cryptoki", &["keys"]),
    ("crypto_secretbox", &["crypto"]),
    ("des", &["crypto"]),
    ("der", &["crypto", "x509", "timestamp"]),
    ("ed25519_dalek", &["crypto"]),
    ("jiff", &["crypto"]),
    ("num_bigint", &["cue"]),
    ("num_integer", &["cue"]),
    ("num_traits", &["cue"]),
    ("pkcs8", &["crypto"]),
    ("scrypt", &["crypto"]),
    ("spki", &["crypto", "x509", "timestamp"]),
    ("zeroize", &["crypto"]),
];

/// The rooms that touch no file, socket, clock or environment: offline verification is a property of the import graph.
const PURE: &[&str] =
    &["verify", "bundle", "trust", "payload", "tlog", "x509", "timestamp", "re2", "cue", "crypto", "attest"];

/// What a pure room may not name of the standard library, and what of that is only a value.
const IMPURE: &[&str] = &["fs", "net", "env", "process", "thread", "time", "io"];
const VALUES: &[&str] = &["net::IpAddr", "net::Ipv4Addr", "net::Ipv6Addr", "time::Duration"];

/// Lines of a file without its tests.
const MAX_LINES: usize = 500;

/// What a path names when it names all of the crate or of `std`, so that nothing can be said of it.
const EVERYTHING: &str = "*";

#[derive(Default)]
struct Names {
    /// The module whose lines are being looked at, from the crate's root: what `super` starts from.
    module: Vec<String>,
    /// `crate::room`, `rcosign::room`, and the rooms that are reached by `super`.
    rooms: BTreeSet<String>,
    /// First segments of all other paths that have at least two, and what `use` and `extern crate` name alone.
    crates: BTreeSet<String>,
    /// What follows `std::`, up to two segments.
    std: BTreeSet<String>,
    /// Names that a `use` or a `mod` of the file binds to something of the house.
    local: BTreeSet<String>,
    /// Whether `std::process::Command` is named.
    starts_programs: bool,
}

impl Names {
    fn path(&mut self, segments: &[String]) {
        let [first, second, ..] = segments else { return };
        match first.as_str() {
            "crate" | "rcosign" => {
                self.rooms.insert(second.clone());
            }
            "std" => {
                self.std.insert(segments[1..].iter().take(2).cloned().collect::<Vec<_>>().join("::"));
            }
            "self" | "super" => self.relative(segments),
            "Self" | "core" | "alloc" => {}
            other => {
                self.crates.insert(other.to_owned());
            }
        }
        self.starts_programs |=
            segments.windows(2).any(|w| w[0] == "process" && ["Command", "*"].contains(&&*w[1]));
    }

    /// A path that starts at the module it stands in and may leave the room.
    fn relative(&mut self, segments: &[String]) {
        let inner = segments.iter().take_while(|s| ["self", "super"].contains(&s.as_str())).count();
        let up = segments.iter().take(inner).filter(|s| *s == "super").count();
        if up > 0 && up >= self.module.len() {
            self.rooms.insert(segments.get(inner).map_or(EVERYTHING, String::as_str).to_owned());
        }
    }

    /// A crate, or the root of one, that is given a name by `use` or `extern crate`.
    fn root_named(&mut self, name: &str) {
        match name {
            "crate" | "rcosign" => {
                self.rooms.insert(EVERYTHING.to_owned());
            }
            "std" => {
                self.std.insert(EVERYTHING.to_owned());
            }
            "self" | "super" => self.relative(&[name.to_owned()]),
            other => {
                self.crates.insert(other.to_owned());
            }
        }
    }

    /// The crates that are meant: a name that the file binds itself is not a crate.
    fn crates(&self) -> impl Iterator<Item = &String> {
        self.crates.difference(&self.local)
    }

    fn bind(&mut self, path: &[String], name: &dyn ToString) {
        if path.first().is_some_and(|f| ["crate", "super", "self", "rcosign"].contains(&f.as_str())) {
            self.local.insert(name.to_string());
        }
    }

    fn use_tree(&mut self, prefix: &[String], tree: &syn::UseTree) {
        let with = |name: &dyn ToString| prefix.iter().cloned().chain([name.to_string()]).collect::<Vec<_>>();
        match tree {
            syn::UseTree::Path(path) => self.use_tree(&with(&path.ident), &path.tree),
            syn::UseTree::Name(name) if prefix.is_empty() => self.root_named(&name.ident.to_string()),
            syn::UseTree::Rename(rename) if prefix.is_empty() => self.root_named(&rename.ident.to_string()),
            syn::UseTree::Name(name) => {
                self.bind(prefix, &name.ident);
                self.path(&with(&name.ident));
            }
            syn::UseTree::Rename(rename) => {
                self.bind(prefix, &rename.rename);
                self.path(&with(&rename.ident));
            }
            syn::UseTree::Glob(_) => self.path(&with(&"*")),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.use_tree(prefix, item)),
        }
    }

    /// Macro arguments are not parsed by syn: every `a::b` in them counts as a path.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if colons == 2 || path.is_empty() => path.push(ident.to_string()),
                TokenTree::Ident(ident) => {
                    self.path(&std::mem::take(&mut path));
                    path.push(ident.to_string());
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => {
                    colons += 1;
                    continue;
                }
                TokenTree::Group(group) => {
                    self.path(&std::mem::take(&mut path));
                    self.tokens(group.stream());
                }
                _ => self.path(&std::mem::take(&mut path)),
            }
            colons = 0;
        }
        self.path(&path);
    }
}

impl<'a> Visit<'a> for Names {
    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        self.use_tree(&[], &item.tree);
    }

    fn visit_item_extern_crate(&mut self, item: &'a syn::ItemExternCrate) {
        self.root_named(&item.ident.to_string());
    }

    fn visit_item_mod(&mut self, item: &'a syn::ItemMod) {
        self.local.insert(item.ident.to_string());
        self.module.push(item.ident.to_string());
        syn::visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        self.path(&path.segments.iter().map(|s| s.ident.to_string()).collect::<Vec<_>>());
        syn::visit::visit_path(self, path);
    }

    fn visit_attribute(&mut self, attribute: &'a syn::Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone());
        }
        syn::visit::visit_attribute(self, attribute);
    }

    fn visit_macro(&mut self, mac: &'a syn::Macro) {
        self.tokens(mac.tokens.clone());
        syn::visit::visit_macro(self, mac);
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The room of a source file: the first folder below `src`, or the file's own name.
fn room(path: &Path) -> String {
    let first = path.strip_prefix(root().join("src")).unwrap().components().next().unwrap();
    Path::new(first.as_os_str()).with_extension("").display().to_string()
}

/// The module that a source file is, from the crate's root.
fn module(path: &Path) -> Vec<String> {
    let below = path.strip_prefix(root().join("src")).unwrap().with_extension("");
    let mut module: Vec<String> =
        below.components().map(|c| c.as_os_str().to_string_lossy().into_owned()).collect();
    let last = module.pop().unwrap();
    let is_folder = last == "mod" || (module.is_empty() && ["lib", "main"].contains(&last.as_str()));
    module.extend((!is_folder).then_some(last));
    module
}

fn is_test_file(path: &Path) -> bool {
    path.components().any(|c| c.as_os_str() == "tests" || c.as_os_str() == "tests.rs")
}

/// Drops what is compiled for tests only: test modules may use more of the house and the dev-dependencies.
fn without_tests(file: &mut syn::File) {
    file.items.retain(|item| {
        let attributes = match item {
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            _ => return true,
        };
        !attributes.iter().any(|a| a.path().is_ident("cfg") && quoted(&a.meta).contains("test"))
    });
}

fn quoted(meta: &syn::Meta) -> String {
    match meta {
        syn::Meta::List(list) => list.tokens.to_string(),
        _ => String::new(),
    }
}

fn names_of(path: &Path) -> Names {
    let mut file = syn::parse_file(&std::fs::read_to_string(path).unwrap()).unwrap();
    without_tests(&mut file);
    let mut names = Names { module: module(path), ..Names::default() };
    names.visit_file(&file);
    names
}

fn dependencies() -> BTreeSet<String> {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    // Those of every platform and those of some.
    let tables = manifest.split("\n[").filter(|table| {
        let head = table.lines().next().unwrap_or_default();
        head == "dependencies]" || (head.starts_with("target.") && head.ends_with(".dependencies]"))
    });
    tables
        .flat_map(str::lines)
        .filter(|line| !line.starts_with("target."))
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| if name == "rustls-webpki" { "webpki".into() } else { name.replace('-', "_") })
        .collect()
}

#[test]
fn rooms_import_lower_rooms_only() {
    let rooms: BTreeMap<_, _> = ROOMS.iter().copied().collect();
    let mut faults = Vec::new();
    for path in sources(&root().join("src")).iter().filter(|p| !is_test_file(p)) {
        let room = room(path);
        let Some(allowed) = rooms.get(room.as_str()) else {
            faults.push(format!("{}: room `{room}` is not in the table", path.display()));
            continue;
        };
        for target in names_of(path).rooms {
            if target == EVERYTHING {
                faults.push(format!("{}: `{room}` names the whole crate at once", path.display()));
            }
            if rooms.contains_key(target.as_str()) && target != room && !allowed.contains(&target.as_str()) {
                faults.push(format!("{}: `{room}` imports `{target}`", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn crates_are_named_where_they_belong() {
    let crates: BTreeMap<_, _> = CRATES.iter().copied().collect();
    let dependencies = dependencies();
    let listed: BTreeSet<String> = crates.keys().map(|c| (*c).to_owned()).collect();
    assert_eq!(listed, dependencies, "the table of crates and Cargo.toml differ");
    let mut faults = Vec::new();
    let mut used = BTreeSet::new();
    for path in sources(&root().join("src")).iter().filter(|p| !is_test_file(p)) {
        let room = room(path);
        for name in names_of(path).crates().filter(|name| dependencies.contains(*name)) {
            used.insert(name.clone());
            let allowed = crates[name.as_str()];
            if !allowed.contains(&"*") && !allowed.contains(&room.as_str()) {
                faults.push(format!("{}: `{room}` names the crate `{name}`", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    let idle: Vec<_> = dependencies.difference(&used).collect();
    assert!(idle.is_empty(), "dependencies that nothing names: {idle:?}");
}

#[test]
fn pure_rooms_touch_nothing_outside() {
    let mut faults = Vec::new();
    for path in sources(&root().join("src")).iter().filter(|p| !is_test_file(p)) {
        if !PURE.contains(&room(path).as_str()) {
            continue;
        }
        let impure = |n: &&String| {
            let first = n.split("::").next().unwrap_or_default();
            first == EVERYTHING || (IMPURE.contains(&first) && !VALUES.contains(&n.as_str()))
        };
        for name in names_of(path).std.iter().filter(impure) {
            faults.push(format!("{}: a pure room names std::{name}", path.display()));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn few_programs_are_started() {
    let starts: Vec<_> = sources(&root().join("src"))
        .into_iter()
        .filter(|p| !is_test_file(p) && names_of(p).starts_programs)
        .map(|p| p.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/"))
        .collect();
    // The user's own configuration names the helpers; --allow-kms-plugin lets programs hold keys, and --allow-kube-exec lets them give credentials for clusters; the browser of a login is the platform's; a sandbox in the background is this
    // program itself, and `sandbox run` runs what stands on its command line, and asks a cosign for its help.
    assert_eq!(
        starts,
        [
            "src/commands/sandbox/background.rs",
            "src/commands/sandbox/child.rs",
            "src/commands/sandbox/cosign.rs",
            "src/program/run.rs",
            "src/registry/auth/helper.rs",
            "src/services/oidc/flows/browser.rs",
        ]
    );
    for file in starts {
        let text = std::fs::read_to_string(root().join(&file)).unwrap();
        // What asks a cosign for its help gets the command from `sandbox run`, which makes it at the one place.
        let made = usize::from(!file.ends_with("sandbox/cosign.rs"));
        assert_eq!(text.matches("Command::new(").count(), made, "{file}");
    }
}

#[test]
fn files_stay_readable() {
    let mut faults = Vec::new();
    for path in sources(&root().join("src")).iter().filter(|p| !is_test_file(p)) {
        let text = std::fs::read_to_string(path).unwrap();
        let lines = text.lines().take_while(|l| *l != "#[cfg(test)]").count();
        if lines > MAX_LINES {
            faults.push(format!("{}: {lines} lines", path.display()));
        }
        if path.file_stem().is_some_and(|s| s == "util" || s == "utils" || s == "common" || s == "helpers") {
            faults.push(format!("{}: a drawer, not a room", path.display()));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn the_rules_see_what_they_forbid() {
    let mut names = Names::default();
    let source =
        "use crate::{http::get, keys as k}; fn f() { reqwest::get(); println!(\"{}\", crate::trust::X);
        let _: std::net::IpAddr; std::process::Command::new(\"sh\"); }";
    names.visit_file(&syn::parse_file(source).unwrap());
    assert_eq!(names.rooms.iter().map(String::as_str).collect::<Vec<_>>(), ["http", "keys", "trust"]);
    assert!(
        names.crates().any(|c| c == "reqwest") && names.std.contains("net::IpAddr") && names.starts_programs
    );
}

#[test]
fn no_way_around_the_rules_is_left() {
    let names = |source: &str| {
        let module = vec!["verify".to_owned(), "claim".to_owned()];
        let mut names = Names { module, ..Names::default() };
        names.visit_file(&syn::parse_file(source).unwrap());
        names
    };
    let rooms = |source: &str| names(source).rooms.into_iter().collect::<Vec<_>>();
    for source in [
        "use super::super::keys;",
        "fn f() { super::super::keys::load(); }",
        "fn f() { self::super::super::keys::load(); }",
        "mod inner { fn f() { super::super::super::keys::load(); } }",
        "fn f() { println!(\"{}\", super::super::keys::load()); }",
    ] {
        assert_eq!(rooms(source), ["keys"], "{source}");
    }
    for source in ["use crate as all;", "use crate::*;", "use super::super::*;"] {
        assert_eq!(rooms(source), [EVERYTHING], "{source}");
    }
    for source in ["use super::policy; pub(super) fn f() {}", "mod inner { use super::super::policy; }"] {
        assert_eq!(rooms(source), [""; 0], "{source}");
    }
    for source in ["extern crate reqwest;", "extern crate reqwest as r;", "use reqwest;", "use reqwest as r;"]
    {
        assert!(names(source).crates().any(|c| c == "reqwest"), "{source}");
    }
    for source in ["use std as s;", "use std::*;", "extern crate std as s;"] {
        assert!(names(source).std.contains(EVERYTHING), "{source}");
    }
}

/// A file in `testdata` without a word on where it comes from is no evidence.
#[test]
fn test_data_has_provenance() {
    let folder = root().join("testdata");
    if !folder.is_dir() {
        return;
    }
    let mut faults = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let sub = entry.unwrap().path();
        if !sub.is_dir() {
            continue;
        }
        let readme = std::fs::read_to_string(sub.join("README.md")).unwrap_or_default();
        let whole = std::fs::read_to_string(folder.join("README.md")).unwrap_or_default();
        for file in files(&sub) {
            let name = file.strip_prefix(&sub).unwrap().display().to_string().replace('\\', "/");
            // A line may tell of one file, of all files with that stem, or of a whole folder below.
            let stem = file.file_stem().unwrap().to_string_lossy().split('.').next().unwrap().to_owned();
            let below = name.split_once('/').map_or(String::new(), |(first, _)| format!("{first}/"));
            let told = |text: &String| {
                text.contains(&name) || text.contains(&stem) || (!below.is_empty() && text.contains(&below))
            };
            if name != "README.md" && ![&readme, &whole].into_iter().any(told) {
                faults.push(file.display().to_string());
            }
        }
    }
    assert!(faults.is_empty(), "no line of provenance for:\n{}", faults.join("\n"));
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}
