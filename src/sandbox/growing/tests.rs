use super::*;

const KIND: &str = "test-1";
const PIECE: usize = 16;

/// A piece of one entry, which says itself whether it is whole.
fn piece(number: u64) -> Vec<u8> {
    let number = number.to_be_bytes();
    [&number[..], &sha256(&number)[..8]].concat()
}

/// Reads to the end, as a log and a registry do.
fn read(mut bytes: &[u8]) -> Result<Reading, Damage> {
    let mut reading = Reading::begin(KIND, &mut bytes).unwrap()?;
    for found in bytes.chunks(PIECE) {
        let number = reading.so_far().count;
        if found == piece(number) {
            reading.piece(PIECE as u64, 1, &sha256(found));
        } else if reading.next_was_acknowledged() {
            return Err(reading.damage("another piece"));
        } else {
            break;
        }
    }
    reading.end().map(|()| reading)
}

/// What is done to a file, in order.
#[derive(Debug, Clone)]
enum Step {
    Write(usize, Vec<u8>),
    Sync,
    Cut(usize),
    /// So many entries were acknowledged.
    Told(u64),
}

impl Step {
    fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Self::Write(offset, bytes) => {
                file.resize(file.len().max(offset + bytes.len()), 0);
                file[*offset..offset + bytes.len()].copy_from_slice(bytes);
            }
            Self::Cut(end) => file.resize(*end, 0),
            Self::Sync | Self::Told(_) => {}
        }
    }
}

/// A medium that writes its steps down.
#[derive(Debug, Default)]
struct Recorder(std::rc::Rc<std::cell::RefCell<Vec<Step>>>);

impl Medium for Recorder {
    fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.borrow_mut().push(Step::Write(offset as usize, bytes.to_vec()));
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.borrow_mut().push(Step::Sync);
        Ok(())
    }

    fn cut(&mut self, end: u64) -> io::Result<()> {
        self.0.borrow_mut().extend([Step::Cut(end as usize), Step::Sync]);
        Ok(())
    }

    fn is_removed(&self) -> io::Result<bool> {
        Ok(false)
    }
}

/// The steps of opening a file and adding so many pieces, each told of.
fn steps(file: &[u8], pieces: u64) -> Vec<Step> {
    let (reading, steps) = (read(file).unwrap(), Recorder::default().0);
    let mut growing = Growing::resume(Recorder(steps.clone()), KIND, &reading).unwrap();
    for _ in 0..pieces {
        steps.borrow_mut().push(Step::Told(growing.acknowledged().count));
        let bytes = piece(growing.acknowledged().count);
        growing.append(&bytes, 1, &sha256(&bytes)).unwrap();
    }
    steps.borrow_mut().push(Step::Told(growing.acknowledged().count));
    steps.take()
}

/// All that may be on a disk when everything stops after a step: what was synced, and any part of what was written after that, in
/// any order.
fn crashes(before: &[u8], steps: &[Step]) -> Vec<(Vec<u8>, u64)> {
    let (mut durable, mut pending, mut told) = (before.to_vec(), Vec::<Step>::new(), 0);
    let mut found = Vec::new();
    for step in steps {
        match step {
            Step::Told(count) => told = *count,
            Step::Sync => pending.drain(..).for_each(|step| step.apply(&mut durable)),
            step => pending.push(step.clone()),
        }
        for chosen in 0..1_u32 << pending.len() {
            let mut file = durable.clone();
            let mut last = None;
            for (_, step) in pending.iter().enumerate().filter(|(at, _)| chosen & (1 << at) != 0) {
                last = Some((step, file.clone()));
                step.apply(&mut file);
            }
            if let Some((Step::Write(offset, bytes), without)) = last {
                for end in 0..bytes.len() {
                    // Its beginning alone; its end alone, in a file that has grown.
                    let mut part = without.clone();
                    Step::Write(*offset, bytes[..end].to_vec()).apply(&mut part);
                    found.push((part, told));
                    let mut part = without.clone();
                    Step::Write(offset + end, bytes[end..].to_vec()).apply(&mut part);
                    found.push((part, told));
                }
            }
            found.push((file, told));
        }
    }
    found
}

/// However it stops, also while it is opened after that, it opens, everything is there that anybody was told of, and it goes on.
#[test]
fn it_may_stop_at_any_moment() {
    let new = header(KIND, &Extent::NONE);
    let mut seen = std::collections::BTreeSet::new();
    let mut again = Vec::new();
    for (file, told) in crashes(&new, &steps(&new, 3)) {
        let reading = read(&file).unwrap_or_else(|damage| panic!("{told} were told of: {damage}"));
        assert!(reading.so_far().count >= told);
        if seen.insert(file.clone()) {
            again.push((file, told));
        }
    }
    assert!(again.len() > 500, "{}", again.len());
    for (before, told) in again.into_iter().step_by(7) {
        for (file, more) in crashes(&before, &steps(&before, 2)) {
            let reading =
                read(&file).unwrap_or_else(|damage| panic!("{told}, {more} were told of: {damage}"));
            assert!(reading.so_far().count >= told.max(more));
        }
    }
}

/// A file in which so many entries were acknowledged.
fn acknowledged(pieces: u64) -> Vec<u8> {
    let mut file = header(KIND, &Extent::NONE);
    steps(&file.clone(), pieces).iter().for_each(|step| step.apply(&mut file));
    file
}

/// Damage is told, or harms nothing; never are there fewer entries than were acknowledged.
#[test]
fn nothing_is_missing_without_a_word() {
    const SLOT_TEXT: usize = 200;
    for pieces in [1, 2, 5] {
        let whole = acknowledged(pieces);
        assert_eq!(read(&whole).unwrap().so_far().count, pieces);
        let first = HEADER as usize;
        for end in 0..whole.len() {
            let damage = read(&whole[..end]).unwrap_err();
            assert_eq!(damage.acknowledged, if end < first { 0 } else { pieces }, "{end}: {damage}");
            assert!(end < first || damage.before == ((end - first) / PIECE) as u64, "{end}: {damage}");
        }
        for at in (0..SLOT_TEXT).chain(SLOT..SLOT + SLOT_TEXT).chain(first..whole.len()) {
            let mut bad = whole.clone();
            bad[at] ^= 1;
            assert!(at < first || read(&bad).is_err(), "{at}");
            let harmless = |reading: Reading| reading.so_far().count == pieces;
            assert!(read(&bad).map_or(true, harmless), "{at}");
            // A slot, and the end of what it said.
            for less in 1..=pieces as usize {
                assert!(read(&bad[..whole.len() - less * PIECE]).is_err(), "{at} {less}");
            }
        }
        let mut bad = whole.clone();
        (bad[0], bad[SLOT]) = (0, 0);
        assert_eq!(read(&bad).unwrap_err().offset, 0);
    }
}

/// An older file with pieces that were added by somebody else has the right number of entries, and not the right ones.
#[test]
fn other_entries_are_not_those_that_were_acknowledged() {
    let mut file = header(KIND, &Extent::NONE);
    let extent = Extent::NONE.with(PIECE as u64, 1, &sha256(b"another piece"));
    file = [header(KIND, &extent), file.split_off(file.len())].concat();
    file.extend(piece(0));
    assert_eq!(read(&file).unwrap_err().reason, "what comes before is not what was acknowledged");
    // Another kind of file, and pieces that nobody was told of.
    assert!(Reading::begin("test-2", &mut acknowledged(1).as_slice()).unwrap().is_err());
    let more = [acknowledged(1), piece(1), piece(2)[..9].to_vec()].concat();
    assert_eq!(read(&more).unwrap().so_far().count, 2);
}

#[test]
fn after_a_failure_nothing_is_written_and_a_removed_file_is_a_failure() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("file");
    std::fs::write(&path, header(KIND, &Extent::NONE)).unwrap();
    let open = || File::options().read(true).write(true).open(&path).unwrap();
    let mut growing = Growing::resume(open(), KIND, &read(&std::fs::read(&path).unwrap()).unwrap()).unwrap();
    let append = |growing: &mut Growing| growing.append(&piece(0), 1, &sha256(&piece(0)));
    // Nothing can be written by this, nor cut off.
    let writable = growing.replace(File::open(&path).unwrap());
    append(&mut growing).unwrap_err();
    drop(growing.replace(writable));
    let error = append(&mut growing).unwrap_err().to_string();
    assert!(error.starts_with("an earlier entry could not be written: "), "{error}");
    assert_eq!(read(&std::fs::read(&path).unwrap()).unwrap().so_far().count, 0);
    #[cfg(unix)]
    {
        let mut growing =
            Growing::resume(open(), KIND, &read(&std::fs::read(&path).unwrap()).unwrap()).unwrap();
        append(&mut growing).unwrap();
        std::fs::remove_file(&path).unwrap();
        for _ in 0..2 {
            let error = growing.append(&piece(1), 1, &sha256(&piece(1))).unwrap_err().to_string();
            assert!(error.ends_with("somebody has removed its file"), "{error}");
        }
    }
}
