use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::*;

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn they_are_sorted_and_each_is_there_once() {
    assert!(VARIABLES.is_sorted_by(|a, b| a.name < b.name));
}

#[test]
fn every_variable_that_cosign_shows_is_there_and_as_secret_as_there() {
    let path = repository().join(".ci/cosign-surface.json");
    let surface: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let facts = surface["environment"].as_array().unwrap();
    let theirs: BTreeSet<&str> = facts
        .iter()
        .filter(|fact| fact["shown_by_env_command"] == true)
        .map(|fact| fact["name"].as_str().unwrap())
        .collect();
    let ours: BTreeSet<&str> = VARIABLES.iter().map(|variable| variable.name).collect();
    assert!(theirs.len() > 25 && theirs.is_subset(&ours), "{:?}", theirs.difference(&ours));
    for variable in VARIABLES {
        let fact = facts.iter().find(|fact| fact["name"] == variable.name);
        let secret = fact.is_some_and(|fact| fact["sensitive"] == true);
        assert!(variable.sensitive || !secret, "{}", variable.name);
        // What is more than cosign shows has an effect here.
        let shown = theirs.contains(variable.name);
        assert!(shown || variable.works || !cfg!(feature = "http"), "{}", variable.name);
    }
}

#[test]
fn descriptions_follow_the_house_style() {
    for Variable { name, does, expects, .. } in VARIABLES {
        for text in [does, expects] {
            assert!(!text.is_empty() && !text.ends_with('.') && !text.contains("  "), "{name}: {text}");
        }
    }
}

/// A variable works exactly if the sources name it, as they do where they read the environment; those of proxies are read
/// by the library of the HTTP client.
#[test]
fn what_is_said_to_have_an_effect_is_what_the_sources_read() {
    let mut text = String::new();
    read_sources(&repository().join("src"), &mut text);
    for variable in VARIABLES {
        let by_library = variable.name.ends_with("_PROXY");
        let read = text.contains(&format!("\"{}\"", variable.name));
        assert!(read == variable.works || by_library || !cfg!(feature = "http"), "{}", variable.name);
    }
}

/// The sources without this room's lists and without tests.
fn read_sources(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            read_sources(&path, text);
        } else if !["tests.rs", "variables.rs", "env.rs"].contains(&name) {
            let source = std::fs::read_to_string(&path).unwrap();
            text.push_str(source.split("#[cfg(test)]\nmod tests {").next().unwrap());
        }
    }
}

/// The tables of the document between their marks.
fn tables() -> String {
    let mut out = String::from("| variable | what it does | value |\n|---|---|---|\n");
    let row = |variable: &Variable| {
        let Variable { name, does, expects, .. } = variable;
        let masked = if variable.sensitive { " (masked)" } else { "" };
        format!("| `{name}` | {does} | {expects}{masked} |\n")
    };
    out.extend(VARIABLES.iter().filter(|variable| variable.works).map(row));
    out.push_str("\nVariables of cosign without an effect in this version:\n\n| variable | what it does in cosign | value |\n|---|---|---|\n");
    out.extend(VARIABLES.iter().filter(|variable| !variable.works).map(row));
    out
}

#[cfg(feature = "http")]
#[test]
fn the_reference_of_the_environment_is_up_to_date() {
    const MARK: &str =
        "<!-- the table of `rcosign env`; RCOSIGN_BLESS=1 cargo test variables writes it anew -->\n\n";
    const END: &str = "\n<!-- end of the table -->\n";
    let path = repository().join("docs/reference/environment.md");
    let text = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    let (before, rest) = text.split_once(MARK).unwrap();
    let (kept, after) = rest.split_once(END).unwrap();
    if std::env::var_os("RCOSIGN_BLESS").is_some() {
        std::fs::write(&path, format!("{before}{MARK}{}{END}{after}", tables())).unwrap();
    } else {
        assert!(kept == tables(), "{} is not what `env` says", path.display());
    }
}

/// Whatever the rooms of clouds and keys look at is named by `env` when it is set.
#[test]
fn every_variable_of_a_cloud_is_known() {
    const PREFIXES: [&str; 11] = [
        "AWS_",
        "AZURE_",
        "BAO_",
        "CLOUDSDK_",
        "GOOGLE_CLOUD_",
        "IDENTITY_",
        "KUBECONFIG",
        "KUBERNETES_SERVICE_",
        "MSI_",
        "TRANSIT_",
        "VAULT_",
    ];
    fn words(folder: &std::path::Path, found: &mut std::collections::BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with("tests") || path.ends_with("tests.rs") {
                continue;
            }
            if path.is_dir() {
                words(&path, found);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap();
            for word in text.split('"') {
                let is_name = word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
                if is_name
                    && PREFIXES.iter().any(|prefix| word.starts_with(prefix) && word.len() > prefix.len() - 1)
                {
                    found.insert(word.to_owned());
                }
            }
        }
    }
    let mut found = std::collections::BTreeSet::new();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for room in ["cloud", "keys"] {
        words(&root.join(room), &mut found);
    }
    assert!(found.len() > 40, "{found:?}");
    let unknown: Vec<_> = found.iter().filter(|name| !is_of_a_cloud(name) && named(name).is_none()).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    assert!(CLOUDS.is_sorted());
}
