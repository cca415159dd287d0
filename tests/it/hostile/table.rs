//! Every command against every fault. For each cell: it ends, without a panic; it fails unless the fault cannot matter, with one clear
//! error; it never verifies what is not signed; it shows its credentials to the registry alone; it leaves no half of a file; and it
//! takes no memory to speak of.
//!
//! Every sixth pair of a command and a fault meets, at one of the command's requests; `verify` meets every fault at each of its requests,
//! and with `RCOSIGN_HOSTILE=all` every command does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rcosign::internals::sandbox::registry::{Fault, Host, Options};

use super::faults::{self, Effect, Kind, PATIENCE};
use super::watched::{LONGEST, Watched};
use super::world::{About, COMMANDS, Cell, Prepared, Purpose, SECRET, USER, guarded};

/// What no command may take beyond what it takes anyway, in KiB.
pub const MEMORY: u64 = 64 << 10;

/// A command without a fault: what it asks for, and how much memory it takes.
struct Sound {
    asks: Vec<About>,
    peak: u64,
}

fn cell(command: usize) -> Cell {
    let mut cell =
        Cell::new(&COMMANDS[command], Options { referrers: lists_referrers(command), ..guarded() });
    if cell.name != "login" {
        cell.folder =
            cell.folder.env("COSIGN_REGISTRY_USERNAME", USER).env("COSIGN_REGISTRY_PASSWORD", SECRET);
    }
    cell
}

/// Whether the registry has the referrers API.
fn lists_referrers(command: usize) -> bool {
    command.is_multiple_of(2)
}

/// What a fault does there. What one candidate is spoils that one alone, however large; whoever looks at several goes on.
fn effect_at(command: &str, name: &str, about: About, effect: Effect) -> Effect {
    let one_of_several = matches!(
        about,
        About::Referrer | About::Blob | About::Signatures | About::Attestations | About::Sboms
    );
    let carries = match command {
        "copy" | "copy --sig-only" | "save" => true,
        // Each referrer that it cannot read is named in a warning; the SBOM of the tag is still shown.
        "download sbom" => about != About::Referrer,
        _ => false,
    };
    match name {
        "50 GB" | "without an end" if one_of_several && !carries => Effect::Lies,
        _ => effect,
    }
}

fn spoils_content(name: &str) -> bool {
    matches!(name, "cut off" | "without an end" | "50 GB" | "a byte in a second")
}

/// Where a failed question is none: it makes no difference, or is made up for.
fn is_harmless(command: &str, about: About) -> bool {
    match (command, about) {
        // What is answered to a login has a status, and a body that nobody reads.
        ("login", About::Other) => true,
        // Whether the registry lists what refers to an image, if it did not say so: where nobody knows, it goes into the
        // fallback index as well.
        (
            "sign" | "attest" | "attest --replace" | "attach attestation" | "sign --skip-existing",
            About::Referrers,
        ) => true,
        // What cannot be read is replaced by nothing; what the index lists no longer may stay.
        ("attest --replace" | "attach attestation", About::Removal | About::Blob | About::Referrer) => true,
        _ => false,
    }
}

fn sound(command: usize) -> Sound {
    let cell = cell(command);
    let run = cell.run(&["--retry-for", "0s"]);
    let refused = cell.purpose == Purpose::Refuses;
    assert_eq!(
        run.code,
        Some(if refused { 12 } else { 0 }),
        "{}: {}\n{:#?}",
        cell.name,
        run.stderr,
        cell.registry.journal().lines()
    );
    let asks: BTreeSet<About> = cell
        .registry
        .journal()
        .requests()
        .iter()
        .map(|request| About::of(request, Prepared::get()))
        .collect();
    Sound { asks: asks.into_iter().collect(), peak: run.peak }
}

#[test]
fn every_command_against_every_fault() {
    let jobs = jobs();
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let workers = std::thread::available_parallelism().map_or(2, usize::from) * 2;
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((command, kind, about, sound)) = jobs.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    if let Err(fault) = attack(*command, kind, *about, sound.peak) {
                        failures.lock().unwrap().push(fault);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} of {} cells:\n{}", failures.len(), jobs.len(), failures.join("\n"));
}

type Job = (usize, &'static Kind, About, Arc<Sound>);

fn jobs() -> Vec<Job> {
    let every = std::env::var_os("RCOSIGN_HOSTILE").is_some_and(|value| value == "all");
    let mut jobs = Vec::new();
    for (command, (name, _, _)) in COMMANDS.iter().enumerate() {
        let sound = Arc::new(sound(command));
        for (number, kind) in faults::all().enumerate() {
            let thorough = every || *name == "verify";
            let one = sound.asks[(command + number) % sound.asks.len()];
            let meets = (command * 5 + number) % 6 == 0;
            let chosen = sound.asks.iter().filter(|about| thorough || (meets && **about == one));
            jobs.extend(chosen.map(|about| (command, kind, *about, Arc::clone(&sound))));
        }
    }
    jobs
}

/// One cell of the table; what is wrong with it, if anything is.
fn attack(command: usize, kind: &'static Kind, about: About, sound: u64) -> Result<(), String> {
    let (name, effect, fault) = *kind;
    let cell = cell(command);
    let before = cell.folder.names();
    let hit = Arc::new(AtomicBool::new(false));
    let (noted, other) = (Arc::clone(&hit), cell.registry.other_url());
    // Of an answer without content, such as that there is nothing, no content can be wrong.
    let is_empty = match about {
        About::Referrers => !lists_referrers(command),
        About::Fallback => cell.name == "load",
        _ => false,
    };
    cell.registry.hook(move |request| {
        // What is not authorized is asked for it first; then there are credentials to lose.
        let meant = request.host == Host::Registry && request.header("authorization").is_some();
        if !meant || About::of(request, Prepared::get()) != about {
            return Fault::none();
        }
        match fault(request, &other) {
            Some(fault) => {
                noted.fetch_or(!(is_empty && spoils_content(name)), Ordering::Relaxed);
                fault
            }
            None => Fault::none(),
        }
    });
    let waits = matches!(name, "held" | "a byte in a second");
    let more: &[&str] =
        if waits { &["--retry-for", "0s", "--timeout", "2s"] } else { &["--retry-for", "0s"] };
    let run = cell.run(more);
    if std::env::var_os("RCOSIGN_HOSTILE").is_some() {
        let more = run.peak.saturating_sub(sound) >> 10;
        eprintln!("{} | {name} at {about:?} | exit {:?} | {:?} | {more} MiB", cell.name, run.code, run.took);
    }
    let matters = hit.load(Ordering::Relaxed) && !is_harmless(cell.name, about);
    let effect = effect_at(cell.name, name, about, effect);
    let mut wrong = faults_of(&cell, &run, matters.then_some(effect), (waits, sound));
    let after: Vec<_> = cell.folder.names().into_iter().filter(|name| !before.contains(name)).collect();
    let may: &[&str] = match cell.name {
        "save" => &["out"],
        "login" => &[".docker"],
        _ => &[],
    };
    if after.iter().any(|name| !may.contains(&name.as_str())) {
        wrong.push(format!("it left {after:?}"));
    }
    // But for the locks of those who write.
    let left = std::fs::read_dir(cell.folder.at("tmp")).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| !name.to_string_lossy().starts_with("rcosign-")).collect();
    if !left.is_empty() {
        wrong.push(format!("it left temporary files: {left:?}"));
    }
    if cell.name == "save" {
        wrong.extend(half_saved(&cell));
    }
    if cell.name == "login" && run.code != Some(0) && cell.folder.has(".docker/config.json") {
        wrong.push("it kept a login that nobody took".to_owned());
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let lines = cell.registry.journal().lines();
    let shown = lines.len().saturating_sub(12);
    Err(format!(
        "\n== {} | {name} at {about:?} | exit {:?} | {:?} | {} KiB over | {}\n{}{}\n{}",
        cell.name,
        run.code,
        run.took,
        run.peak.saturating_sub(sound),
        wrong.join("; "),
        clipped(&run.stdout),
        clipped(&run.stderr),
        lines[shown..].join("\n"),
    ))
}

fn clipped(text: &str) -> String {
    text.chars().take(1500).collect()
}

fn faults_of(cell: &Cell, run: &Watched, effect: Option<Effect>, (waits, sound): (bool, u64)) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |good: bool, what: &str| {
        if !good {
            wrong.push(what.to_owned());
        }
    };
    let failed = run.code != Some(0);
    // Without the time limit of the command, it would be those of the silence and of the whole request: 20 s and 60 s.
    let limit = if waits { PATIENCE * 6 } else { LONGEST };
    check(run.code.is_some() && run.took < limit, "it takes too long");
    check(!run.stderr.contains("panicked") && run.code != Some(101), "it panics");
    let obeyed =
        |text: &str| text.chars().any(|c| c.is_control() && c != '\n' && c != '\t' || c == '\u{202e}');
    check(!obeyed(&run.stderr), "its errors drive the terminal");
    check(cell.name == "download sbom" || !obeyed(&run.stdout), "its output drives the terminal");
    check(!run.stderr.contains(SECRET) && !run.stdout.contains(SECRET), "it shows the password");
    check(
        !failed || run.stderr.lines().filter(|line| line.starts_with("error: ")).count() == 1,
        "there is not one error",
    );
    check(
        cell.registry.journal().authorized(Host::Other).is_empty(),
        "it shows its credentials to another host",
    );
    check(run.peak <= sound + MEMORY, "it takes too much memory");
    let verifies = matches!(cell.purpose, Purpose::Verifies | Purpose::Refuses);
    if cell.purpose == Purpose::Refuses {
        check(failed, "it verifies what that key did not sign");
    }
    // Of several images, those that verify are shown.
    if verifies && failed && cell.name != "verify --recursive" {
        check(run.stdout.is_empty(), "it shows something that is not verified");
        check(!run.stderr.contains("Verification for"), "it says verified");
    }
    if effect == Some(Effect::Fails) {
        check(failed, "a question failed, and it succeeds");
        check(
            !verifies || run.code.is_some_and(|code| [3, 5, 6, 8].contains(&code)),
            "it is another failure than that of a question",
        );
        check(run.code != Some(10), "it takes a failure for an image without signatures");
    }
    wrong
}

/// What `save` left has to be whole: an image that `index.json` lists has all its parts.
fn half_saved(cell: &Cell) -> Vec<String> {
    let Ok(text) = std::fs::read(cell.folder.at("out/index.json")) else { return Vec::new() };
    let index: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let mut wrong = Vec::new();
    let mut parts: BTreeMap<String, u64> = BTreeMap::new();
    let mut collect = |document: &serde_json::Value| {
        let lists =
            ["manifests", "layers"].map(|name| document[name].as_array().cloned().unwrap_or_default());
        for entry in lists.iter().flatten().chain([&document["config"]]) {
            if let (Some(digest), Some(size)) = (entry["digest"].as_str(), entry["size"].as_u64()) {
                parts.insert(digest.to_owned(), size);
            }
        }
    };
    collect(&index);
    for entry in index["manifests"].as_array().unwrap() {
        let path = format!("out/blobs/{}", entry["digest"].as_str().unwrap().replace(':', "/"));
        if let Ok(text) = std::fs::read(cell.folder.at(&path)) {
            collect(&serde_json::from_slice(&text).unwrap());
        }
    }
    for (digest, size) in parts {
        let path = cell.folder.at("out/blobs").join(digest.replace(':', "/"));
        let found = std::fs::metadata(&path).map(|file| file.len()).ok();
        if found != Some(size) {
            wrong.push(format!("the saved image lacks {digest}: {found:?} of {size}"));
        }
    }
    wrong
}
