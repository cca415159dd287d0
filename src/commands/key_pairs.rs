//! `generate-key-pair`, `import-key-pair` and `public-key`.

use std::ffi::OsString;
use std::fs::TryLockError;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::confirmation::confirm;
use super::keys::{created_key, importable_key, new_password, opened_store, public_half};
use super::{Context, Error, ErrorKind, GenerateKeyPairRequest, ImportKeyPairRequest, PublicKeyRequest};
use crate::crypto::{Secret, sha256};
use crate::keys::{self, KeyPair};
use crate::storage::{Access, FileError, PendingFile, read_file, write_file};

/// Makes a new key and writes it, encrypted, with its public half.
///
/// # Errors
/// The user declines to replace a file, there is no password, or a file cannot be written.
pub async fn generate_key_pair(request: &GenerateKeyPairRequest, context: &mut Context) -> Result<(), Error> {
    if let Some(reference) = &request.service {
        return generate_elsewhere(reference, &request.output_key_prefix, context).await;
    }
    if let Some(reference) = &request.store {
        return generate_in_store(reference, &request.output_key_prefix, context).await;
    }
    let files = Files::open(&request.output_key_prefix, false, context)?;
    let password = new_password(context)?;
    files.write(KeyPair::generate(&password)?, context)
}

/// Has a service make a key that never leaves it, and writes the public half.
async fn generate_elsewhere(reference: &str, prefix: &Path, context: &mut Context) -> Result<(), Error> {
    keys::check_service(reference)?;
    let path = beside(prefix, ".pub");
    confirm_replacing(&path, false, context)?;
    let mut file = PendingFile::create_over_any(&path, Access::Everyone).map_err(|e| Error::output(&e))?;
    let key = created_key(reference, context).await?;
    file.push(key.to_pem().as_bytes());
    file.commit().map_err(|e| Error::output(&e))?;
    context.narrator.say(&format!("Public key written to {}", path.display()));
    Ok(())
}

/// Makes a key pair, puts it into a store, and writes the public half to a file.
async fn generate_in_store(reference: &str, prefix: &Path, context: &mut Context) -> Result<(), Error> {
    let path = beside(prefix, ".pub");
    let store = opened_store(reference, context).await?;
    confirm_replacing(&path, false, context)?;
    if store.has_key() {
        context.narrator.warn(&format!("{store} already holds a private key. Overwrite?"));
        confirm(context, |cause| {
            let refused = format!("the key pair in {store} is not replaced");
            Error::new(ErrorKind::Other, refused).cause(cause).hint("name another store, or remove it there")
        })?;
    }
    let mut file = PendingFile::create_over_any(&path, Access::Everyone).map_err(|e| Error::output(&e))?;
    let password = new_password(context)?;
    let pair = KeyPair::generate(&password)?;
    let written = match store.write(&pair, &password).await {
        Ok(written) => written,
        Err(error) if error.leaves_pair() => return Err(kept(prefix, &pair, error.into())),
        Err(error) => return Err(error.into()),
    };
    for line in written {
        context.narrator.say(&line);
    }
    file.push(pair.public.as_bytes());
    file.commit().map_err(|e| Error::output(&e))?;
    context.narrator.say(&format!("Public key also written to {}", path.display()));
    Ok(())
}

/// Keeps a pair of which a store has a part in files of new names, and says so.
fn kept(prefix: &Path, pair: &KeyPair, error: Error) -> Error {
    for number in 1..=MAX_KEPT {
        let [private, public] =
            [".key", ".pub"].map(|suffix| beside(prefix, &format!(".kept-{number}{suffix}")));
        // Nor where a link leads to.
        if [&private, &public].iter().any(|path| path.symlink_metadata().is_ok()) {
            continue;
        }
        let write = |path: &Path, text: &str| {
            let mut file = PendingFile::create_new(path, Access::Owner)?;
            file.push(text.as_bytes());
            file.commit()
        };
        match write(&private, &pair.private).and_then(|()| write(&public, &pair.public)) {
            Err(FileError::Exists(_)) => {}
            Err(cause) => {
                return error.cause(format!("the new key pair cannot be kept in files either: {cause}"));
            }
            Ok(()) => {
                return error.hint(format!(
                    "the whole new key pair is kept in `{}`, encrypted with the new password, and `{}`: write its values and that \
                     password into the store by hand, or run this again and remove these files then",
                    private.display(),
                    public.display()
                ));
            }
        }
    }
    error.cause("the new key pair cannot be kept in files either: all names for them are taken")
}

/// How many kept pairs may lie about.
const MAX_KEPT: u32 = 100;

fn beside(prefix: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(prefix);
    name.push(suffix);
    PathBuf::from(name)
}

/// Encrypts a key that exists and writes it with its public half.
///
/// # Errors
/// As [`generate_key_pair`]; the key cannot be used.
pub async fn import_key_pair(request: &ImportKeyPairRequest, context: &mut Context) -> Result<(), Error> {
    let key = importable_key(&request.key, context).await?;
    let files = Files::open(&request.output_key_prefix, request.assume_yes, context).map_err(|e| {
        // Only the question ends so; the file system's failures are of kind `Format`.
        if e.kind == ErrorKind::Other { e.hint("or replace it without being asked: --yes") } else { e }
    })?;
    let password = new_password(context)?;
    files.write(KeyPair::seal(&key, &password)?, context)
}

/// Writes the public half of a private key; returns what goes to standard output.
///
/// # Errors
/// The key does not open, or the file cannot be written.
pub async fn public_key(request: &PublicKeyRequest, context: &mut Context) -> Result<Vec<u8>, Error> {
    let pem = public_half(&request.key, context).await?.to_pem();
    let Some(path) = &request.outfile else { return Ok(pem.into_bytes()) };
    write_file(path, pem.as_bytes(), Access::Everyone).map_err(|e| Error::output(&e))?;
    context.narrator.say(&format!("Public key written to {}", path.display()));
    Ok(Vec::new())
}

/// The two files of a key pair, secured before a password is asked for.
struct Files {
    private: (PendingFile, PathBuf),
    public: (PendingFile, PathBuf),
    /// The digest of the private key that is replaced.
    replaced: Option<[u8; 32]>,
}

impl Files {
    fn open(prefix: &Path, assume_yes: bool, context: &mut Context) -> Result<Self, Error> {
        let (private, public) = (beside(prefix, ".key"), beside(prefix, ".pub"));
        // A public half can be made again from the private one that is replaced with it, so one question is enough. Where
        // the private one is missing, it may be all that is left of a pair.
        let is_replaced = private.is_file();
        let replaced = if is_replaced { content(&private) } else { None };
        confirm_replacing(if is_replaced { &private } else { &public }, assume_yes, context)?;
        // Of several that make the same pair at once, one makes the private key, and it alone goes on to the public one.
        let open = if is_replaced { PendingFile::create_over_any } else { PendingFile::create_new };
        let private = (open(&private, Access::Owner).map_err(|e| Error::output(&e))?, private);
        let open = PendingFile::create_over_any(&public, Access::Everyone);
        let public = (open.map_err(|e| Error::output(&e))?, public);
        Ok(Self { private, public, replaced })
    }

    fn write(mut self, pair: KeyPair, context: &mut Context) -> Result<(), Error> {
        self.private.0.push(pair.private.as_bytes());
        self.public.0.push(pair.public.as_bytes());
        let private = self.private.1.clone();
        // Of several that replace the same pair at once, each does so as a whole, and none replaces another key than the one that
        // it has asked for.
        let _held = hold_folder(&private, context.settings.timeout.min(PATIENCE))?;
        if self.replaced.is_some() && content(&private) != self.replaced {
            return Err(meanwhile(
                &private,
                "was replaced by another program meanwhile: nothing was written",
            ));
        }
        // The private key comes first: a public half alone is of no use to anybody.
        for ((file, path), what) in [(self.private, "Private"), (self.public, "Public")] {
            file.commit().map_err(|e| Error::output(&e))?;
            context.narrator.say(&format!("{what} key written to {}", path.display()));
        }
        // Where folders cannot be held.
        if content(&private) != Some(sha256(pair.private.as_bytes())) {
            return Err(meanwhile(
                &private,
                "was replaced by another program at the same time: the two files may not belong together",
            ));
        }
        Ok(())
    }
}

/// Asks before a file that is there is replaced: a lost key cannot be made again.
fn confirm_replacing(path: &Path, assume_yes: bool, context: &mut Context) -> Result<(), Error> {
    if !path.is_file() {
        return Ok(());
    }
    if assume_yes {
        context.narrator.warn(&format!("File {} already exists and is replaced", path.display()));
        return Ok(());
    }
    context.narrator.warn(&format!("File {} already exists. Overwrite?", path.display()));
    let declined = |cause: &str| {
        Error::new(ErrorKind::Other, format!("`{}` exists and is not replaced", path.display()))
            .cause(cause)
            .hint("name another file with --output-key-prefix")
    };
    confirm(context, declined)
}

/// The largest private key that is compared.
const MAX_KEY: u64 = 1 << 20;

/// The digest of what is in a file; nothing where it cannot be read.
fn content(path: &Path) -> Option<[u8; 32]> {
    read_file("private key", path, MAX_KEY).ok().map(|text| sha256(Secret::new(text).expose()))
}

/// Another one that writes a pair has done so long before; whoever else may read the folder can hold it as long as he likes.
const PATIENCE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(10);

/// Holds the folder of a file until what is returned is dropped, where the system lets folders be held.
///
/// # Errors
/// Another program holds it for longer than `patience`.
fn hold_folder(path: &Path, patience: Duration) -> Result<Option<std::fs::File>, Error> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(file) = std::fs::File::open(folder) else { return Ok(None) };
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::Error(_)) => return Ok(None),
            Err(TryLockError::WouldBlock) if begun.elapsed() < patience => std::thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => {
                let what = format!(
                    "the folder `{}` is locked by another program, and stayed so: nothing was written",
                    folder.display()
                );
                return Err(Error::new(ErrorKind::Other, what).hint(
                    "end that program (`lslocks` or `fuser` shows it), or write to a folder that nobody else can read: \
                     --output-key-prefix FOLDER/NAME",
                ));
            }
        }
    }
}

fn meanwhile(path: &Path, what: &str) -> Error {
    Error::new(ErrorKind::Other, format!("`{}` {what}", path.display()))
        .hint("look which key is there, and run this again if it is not wanted")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_that_a_store_has_half_of_is_kept_whole_and_over_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let prefix = folder.path().join("cosign");
        let pair = KeyPair::generate(&Secret::new(b"pw".to_vec())).unwrap();
        let other = folder.path().join("cosign.kept-1.pub");
        std::fs::write(&other, "other").unwrap();
        let error = kept(&prefix, &pair, Error::new(ErrorKind::Other, "failed"));
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(
            (read("cosign.kept-2.key"), read("cosign.kept-2.pub")),
            (pair.private.clone(), pair.public.clone())
        );
        assert_eq!(read("cosign.kept-1.pub"), "other");
        assert!(!folder.path().join("cosign.kept-1.key").exists());
        assert!(error.hints.iter().any(|hint| hint.contains("cosign.kept-2.key")), "{:?}", error.hints);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode =
                std::fs::metadata(folder.path().join("cosign.kept-2.key")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let error = kept(Path::new("/nowhere/at/all/x"), &pair, Error::new(ErrorKind::Other, "failed"));
        assert!(error.causes.iter().any(|cause| cause.contains("cannot be kept")), "{:?}", error.causes);
    }

    #[test]
    fn a_folder_that_somebody_holds_is_not_waited_for_without_limit() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("k.key");
        let held = hold_folder(&key, PATIENCE).unwrap();
        assert!(held.is_some());
        let begun = Instant::now();
        let error = hold_folder(&key, Duration::from_millis(50)).unwrap_err().to_string();
        assert!(begun.elapsed() >= Duration::from_millis(50));
        assert!(error.contains(&folder.path().display().to_string()), "{error}");
        // It is waited for as long as that.
        let other = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            drop(held);
        });
        assert!(hold_folder(&key, Duration::from_secs(60)).unwrap().is_some());
        other.join().unwrap();
    }
}
