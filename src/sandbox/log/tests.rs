use super::*;
use crate::sandbox::growing::Medium;

use std::fs;
use std::time::Instant;

use proptest::prelude::*;

use crate::tlog::{InclusionProof, verify_inclusion};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

struct Place {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { path: folder.path().join("state"), _folder: folder }
    }

    fn open(&self) -> Result<Log, LogError> {
        Log::open(&Folder::open(&self.path).unwrap(), "test")
    }

    fn file(&self) -> PathBuf {
        self.path.join("logs/test.log")
    }
}

fn append(log: &Log, leaves: impl IntoIterator<Item = Vec<u8>>) {
    runtime().block_on(async {
        for leaf in leaves {
            log.append(leaf).await.unwrap();
        }
    });
}

fn leaf(i: u64) -> Vec<u8> {
    format!("leaf {i}").repeat(1 + i as usize % 7).into_bytes()
}

/// Everything in the log is there, in order, and proven by its tree.
fn check(log: &Log, size: u64) {
    assert_eq!(log.size(), size);
    for index in 0..size {
        assert_eq!(log.entry(index).unwrap().unwrap().leaf, leaf(index));
        let proof = InclusionProof {
            log_index: index,
            tree_size: size,
            root_hash: log.root(size).unwrap().to_vec(),
            hashes: log.inclusion_path(index, size).unwrap().iter().map(|h| h.to_vec()).collect(),
            checkpoint: None,
        };
        verify_inclusion(&leaf(index), &proof).unwrap();
        assert_eq!(log.find(&leaf_hash(&leaf(index))), Some(index));
    }
    assert_eq!(log.entry(size).unwrap(), None);
    assert_eq!(log.root(size + 1), None);
}

#[test]
fn entries_are_there_after_a_restart() {
    let place = Place::new();
    for round in 0..4 {
        let log = place.open().unwrap();
        check(&log, round * 5);
        append(&log, (round * 5..round * 5 + 5).map(leaf));
        check(&log, round * 5 + 5);
    }
    let log = place.open().unwrap();
    let ticket = log.submit(b"a leaf".to_vec(), b"beside it".to_vec()).unwrap();
    runtime().block_on(log.committed(&ticket)).unwrap();
    drop(log);
    let found = place.open().unwrap().entry(20).unwrap().unwrap();
    assert_eq!(found, Record { leaf: b"a leaf".to_vec(), attached: b"beside it".to_vec() });
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(place.file()).unwrap().permissions()) & 0o777,
        0o600
    );
}

/// Where the frames begin.
const FIRST: usize = 8192;

/// A file in which `told` entries were acknowledged, and one more was written that was not.
fn unacknowledged(place: &Place, told: u64) -> (Vec<u8>, Vec<u8>) {
    let log = place.open().unwrap();
    append(&log, (log.size()..told).map(leaf));
    let before = fs::read(place.file()).unwrap();
    append(&log, [leaf(told)]);
    let after = fs::read(place.file()).unwrap();
    drop(log);
    // The frame is written before the file says that it was acknowledged.
    (before.clone(), [&before[..FIRST], &after[FIRST..]].concat())
}

/// As a killed process leaves it: any part of the last frame may be missing. What was acknowledged before it stays, the log goes on, and it
/// is said what was cut off.
#[test]
fn a_torn_tail_is_cut_at_every_byte() {
    let place = Place::new();
    let (before, whole) = unacknowledged(&place, 3);
    for end in before.len()..whole.len() {
        fs::write(place.file(), &whole[..end]).unwrap();
        let folder = Folder::open(&place.path).unwrap();
        let log = Log::open(&folder, "test").unwrap();
        check(&log, 3);
        let cut = end - before.len();
        let said =
            format!("the last {cut} bytes were a part of an entry that nobody was told of, and are cut off");
        let expected = if cut == 0 { vec![] } else { vec![format!("{}: {said}", place.file().display())] };
        assert_eq!(folder.notes(), expected);
        append(&log, [leaf(3)]);
        check(&log, 4);
        drop((log, folder));
        assert_eq!(fs::read(place.file()).unwrap()[FIRST..], whole[FIRST..], "{end}");
    }
    // The length was written, the data was not.
    for end in before.len()..whole.len() {
        let mut torn = whole.clone();
        torn[end..].fill(0);
        if torn != whole {
            fs::write(place.file(), &torn).unwrap();
            check(&place.open().unwrap(), 3);
        }
    }
    // Whole, and not said: it is there.
    fs::write(place.file(), &whole).unwrap();
    check(&place.open().unwrap(), 4);
    check(&place.open().unwrap(), 4);
}

/// What a client puts into its entry is no frame, wherever the entry is cut off.
#[test]
fn a_frame_in_an_entry_is_no_frame() {
    let place = Place::new();
    let (before, _) = unacknowledged(&place, 1);
    fs::write(place.file(), &before).unwrap();
    let log = place.open().unwrap();
    // Frames of index 0, 1, 2 and 7, whole, without a record.
    let frames: Vec<u8> = [0_u64, 1, 2, 7]
        .iter()
        .flat_map(|index| {
            let numbers = [&[0xff, b'L', b'O', b'G'][..], &index.to_be_bytes(), &[0; 4]].concat();
            let sum = crate::crypto::sha256(&numbers[4..]);
            [&numbers[..], &sum].concat()
        })
        .collect();
    append(&log, [[&frames[..], b"and the rest of the entry"].concat()]);
    drop(log);
    let after = fs::read(place.file()).unwrap();
    let whole = [&before[..FIRST], &after[FIRST..]].concat();
    for end in before.len()..whole.len() {
        fs::write(place.file(), &whole[..end]).unwrap();
        check(&place.open().unwrap(), 1);
    }
}

/// Nothing that was acknowledged is silently left out, wherever the damage is, the last frame among it.
#[test]
fn damage_to_what_was_acknowledged_is_an_error_wherever_it_is() {
    let place = Place::new();
    append(&place.open().unwrap(), (0..3).map(leaf));
    let whole = fs::read(place.file()).unwrap();
    let refused = |bad: &[u8]| {
        fs::write(place.file(), bad).unwrap();
        let error = place.open().unwrap_err();
        assert_eq!(fs::read(place.file()).unwrap(), bad, "a damaged file is left as it is");
        let LogError::Lost { damage, .. } = error else { panic!("{error}") };
        damage
    };
    for at in FIRST..whole.len() {
        let mut bad = whole.clone();
        bad[at] ^= 0x10;
        assert_eq!(refused(&bad).acknowledged, 3, "{at}");
    }
    for end in 0..whole.len() {
        refused(&whole[..end]);
    }
    let last = whole.len() - 48 - 8 - leaf(2).len();
    let error = LogError::Lost { path: "x.log".into(), damage: refused(&whole[..last]) }.to_string();
    let of = "it ends there; of 3 entries that were acknowledged 2 come before it";
    assert_eq!(error, format!("the log x.log is damaged at byte {last}: {of}"));
    let first = FIRST + 48 + 8 + leaf(0).len();
    let missing = refused(&[&whole[..FIRST], &whole[first..]].concat());
    assert_eq!(missing.reason, "a frame is missing or there twice");
    for bad in [&b""[..], b"rcolog", b"something else"] {
        assert_eq!(refused(bad).offset, 0);
    }
    // One that is there twice comes after all that was acknowledged.
    fs::write(place.file(), [&whole[..], &whole[last..]].concat()).unwrap();
    check(&place.open().unwrap(), 3);
}

#[test]
fn a_log_that_is_gone_is_missing_once_all_is_complete() {
    let place = Place::new();
    drop(place.open().unwrap());
    fs::remove_file(place.file()).unwrap();
    drop(place.open().unwrap());
    Folder::open(&place.path).unwrap().complete().unwrap();
    fs::remove_file(place.file()).unwrap();
    let error = place.open().unwrap_err();
    assert!(matches!(error, LogError::Folder(FolderError::Missing { .. })), "{error}");
    assert!(!place.file().exists());
}

/// Nobody is told of entries in a file that is not there.
#[cfg(unix)]
#[test]
fn a_log_whose_folder_is_removed_takes_no_entries() {
    let place = Place::new();
    let log = place.open().unwrap();
    append(&log, (0..3).map(leaf));
    fs::remove_dir_all(&place.path).unwrap();
    for _ in 0..2 {
        let error = log.append_blocking(leaf(3), Vec::new()).unwrap_err().to_string();
        assert_eq!(
            error,
            "the log takes no entries any more: somebody has removed its file: restart the sandbox"
        );
    }
    check(&log, 3);
}

#[test]
fn an_entry_that_changes_under_the_log_is_not_given_out() {
    let place = Place::new();
    let log = place.open().unwrap();
    append(&log, (0..3).map(leaf));
    let mut bytes = fs::read(place.file()).unwrap();
    let end = bytes.len() - 1;
    bytes[end] ^= 1;
    fs::write(place.file(), bytes).unwrap();
    assert!(log.entry(1).is_ok());
    assert!(matches!(log.entry(2), Err(LogError::Damaged { .. })));
}

#[test]
fn many_writers_share_commits_and_lose_nothing() {
    let place = Place::new();
    let log = Arc::new(place.open().unwrap());
    runtime().block_on(async {
        let writers: Vec<_> = (0..32u64)
            .map(|writer| {
                let log = Arc::clone(&log);
                tokio::spawn(async move {
                    let mut mine = Vec::new();
                    for i in 0..20u64 {
                        let leaf = format!("{writer} {i}").into_bytes();
                        mine.push((log.append(leaf.clone()).await.unwrap(), leaf));
                    }
                    mine
                })
            })
            .collect();
        let mut all = Vec::new();
        for writer in writers {
            all.extend(writer.await.unwrap());
        }
        drop(log);
        let log = place.open().unwrap();
        assert_eq!(log.size(), 640);
        for (index, leaf) in all {
            assert_eq!(log.entry(index).unwrap().unwrap().leaf, leaf);
        }
    });
    let frames =
        fs::read(place.file()).unwrap().windows(4).filter(|w| *w == [0xff, b'L', b'O', b'G']).count();
    assert!(frames < 320, "{frames} commits for 640 entries");
}

/// A write that fails is told to everybody who waits and everybody who comes; nothing of it is in the tree.
#[test]
fn a_log_that_cannot_write_stops() {
    let place = Place::new();
    let mut log = place.open().unwrap();
    append(&log, [leaf(0)]);
    let (sender, progress) = watch::channel(Progress { size: 1, stopped: None });
    let read_only = File::open(place.file()).unwrap();
    let read = file::read(&place.file(), &read_only).unwrap().read;
    let writable = File::options().write(true).open(place.file()).unwrap();
    let mut growing = Growing::resume(writable, file::KIND, &read).unwrap();
    growing.replace(read_only);
    log.writer = Writer::start(growing, Arc::clone(&log.committed), Arc::clone(&log.queue), sender).unwrap();
    log.progress = progress;
    let first = log.submit(leaf(1), Vec::new()).unwrap();
    let error = runtime().block_on(log.committed(&first)).unwrap_err();
    assert!(matches!(error, LogError::Stopped { .. }), "{error}");
    assert_eq!((log.size(), log.entry(1).unwrap()), (1, None));
    assert!(log.stop_reason().is_some());
    let error = log.append_blocking(leaf(2), Vec::new()).unwrap_err().to_string();
    assert!(error.starts_with("the log takes no entries any more: "), "{error}");
    drop(log);
    check(&place.open().unwrap(), 1);
}

/// A file on a disk that is full now and then: half of what is written is there then.
struct Full(File, Arc<std::sync::atomic::AtomicBool>);

impl Medium for Full {
    fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if !self.1.load(std::sync::atomic::Ordering::SeqCst) {
            return self.0.write(offset, bytes);
        }
        self.0.write(offset, &bytes[..bytes.len() / 2])?;
        Err(io::ErrorKind::StorageFull.into())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync()
    }

    fn cut(&mut self, end: u64) -> io::Result<()> {
        self.0.cut(end)
    }

    fn is_removed(&self) -> io::Result<bool> {
        self.0.is_removed()
    }
}

/// Where there is space again the log goes on, at the place where it was.
#[test]
fn a_log_goes_on_when_there_is_space_again() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let place = Place::new();
    let mut log = place.open().unwrap();
    append(&log, [leaf(0)]);
    let (sender, progress) = watch::channel(Progress { size: 1, stopped: None });
    let file = File::options().read(true).write(true).open(place.file()).unwrap();
    let read = file::read(&place.file(), &file).unwrap().read;
    let full = Arc::new(AtomicBool::new(false));
    let growing = Growing::resume(Full(file, Arc::clone(&full)), file::KIND, &read).unwrap();
    log.writer = Writer::start(growing, Arc::clone(&log.committed), Arc::clone(&log.queue), sender).unwrap();
    log.progress = progress;
    for round in 0..3 {
        full.store(true, Ordering::SeqCst);
        let all: Vec<Ticket> = (0..20).map_while(|i| log.submit(leaf(100 + i), Vec::new()).ok()).collect();
        assert_eq!(all.len(), 20);
        for ticket in &all {
            let error = runtime().block_on(log.committed(ticket)).unwrap_err();
            assert!(matches!(error, LogError::Unwritten { .. }), "{error}");
        }
        assert_eq!(
            (log.size(), log.find(&leaf_hash(&leaf(100))), log.stop_reason()),
            (1 + round, None, None)
        );
        full.store(false, Ordering::SeqCst);
        // Another entry has the index of the first that was refused, who still is told that it is not there.
        assert_eq!(log.append_blocking(leaf(1 + round), Vec::new()).unwrap(), 1 + round);
        let refused = all.iter().find(|ticket| ticket.index == 1 + round).unwrap();
        runtime().block_on(log.committed(refused)).unwrap_err();
        assert_eq!(log.entry(1 + round).unwrap().unwrap().leaf, leaf(1 + round));
    }
    drop(log);
    check(&place.open().unwrap(), 4);
}

#[test]
fn entries_that_are_too_long() {
    let place = Place::new();
    let log = place.open().unwrap();
    assert!(matches!(log.submit(vec![0; (16 << 20) + 1], Vec::new()), Err(LogError::TooLong { .. })));
    append(&log, [vec![0; 16 << 20]]);
    drop(log);
    assert_eq!(place.open().unwrap().entry(0).unwrap().unwrap().leaf.len(), 16 << 20);
}

#[test]
fn tile_paths() {
    let path = |index, width| Some(TilePath { index, width });
    for (text, expected) in [
        ("000", path(0, 256)),
        ("067.p/8", path(67, 8)),
        ("x001/x234/067", path(1_234_067, 256)),
        ("x001/000.p/255", path(1000, 255)),
        ("", None),
        ("1", None),
        ("0000", None),
        ("x000", None),
        ("x000/001", None),
        ("001/002", None),
        ("x001/", None),
        ("000.p/0", None),
        ("000.p/256", None),
        ("000.p/08", None),
        ("000.p/+8", None),
        ("000.p/", None),
        ("+01", None),
        ("x999/x999/x999/x999/x999/x999/x999", None),
    ] {
        assert_eq!(TilePath::parse(text), expected, "{text}");
    }
    assert_eq!(Tile::parse("0/000"), Some(Tile::Hashes { level: 0, path: path(0, 256).unwrap() }));
    assert_eq!(Tile::parse("entries/001.p/2"), Some(Tile::Entries(path(1, 2).unwrap())));
    for text in ["00/000", "64/000", "-1/000", "x/000", "000", "entries"] {
        assert_eq!(Tile::parse(text), None, "{text}");
    }
}

/// Whoever has only tiles gets to the same root, and to the same entries.
#[test]
fn tiles_are_the_tree() {
    let place = Place::new();
    let log = place.open().unwrap();
    let last = 256 * 3 + 40;
    let submitted = (0..last).map(|i| log.submit(leaf(i), Vec::new()).unwrap()).last().unwrap();
    runtime().block_on(log.committed(&submitted)).unwrap();
    let get = |text: &str| log.tile(Tile::parse(text).unwrap()).unwrap();
    let mut tree = Tree::new();
    for tile in ["0/000", "0/001", "0/002", "0/003.p/40"] {
        for hash in get(tile).unwrap().as_chunks::<32>().0 {
            tree.append_hash(*hash);
        }
    }
    assert_eq!(Some(tree.root()), log.root(last));
    let above = get("1/000.p/3").unwrap();
    assert_eq!(above.as_chunks::<32>().0, tree.full_subtrees(8, 0, 3).unwrap());
    let bundle = get("entries/003.p/2").unwrap();
    let (first, second) = (leaf(768), leaf(769));
    let expected = [&[0, first.len() as u8][..], &first, &[0, second.len() as u8], &second].concat();
    assert_eq!(bundle, expected);
    for missing in
        ["0/003", "0/003.p/41", "0/004.p/1", "1/000", "1/000.p/4", "2/000.p/1", "entries/003", "entries/999"]
    {
        assert_eq!(get(missing), None, "{missing}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    /// Any entries, cut anywhere after those that were acknowledged: a prefix of what was written.
    #[test]
    fn any_cut_leaves_whole_commits(
        entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..12), cut in any::<prop::sample::Index>(),
    ) {
        let place = Place::new();
        let log = place.open().unwrap();
        let header = fs::read(place.file()).unwrap();
        let mut ends = vec![header.len()];
        for entry in &entries {
            append(&log, [entry.clone()]);
            ends.push(fs::metadata(place.file()).unwrap().len() as usize);
        }
        drop(log);
        let whole = fs::read(place.file()).unwrap();
        let cut = FIRST + cut.index(whole.len() - FIRST + 1);
        // As long as the file does not say that they were acknowledged.
        fs::write(place.file(), [&header[..], &whole[FIRST..cut]].concat()).unwrap();
        let log = place.open().unwrap();
        let expected = ends.iter().filter(|end| **end <= cut).count() - 1;
        prop_assert_eq!(log.size(), expected as u64);
        for (index, entry) in entries[..expected].iter().enumerate() {
            prop_assert_eq!(&log.entry(index as u64).unwrap().unwrap().leaf, entry);
        }
        drop(log);
        // And where it does, anything less is refused.
        fs::write(place.file(), &whole[..cut]).unwrap();
        prop_assert_eq!(place.open().is_ok(), cut == whole.len());
    }
}

/// The figures of docs/design/sandbox.md.
#[test]
#[ignore = "measures"]
fn figures() {
    const ENTRIES: u64 = 10_000;
    let body = |i: u64| format!("{i:08}").repeat(256).into_bytes();
    for writers in [1u64, 32] {
        let place = Place::new();
        let log = Arc::new(place.open().unwrap());
        let start = Instant::now();
        runtime().block_on(async {
            let tasks: Vec<_> = (0..writers)
                .map(|writer| {
                    let log = Arc::clone(&log);
                    tokio::spawn(async move {
                        for i in (writer..ENTRIES).step_by(writers as usize) {
                            log.append(body(i)).await.unwrap();
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
        let seconds = start.elapsed().as_secs_f64();
        println!("{writers} writers: {:.0} entries of 2 KiB a second", ENTRIES as f64 / seconds);
        drop(log);
        let (before, start) = (resident(), Instant::now());
        let log = place.open().unwrap();
        println!("opening {} entries: {:?}", log.size(), start.elapsed());
        println!("resident memory: {} KiB more", resident().saturating_sub(before));
        let start = Instant::now();
        for index in 0..ENTRIES {
            log.inclusion_path(index, ENTRIES).unwrap();
        }
        println!("an inclusion path: {:?}", start.elapsed() / ENTRIES as u32);
        let start = Instant::now();
        for old in 1..ENTRIES {
            log.consistency_path(old, ENTRIES).unwrap();
        }
        println!("a consistency path: {:?}", start.elapsed() / ENTRIES as u32);
    }
}

/// The resident memory of this process in KiB, where the system says it.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}
