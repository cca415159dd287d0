//! A HOME, or a `TUF_ROOT`, that cannot be written.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::initialize::{FAR, Mirror, folder_of};
use crate::support::{Output, Sandbox, repository, say_skipped};

/// The trust material of a repository, in folders that nobody may write to.
struct Sealed {
    mirror: Mirror,
    sandbox: Sandbox,
    /// Where it is, if not in the HOME.
    place: Option<String>,
}

/// Sets what is below a folder, and the folder, to be read by everybody, and to be written by the owner or by nobody.
fn set(path: &Path, write: bool) {
    let folder = path.is_dir();
    let mode = if folder { 0o555 } else { 0o444 };
    std::fs::set_permissions(path, Permissions::from_mode(if write { mode | 0o200 } else { mode })).unwrap();
    if folder {
        for entry in std::fs::read_dir(path).unwrap() {
            set(&entry.unwrap().path(), write);
        }
    }
}

impl Sealed {
    fn new(mirror: Mirror, place: Option<&str>) -> Self {
        let sandbox = mirror.sandbox();
        let place = place.map(|name| sandbox.at(name).to_str().unwrap().to_owned());
        Self { mirror, sandbox, place }
    }

    fn cache(&self) -> String {
        self.place.clone().unwrap_or_else(|| self.sandbox.at(".sigstore/root").to_str().unwrap().to_owned())
    }

    fn run(&self, args: &[&str], unprivileged: bool) -> Output {
        let run = self.sandbox.rcosign(args);
        let run = match &self.place {
            Some(place) => run.env("TUF_ROOT", place),
            None => run,
        };
        if unprivileged { run.unprivileged().run() } else { run.run() }
    }

    fn initialize(&self, unprivileged: bool) -> Output {
        self.run(&["initialize", "--mirror", &self.mirror.address, "--root", "root.json"], unprivileged)
    }

    fn verify(&self) -> Output {
        let file = |name: &str| repository().join("testdata/mock-sigstore").join(name);
        let (bundle, artifact) = ("v3.blob.keyless.rekor1.bundle.json", "artifact.txt");
        for name in [bundle, artifact] {
            if !self.sandbox.has(name) {
                let _ = self.sandbox.file(name, std::fs::read(file(name)).unwrap());
            }
        }
        set(self.sandbox.path(), false);
        let output = self.run(
            &[
                "verify-blob",
                "--bundle",
                bundle,
                "--certificate-identity",
                "dev@example.com",
                "--certificate-oidc-issuer",
                "http://127.0.0.1:8404",
                artifact,
            ],
            true,
        );
        set(self.sandbox.path(), true);
        output
    }

    /// Whether it holds: some capabilities write everywhere, and some places keep programs from those who are not root.
    fn holds(&self) -> bool {
        set(self.sandbox.path(), false);
        let probe = format!("! echo > '{}/probe' && ! echo > probe", self.sandbox.path().display());
        let shell =
            self.sandbox.program(Path::new("/bin/sh"), &["-c", &probe]).unprivileged().run().code == 0;
        let holds = shell && self.sandbox.rcosign(&["version"]).unprivileged().run().code == 0;
        set(self.sandbox.path(), true);
        if !holds {
            say_skipped("no folder can be kept from being written here, or nobody else may run the program");
        }
        holds
    }
}

const PLACES: [Option<&str>; 2] = [None, Some("trust")];

#[test]
fn valid_metadata_in_a_folder_that_cannot_be_written_serves() {
    for place in PLACES {
        let sealed = Sealed::new(Mirror::new(), place);
        let _ = sealed.initialize(false).ok();
        if !sealed.holds() {
            return;
        }
        let _ = sealed.mirror.asked();
        let output = sealed.verify().ok().says("cached just now");
        assert!(!output.stderr.contains("WARNING"), "{place:?}: {}", output.stderr);
        assert_eq!(sealed.mirror.asked(), [""; 0]);
    }
}

#[test]
fn expired_metadata_in_a_folder_that_cannot_be_written_is_fetched_and_that_is_said() {
    for place in PLACES {
        let sealed = Sealed::new(Mirror::new(), place);
        let _ = sealed.initialize(false).ok();
        if !sealed.holds() {
            return;
        }
        let expires = |time: &str| {
            sealed.mirror.change(|repository| {
                repository.role("timestamp")["expires"] = time.into();
                repository.update_timestamp().unwrap();
            });
        };
        expires("2026-01-01T00:00:00Z");
        let kept = format!("{}/{}/timestamp.json", sealed.cache(), folder_of(&sealed.mirror));
        let old = sealed.mirror.repository.lock().unwrap().files["timestamp.json"].clone();
        std::fs::write(&kept, &old).unwrap();
        expires(FAR);
        // Each time again.
        for _ in 0..2 {
            let _ = sealed.mirror.asked();
            let said = format!("WARNING: nothing can be kept in `{}`", sealed.cache());
            let output = sealed.verify().ok().says("fetched now").says(&said);
            assert!(output.stderr.contains("Permission denied"), "{place:?}: {}", output.stderr);
            assert!(sealed.mirror.asked().contains(&"timestamp.json".to_owned()));
        }
        assert_eq!(std::fs::read(&kept).unwrap(), old);
        // Without anybody who answers, what expired is not used.
        sealed.mirror.change(|repository| repository.files.clear());
        let _ = sealed.verify().says("expired").says("--trusted-root FILE");
    }
}

#[test]
fn initialize_says_that_nothing_can_be_kept() {
    for place in PLACES {
        let sealed = Sealed::new(Mirror::new(), place);
        if !sealed.holds() {
            return;
        }
        set(sealed.sandbox.path(), false);
        let output = sealed.initialize(true);
        set(sealed.sandbox.path(), true);
        assert_eq!(output.code, 3, "{}", output.stderr);
        let said = format!("error: nothing can be kept in `{}`", sealed.cache());
        assert!(output.stderr.contains(&said), "{}", output.stderr);
        let _ = output.says("Permission denied");
        assert!(!Path::new(&sealed.cache()).exists());
    }
}

/// Where not even root can write, wherever that is run.
#[cfg(target_os = "linux")]
#[test]
fn a_place_where_not_even_root_can_write() {
    let sealed = Sealed { place: Some("/proc/rcosign".to_owned()), ..Sealed::new(Mirror::new(), None) };
    let args = ["initialize", "--mirror", &sealed.mirror.address, "--root", "root.json"];
    let _ = sealed.run(&args, false).code(3).says("nothing can be kept in `/proc/rcosign`");
    let file =
        |name: &str| repository().join("testdata/mock-sigstore").join(name).to_str().unwrap().to_owned();
    let args = ["--bundle", &file("v3.blob.keyless.rekor1.bundle.json"), &file("artifact.txt")];
    let identity =
        ["--certificate-identity", "dev@example.com", "--certificate-oidc-issuer", "http://127.0.0.1:8404"];
    let run = sealed.sandbox.rcosign(&[&["verify-blob"], &identity[..], &args].concat());
    let run = run.env("TUF_ROOT", "/proc/rcosign").env("TUF_MIRROR", &sealed.mirror.address);
    let _ = run
        .env("TUF_ROOT_JSON", "root.json")
        .run()
        .ok()
        .says("WARNING: nothing can be kept in")
        .says("fetched now");
}
