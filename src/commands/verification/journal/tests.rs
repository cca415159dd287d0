use super::*;
use crate::commands::{Narrator, Settings};
use crate::keys::Terminal;
use std::rc::Rc;

#[derive(Clone, Default)]
struct Heard(Rc<RefCell<Vec<String>>>);

impl Narrator for Heard {
    fn say(&mut self, line: &str) {
        self.0.borrow_mut().push(line.to_owned());
    }
    fn warn(&mut self, line: &str) {
        self.0.borrow_mut().push(line.to_owned());
    }
}

fn context(seconds: i64, heard: &Heard) -> Context {
    Context {
        settings: Settings {
            timeout: std::time::Duration::ZERO,
            verbose: false,
            allow_kms_plugin: false,
            allow_kube_exec: false,
        },
        now: UnixTime::from_seconds(seconds),
        variables: std::sync::Arc::new(|_| None),
        prompt: Box::new(Terminal::default()),
        narrator: Box::new(heard.clone()),
        tell: |_| {},
    }
}

const NOW: i64 = 1_700_000_000;
const OPTIONS: [u8; 32] = [7; 32];

fn digest(byte: &str) -> Digest {
    Digest::parse(&format!("sha256:{}", byte.repeat(32))).unwrap()
}

/// A journal with two images in it.
fn two(folder: &Path) -> PathBuf {
    let path = folder.join("journal");
    let journal = Journal::open(&path, &OPTIONS, &mut context(NOW, &Heard::default())).unwrap();
    journal.note("r/a:1", &digest("aa"), None);
    journal.note("r/b:1", &digest("bb"), None);
    assert_eq!(journal.finish().unwrap(), 0);
    path
}

fn again(path: &Path) -> Result<Journal, Error> {
    Journal::open(path, &OPTIONS, &mut context(NOW + 60, &Heard::default()))
}

#[test]
fn what_verified_is_known_by_its_name_and_its_digest() {
    let folder = tempfile::tempdir().unwrap();
    let path = two(folder.path());
    let journal = again(&path).unwrap();
    assert_eq!(journal.known("r/a:1", &digest("aa")), Some(UnixTime::from_seconds(NOW).to_string()));
    assert_eq!(journal.known("r/a:1", &digest("bb")), None);
    assert_eq!(journal.known("r/a:2", &digest("aa")), None);
    journal.note("r/c:1", &digest("cc"), None);
    assert_eq!(journal.finish().unwrap(), 1);
    assert!(again(&path).unwrap().known("r/c:1", &digest("cc")).is_some());
}

#[test]
fn other_options_and_another_day_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = two(folder.path());
    let open =
        |options: &[u8; 32], seconds| Journal::open(&path, options, &mut context(seconds, &Heard::default()));
    assert!(open(&[8; 32], NOW).err().unwrap().message.contains("other options"));
    assert!(open(&OPTIONS, NOW + LONGEST + 1).err().unwrap().message.contains("a day"));
    assert!(open(&OPTIONS, NOW - 1).is_err());
    assert!(open(&OPTIONS, NOW + LONGEST).is_ok());
}

#[test]
fn what_was_changed_is_refused_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = two(folder.path());
    let sound = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = sound.split_inclusive('\n').collect();
    for changed in [
        sound.replace("r/b:1", "r/x:1"),
        sound.replace("aaaa", "abab"),
        [lines[0], lines[2]].concat(),
        [lines[0], lines[2], lines[1]].concat(),
        [lines[1], lines[2]].concat(),
        sound.replace("rcosign-journal/v2", "rcosign-journal/v3"),
        "not a journal\n".to_owned(),
        "r.example/app:1".to_owned(),
        sound.replace("\"time\"", "\"more\":1,\"time\""),
        format!("{sound}\n"),
    ] {
        std::fs::write(&path, &changed).unwrap();
        let error = again(&path).err().unwrap_or_else(|| panic!("{changed}"));
        assert_eq!(error.kind, ErrorKind::Format);
        assert!(error.message.contains("journal"), "{}", error.message);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), changed);
    }
}

#[test]
fn a_last_line_that_is_not_whole_counts_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = two(folder.path());
    let sound = std::fs::read(&path).unwrap();
    std::fs::write(&path, &sound[..sound.len() - 5]).unwrap();
    let heard = Heard::default();
    let journal = Journal::open(&path, &OPTIONS, &mut context(NOW, &heard)).unwrap();
    assert_eq!(
        (journal.known("r/a:1", &digest("aa")).is_some(), journal.known("r/b:1", &digest("bb"))),
        (true, None)
    );
    assert!(heard.0.borrow()[0].contains("not whole"));
    journal.note("r/b:1", &digest("bb"), None);
    drop(journal);
    assert_eq!(std::fs::read(&path).unwrap(), sound);
}

#[test]
fn one_run_at_a_time_writes_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = two(folder.path());
    let journal = again(&path).unwrap();
    assert!(again(&path).err().unwrap().message.contains("another run"));
    drop(journal);
    assert!(again(&path).is_ok());
}

/// Nothing is written over what is no file, and a pipe is not waited for.
#[cfg(unix)]
#[test]
fn what_is_no_file_is_no_journal() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [pipe.as_path(), Path::new("/dev/null")] {
        let error = again(path).err().unwrap();
        assert_eq!(error.kind, ErrorKind::Format);
        assert!(error.message.ends_with("is no file (--resume)"), "{}", error.message);
    }
}

#[test]
fn an_age_is_compared_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let at = |seconds| Journal::open(&path, &OPTIONS, &mut context(seconds, &Heard::default())).unwrap();
    let until = |seconds| Some(UnixTime::from_seconds(seconds));
    let journal = at(NOW);
    journal.note("r/a:1", &digest("aa"), until(NOW + 100));
    journal.note("r/b:1", &digest("bb"), None);
    drop(journal);
    let is_known = |seconds| {
        let journal = at(seconds);
        [("r/a:1", "aa"), ("r/b:1", "bb")].map(|(name, byte)| journal.known(name, &digest(byte)).is_some())
    };
    assert_eq!(is_known(NOW + 99), [true, true]);
    for late in [NOW + 100, NOW + 101, NOW + LONGEST] {
        assert_eq!(is_known(late), [false, true], "{late}");
    }
    // Judged again, it counts as it does then.
    at(NOW + 200).note("r/a:1", &digest("aa"), until(NOW + 300));
    assert_eq!((is_known(NOW + 299), is_known(NOW + 300)), ([true, true], [false, true]));
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace(&(NOW + 300).to_string(), &(NOW + 900).to_string())).unwrap();
    assert!(Journal::open(&path, &OPTIONS, &mut context(NOW + 1, &Heard::default())).is_err());
}
