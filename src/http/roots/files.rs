//! Stores of certificates in files: finding them, and whether they can be used.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls_native_certs::{CertificateResult, load_certs_from_paths};

use crate::http::Error;

const FILE: &str = "SSL_CERT_FILE";
const FOLDERS: &str = "SSL_CERT_DIR";

/// What is trusted.
#[derive(Debug, PartialEq, Eq)]
pub enum Store {
    /// The store that the TLS library finds by itself, too.
    System(System),
    /// The roots that are built in.
    BuiltIn,
}

/// A store in files.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct System {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub certificates: Vec<CertificateDer<'static>>,
    /// Folders that belong to it and have not been read: each certificate of a distribution is in the file as well.
    pub more: Vec<PathBuf>,
}

impl System {
    /// What is in the folders that have not been read.
    pub fn rest(&self) -> Vec<CertificateDer<'static>> {
        self.more.iter().flat_map(|folder| load_certs_from_paths(None, Some(folder)).certs).collect()
    }
}

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    #[error("the variable is set and empty")]
    Empty,
    #[error("there is no certificate in it")]
    NoCertificate,
    #[error("{0}")]
    Load(rustls_native_certs::Error),
}

/// Where stores are looked for.
#[derive(Debug, Default)]
pub struct Places {
    pub file: Option<PathBuf>,
    pub folders: Vec<PathBuf>,
}

impl Places {
    /// Those of the distributions that exist here.
    pub fn of_the_system() -> Self {
        let found = openssl_probe::probe();
        Self { file: found.cert_file, folders: found.cert_dir }
    }
}

/// Decides, looking at the system's own places only where no variable is set.
pub fn find(
    variable: impl Fn(&str) -> Option<OsString>,
    system: impl FnOnce() -> Places,
) -> Result<Store, Error> {
    let (file, folders) = (variable(FILE), variable(FOLDERS));
    for (name, value) in [(FILE, &file), (FOLDERS, &folders)] {
        if value.as_ref().is_some_and(|value| value.is_empty()) {
            return Err(broken(name.to_owned(), Broken::Empty));
        }
    }
    if file.is_none() && folders.is_none() {
        return of_the_system(&system());
    }
    let (mut names, mut all) = (Vec::new(), Vec::new());
    if let Some(file) = file.map(PathBuf::from) {
        let name = format!("`{}` ({FILE})", file.display());
        all.extend(whole_file(&file, &name)?);
        names.push(name);
    }
    if let Some(folders) = folders {
        let name = format!("`{}` ({FOLDERS})", folders.display());
        let mut certificates = Vec::new();
        for folder in std::env::split_paths(&folders).filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::read_dir(&folder).map_err(|e| {
                let name = format!("`{}` ({FOLDERS})", folder.display());
                Error::Roots { store: name, source: Box::new(e) }
            })?;
            certificates.extend(some(load_certs_from_paths(None, Some(&folder)), &name)?);
        }
        if certificates.is_empty() {
            return Err(broken(name, Broken::NoCertificate));
        }
        all.extend(certificates);
        names.push(name);
    }
    Ok(Store::System(System { name: names.join(" and "), certificates: all, more: Vec::new() }))
}

/// A folder of the system without certificates is no store: the package that made it brought none.
fn of_the_system(places: &Places) -> Result<Store, Error> {
    if let Some(file) = &places.file {
        let name = format!("`{}`", file.display());
        let certificates = whole_file(file, &name)?;
        return Ok(Store::System(System { name, certificates, more: places.folders.clone() }));
    }
    for (number, folder) in places.folders.iter().enumerate() {
        let name = format!("`{}`", folder.display());
        let certificates = some(load_certs_from_paths(None, Some(folder)), &name)?;
        if !certificates.is_empty() {
            let more = places.folders.iter().skip(number + 1).cloned().collect();
            return Ok(Store::System(System { name, certificates, more }));
        }
    }
    Ok(Store::BuiltIn)
}

/// What is in a file, which has to be whole.
fn whole_file(file: &Path, name: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let mut loaded = load_certs_from_paths(Some(file), None);
    match loaded.errors.pop() {
        Some(error) => Err(broken(name.to_owned(), Broken::Load(error))),
        None if loaded.certs.is_empty() => Err(broken(name.to_owned(), Broken::NoCertificate)),
        None => Ok(loaded.certs),
    }
}

/// The certificates in a folder. Where some can be read, what else lies there does no harm.
fn some(mut loaded: CertificateResult, name: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
    match loaded.errors.pop() {
        Some(error) if loaded.certs.is_empty() => Err(broken(name.to_owned(), Broken::Load(error))),
        _ => Ok(loaded.certs),
    }
}

fn broken(store: String, why: Broken) -> Error {
    Error::Roots { store, source: Box::new(why) }
}

#[cfg(test)]
mod tests {

    use super::*;

    const AUTHORITY: &str = include_str!("../../../testdata/tls/authority.pem");
    const GARBAGE: &str = "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    /// The name of a store, with a certificate in it; of what is built in, none.
    fn name(store: Store) -> Option<String> {
        match store {
            Store::System(system) => {
                assert!(!system.certificates.is_empty());
                Some(system.name)
            }
            Store::BuiltIn => None,
        }
    }

    fn named(file: Option<&Path>, folders: Option<&Path>) -> Result<Option<String>, String> {
        let variable = |name: &str| match name {
            "SSL_CERT_FILE" => file.map(OsString::from),
            "SSL_CERT_DIR" => folders.map(OsString::from),
            other => panic!("{other}"),
        };
        find(variable, || panic!("the system's places are not looked at")).map(name).map_err(told)
    }

    fn system(places: Places) -> Result<Option<String>, String> {
        find(|_| None, || places).map(name).map_err(told)
    }

    fn told(error: Error) -> String {
        use std::error::Error as _;
        format!("{error}: {}", error.source().unwrap())
    }

    #[test]
    fn no_store_at_all_means_the_built_in_roots() {
        let empty = folder(&[]);
        assert_eq!(system(Places::default()), Ok(None));
        assert_eq!(system(Places { file: None, folders: vec![empty.path().into()] }), Ok(None));
    }

    #[test]
    fn a_store_that_is_there_is_used_and_named() {
        let folder = folder(&[("ca.pem", AUTHORITY), ("README", "not a certificate"), ("odd.pem", GARBAGE)]);
        let file = folder.path().join("ca.pem");
        let shown = file.display();
        assert_eq!(named(Some(&file), None), Ok(Some(format!("`{shown}` (SSL_CERT_FILE)"))));
        assert!(
            matches!(named(None, Some(folder.path())), Ok(Some(name)) if name.ends_with("(SSL_CERT_DIR)"))
        );
        assert!(matches!(named(Some(&file), Some(folder.path())), Ok(Some(name)) if name.contains(" and ")));
        let places = Places { file: Some(file.clone()), folders: Vec::new() };
        assert_eq!(system(places), Ok(Some(format!("`{shown}`"))));
        let places = Places { file: None, folders: vec![folder.path().into()] };
        assert_eq!(system(places), Ok(Some(format!("`{}`", folder.path().display()))));
    }

    /// What a distribution has in folders is read where the file does not do.
    #[test]
    fn folders_beside_a_file_wait() {
        let folder = folder(&[("ca.pem", AUTHORITY)]);
        let file = folder.path().join("ca.pem");
        let places = Places { file: Some(file), folders: vec![folder.path().into()] };
        let Ok(Store::System(system)) = find(|_| None, || places) else { panic!("no store") };
        assert_eq!((system.certificates.len(), system.more.len()), (1, 1));
        assert_eq!(system.rest(), system.certificates);
    }

    #[test]
    fn a_broken_store_is_an_error_that_names_it_and_nothing_stands_in() {
        let folder = folder(&[("ca.pem", AUTHORITY), ("garbage.pem", GARBAGE), ("text", "hello")]);
        for (name, why) in [
            ("missing.pem", "No such file"),
            ("garbage.pem", "PEM"),
            ("text", "there is no certificate in it"),
            (".", "failed to read"),
        ] {
            let file = folder.path().join(name);
            for error in [
                named(Some(&file), None).unwrap_err(),
                named(Some(&file), Some(folder.path())).unwrap_err(),
                system(Places { file: Some(file.clone()), folders: vec![folder.path().into()] }).unwrap_err(),
            ] {
                assert!(error.contains(&*file.to_string_lossy()) && error.contains(why), "{error}");
            }
        }
        let empty = super::tests::folder(&[]);
        let odd = super::tests::folder(&[("odd.pem", GARBAGE)]);
        for (path, why) in [
            (empty.path().to_path_buf(), "there is no certificate in it"),
            (empty.path().join("missing"), "No such file"),
            (folder.path().join("ca.pem"), "Not a directory"),
            (odd.path().to_path_buf(), "PEM"),
            (
                std::env::join_paths([folder.path(), &empty.path().join("gone")]).unwrap().into(),
                "No such file",
            ),
        ] {
            let error = named(None, Some(&path)).unwrap_err();
            assert!(error.contains("(SSL_CERT_DIR)") && error.contains(why), "{error}");
        }
        assert!(system(Places { file: None, folders: vec![odd.path().into()] }).is_err());
    }

    /// An empty variable of a script must not decide what is trusted.
    #[test]
    fn an_empty_variable_is_an_error() {
        let empty = Some(Path::new(""));
        for error in [named(empty, None), named(None, empty)] {
            assert!(error.unwrap_err().contains("is set and empty"));
        }
    }

    #[test]
    fn the_built_in_roots_are_many_and_all_of_them_are_accepted() {
        assert!(webpki_root_certs::TLS_SERVER_ROOT_CERTS.len() > 100);
        let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS
            .iter()
            .map(|certificate| reqwest::Certificate::from_der(certificate).unwrap());
        reqwest::Client::builder().tls_certs_only(roots).build().unwrap();
    }
}
