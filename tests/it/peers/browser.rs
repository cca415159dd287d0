//! A real browser at the sandbox: its page shows what was signed, and somebody logs in there to sign.
//!
//! The browser is `chromium` among the peers (`.ci/fetch-browser.sh`), driven by `browser/drive.mjs`. Pictures of the pages are left in
//! `browser` of the folder for temporary files of the build.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rcosign::internals::sandbox::Service;
use serde_json::Value;

use crate::sandbox::World;
use crate::support::{peer, repository};

/// Somebody whom the log-in page does not offer.
const ANN: &str = "ann@example.com";
/// The sizes and schemes that pictures are taken in.
const LOOKS: [(&str, &str, &str); 3] =
    [("light", "1200x800", "light"), ("dark", "1200x800", "dark"), ("narrow", "390x800", "light")];

/// Where the browser is, and where pictures go.
struct Browser {
    program: PathBuf,
    pictures: PathBuf,
}

/// What it reports.
struct Report(Value);

impl Browser {
    fn find() -> Option<Self> {
        let program = peer("chromium")?;
        let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
        std::fs::create_dir_all(&pictures).unwrap();
        Some(Self { program, pictures })
    }

    /// The words of a command that drives it. The report goes into `NAME.json` among the programs.
    fn command(&self, world: &World, name: &str) -> Vec<String> {
        let script = repository().join("tests/it/peers/browser/drive.mjs");
        let report = world.programs.at(&format!("{name}.json"));
        [Path::new("node"), &script, &self.program, &report]
            .map(|it| it.to_str().unwrap().to_owned())
            .to_vec()
    }

    fn run(&self, world: &World, name: &str, steps: &[String]) -> Report {
        let mut command = self.command(world, name);
        command.extend_from_slice(steps);
        let words: Vec<&str> = command.iter().skip(1).map(String::as_str).collect();
        let path = std::env::var("PATH").unwrap();
        let _ = world.programs.program(Path::new("node"), &words).env("PATH", &path).run().ok();
        Report::read(world, name)
    }

    /// The steps that take pictures of a page, in each look.
    fn pictures(&self, name: &str) -> Vec<String> {
        let picture = |(look, size, scheme): &(&str, &str, &str)| {
            let file = self.pictures.join(format!("{name}-{look}.png"));
            [format!("size={size}"), format!("scheme={scheme}"), format!("picture={}", file.display())]
        };
        LOOKS.iter().flat_map(picture).collect()
    }
}

impl Report {
    /// Waits for it.
    fn read(world: &World, name: &str) -> Self {
        let started = Instant::now();
        loop {
            let text = std::fs::read(world.programs.at(&format!("{name}.json"))).unwrap_or_default();
            if let Ok(report) = serde_json::from_slice::<Value>(&text) {
                assert!(report["error"].is_null(), "{report:#}");
                return Self(report);
            }
            assert!(started.elapsed() < Duration::from_secs(60), "the browser reports nothing");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn list(&self, name: &str) -> Vec<&str> {
        self.0[name].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect()
    }

    /// Expects that nothing was complained of, and nothing asked for but of this machine.
    #[track_caller]
    fn is_quiet(&self) -> &Self {
        assert_eq!(self.list("complaints"), Vec::<&str>::new());
        let local = |url: &&str| url.starts_with("http://127.0.0.1:") || url.starts_with("http://localhost:");
        let elsewhere: Vec<&str> =
            self.list("requests").into_iter().filter(|url| !local(url) && *url != "about:blank").collect();
        assert_eq!(elsewhere, Vec::<&str>::new());
        self
    }

    #[track_caller]
    fn shows(&self, text: &str) -> &Self {
        let shown = self.0["text"].as_str().unwrap();
        assert!(shown.contains(text), "no {text} in\n{shown}");
        self
    }
}

/// A file and an image that are signed.
fn signed() -> World {
    let world = World::start();
    world.rcosign(&["sign-blob", "--yes", "--bundle", "1.json", "a.txt"]).ok();
    let config = world.document("signing_config.rekor2.json");
    world.rcosign(&["sign-blob", "--yes", "--signing-config", &config, "--bundle", "2.json", "a.txt"]).ok();
    let image = world.image("one");
    world.rcosign(&["sign", "--yes", &image]).ok();
    world.image("two");
    world
}

#[test]
fn the_page_shows_what_was_signed() {
    let Some(browser) = Browser::find() else { return };
    let world = signed();
    let page = world.url(Service::Page);
    let (issuer, registry) = (world.url(Service::Oidc).to_owned(), world.sigstore().registry());
    let image = registry
        .contents()
        .manifests("app")
        .into_iter()
        .find(|digest| !registry.contents().referrers("app", digest).is_empty());
    let image = format!("manifest?repository=app&digest={}", image.unwrap());
    for (name, path, expected) in [
        ("index", "", vec!["dev@example.com", &*issuer, "For testing only", "app", "Log v2"]),
        ("entry", "log/1/1", vec!["dev@example.com", "Inclusion proof", "Checkpoint", "ECDSA P-256"]),
        ("entry2", "log/2/1", vec!["dev@example.com", "hashedrekord 0.0.2", "Inclusion proof"]),
        ("log", "log/1", vec!["dev@example.com", "Checkpoint"]),
        ("certificates", "certificates", vec!["dev@example.com", &*issuer]),
        ("certificate", "certificates/0", vec!["dev@example.com", "codeSigning"]),
        ("images", "images", vec!["app"]),
        ("repository", "repository?name=app", vec!["image", "signature", "dev@example.com"]),
        ("image", &*image, vec!["signature", "dev@example.com"]),
        ("use", "use", vec!["rcosign sign-blob", &*issuer]),
    ] {
        let open = format!("open={page}/{path}");
        let report = browser.run(&world, name, &[vec![open], browser.pictures(name)].concat());
        report.is_quiet();
        for text in expected {
            report.shows(text);
        }
    }
}

#[test]
fn the_page_follows_the_log() {
    let Some(browser) = Browser::find() else { return };
    let world = World::start();
    let open = format!("open={}/", world.url(Service::Page));
    let steps = [open, "there=None yet.".to_owned(), "there=dev@example.com".to_owned()];
    std::thread::scope(|scope| {
        let looking = scope.spawn(|| browser.run(&world, "follow", &steps));
        std::thread::sleep(Duration::from_secs(2));
        world.rcosign(&["sign-blob", "--yes", "--bundle", "1.json", "a.txt"]).ok();
        looking.join().unwrap().is_quiet();
    });
}

#[test]
fn somebody_logs_in_and_the_file_is_signed() {
    let Some(browser) = Browser::find() else { return };
    let world = World::start();
    let mut steps = browser.command(&world, "login");
    steps.extend(["open=\"$1\"".to_owned(), "there=asks".to_owned()]);
    steps.extend(browser.pictures("login"));
    steps.extend([
        "size=1200x800".to_owned(),
        "scheme=light".to_owned(),
        format!("type=#email={ANN}"),
        "click=button.first".to_owned(),
        "away".to_owned(),
        format!("picture={}", browser.pictures.join("logged-in.png").display()),
    ]);
    // What the program opens pages with, found before the one of the platform.
    std::fs::create_dir(world.programs.at("bin")).unwrap();
    let opener = world.programs.file("bin/xdg-open", format!("#!/bin/sh\nexec {}\n", steps.join(" ")));
    std::fs::set_permissions(&opener, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", world.programs.at("bin").display(), std::env::var("PATH").unwrap());
    let (root, config) = (world.document("trusted_root.json"), world.document("signing_config.json"));
    let issuer = world.url(Service::Oidc);
    let args = [
        ["sign-blob", "--yes", "--trusted-root", &root].as_slice(),
        &["--signing-config", &config, "--fulcio-auth-flow", "normal"],
        &["--bundle", "b.json", "a.txt"],
    ]
    .concat();
    let run = world.programs.rcosign(&args).env("PATH", &path).env("BROWSER", "chromium");
    run.run().ok();
    let report = Report::read(&world, "login");
    report.is_quiet();
    let requests = report.list("requests");
    assert!(requests.iter().any(|url| url.contains("/auth/callback?code=")), "{requests:?}");
    let verify = |identity: &str| {
        let signer = ["--certificate-identity", identity, "--certificate-oidc-issuer", issuer];
        let args = [&["verify-blob", "--trusted-root", &root, "--bundle", "b.json"], &signer[..], &["a.txt"]];
        world.programs.run(&args.concat())
    };
    verify(ANN).ok();
    verify("dev@example.com").code(12).says(ANN);
}
