//! How far long work is, for somebody who waits at a terminal. Whoever works counts ([`bytes`], [`things`]), wherever that is; whoever began the
//! run may have it shown ([`shown`]), and then it is, for what takes longer than half a second. Everything is drawn by the one thread that works, so that
//! nothing is drawn while that waits for an answer to a question, or for another program.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// What takes less time is not shown.
const PATIENCE: Duration = Duration::from_millis(500);
/// Between two lines.
const PAUSE: Duration = Duration::from_millis(200);

/// Draws a line in place of the one before it; `None` takes that away.
pub type Draw = fn(Option<&str>);

tokio::task_local! {
    /// Where it is shown.
    static BOARD: Board;
}

/// Has the work of `run` shown.
pub async fn shown<F: Future>(draw: Draw, run: F) -> F::Output {
    let board = Board { draw, works: RefCell::default(), last: Cell::default(), is_drawn: Cell::default() };
    BOARD.scope(board, ticking(run)).await
}

/// Draws from time to time, also while everything waits for somebody else.
#[cfg(feature = "http")]
async fn ticking<F: Future>(run: F) -> F::Output {
    let mut run = pin!(run);
    loop {
        match tokio::time::timeout(PAUSE, &mut run).await {
            Ok(output) => return output,
            Err(_) => on_board(Board::show),
        }
    }
}

#[cfg(not(feature = "http"))]
async fn ticking<F: Future>(run: F) -> F::Output {
    // Without a network nothing waits for somebody else.
    pin!(run).await
}

/// Takes the line away, for whoever writes to the terminal. It comes back when the work goes on.
pub fn hide() {
    on_board(Board::hide);
}

fn on_board(act: impl FnOnce(&Board)) {
    // Without a board nobody looks.
    let _ = BOARD.try_with(act);
}

/// Work on so many bytes, if that is known; `what` names it, as `reading a.iso`.
pub fn bytes(what: impl Into<String>, total: Option<u64>) -> Work {
    Work::begin(what.into(), Unit::Bytes, total)
}

/// Work on so many things, such as `images`: a plural in `s`.
pub fn things(what: &str, total: usize) -> Work {
    Work::begin(what.to_owned(), Unit::Things, u64::try_from(total).ok())
}

/// Work that goes on until this is dropped.
#[derive(Debug)]
pub struct Work(Arc<Count>);

#[derive(Debug)]
struct Count {
    what: String,
    unit: Unit,
    total: Option<u64>,
    done: AtomicU64,
    failed: AtomicU64,
    begun: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Bytes,
    Things,
}

impl Work {
    fn begin(what: String, unit: Unit, total: Option<u64>) -> Self {
        let (done, failed) = (AtomicU64::new(0), AtomicU64::new(0));
        let count = Arc::new(Count { what, unit, total, done, failed, begun: Instant::now() });
        on_board(|board| board.works.borrow_mut().push(Arc::downgrade(&count)));
        Self(count)
    }

    /// So much more is done.
    pub fn add(&self, more: u64) {
        self.0.done.fetch_add(more, Ordering::Relaxed);
        on_board(Board::show);
    }

    /// One thing more is done; whether it came to a good end.
    pub fn one(&self, is_good: bool) {
        self.0.failed.fetch_add(u64::from(!is_good), Ordering::Relaxed);
        self.add(1);
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let own = Arc::as_ptr(&self.0);
        on_board(|board| {
            board.works.borrow_mut().retain(|work| work.as_ptr() != own && work.strong_count() > 0);
            if board.works.borrow().is_empty() {
                board.hide();
            }
        });
    }
}

/// Where it is shown: one line.
struct Board {
    draw: Draw,
    /// What goes on, in the order in which it began.
    works: RefCell<Vec<Weak<Count>>>,
    /// When it was looked at the last time.
    last: Cell<Option<Instant>>,
    is_drawn: Cell<bool>,
}

impl Board {
    /// Draws the line, unless it is too early for it.
    fn show(&self) {
        let now = Instant::now();
        if self.last.get().is_some_and(|last| now.duration_since(last) < PAUSE) {
            return;
        }
        self.last.set(Some(now));
        let works: Vec<_> = self.works.borrow().iter().filter_map(Weak::upgrade).collect();
        match line(&works, now) {
            Some(line) => {
                (self.draw)(Some(&line));
                self.is_drawn.set(true);
            }
            None => self.hide(),
        }
    }

    fn hide(&self) {
        if self.is_drawn.replace(false) {
            (self.draw)(None);
        }
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        self.hide();
    }
}

/// What began first, and what of it began last.
fn line(works: &[Arc<Count>], now: Instant) -> Option<String> {
    let mut long = works.iter().filter(|work| now.duration_since(work.begun) >= PATIENCE);
    let first = long.next()?.text();
    Some(match long.next_back() {
        Some(last) => format!("{first}; {}", last.text()),
        None => first,
    })
}

impl Count {
    fn text(&self) -> String {
        let Self { what, unit, total, .. } = self;
        let (done, failed) = (self.done.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed));
        let failed = if failed > 0 { format!(", {failed} not verified") } else { String::new() };
        let one = if *total == Some(1) { what.trim_end_matches('s') } else { what };
        match (unit, total) {
            (Unit::Things, Some(total)) => format!("{done} of {total} {one}{failed}"),
            (Unit::Things, None) => format!("{done} {what}{failed}"),
            // What is sent a second time begins anew, and a file may grow.
            (Unit::Bytes, Some(total)) if done <= *total && *total > 0 => {
                let percent = u128::from(done) * 100 / u128::from(*total);
                format!("{what}: {} of {} ({percent} %)", size(done), size(*total))
            }
            (Unit::Bytes, _) => format!("{what}: {}", size(done)),
        }
    }
}

/// A size for people.
fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => {
            let tenths = u128::from(bytes) * 10 / u128::from(unit);
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    thread_local! {
        static DRAWN: RefCell<Vec<Option<String>>> = const { RefCell::new(Vec::new()) };
    }

    fn draw(line: Option<&str>) {
        DRAWN.with_borrow_mut(|drawn| drawn.push(line.map(str::to_owned)));
    }

    /// What is drawn by `work`.
    fn drawn<F: Future>(work: F) -> Vec<Option<String>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        DRAWN.with_borrow_mut(Vec::clear);
        let _ = runtime.block_on(shown(draw, work));
        DRAWN.with_borrow_mut(std::mem::take)
    }

    fn sleep(millis: u64) {
        std::thread::sleep(Duration::from_millis(millis));
    }

    #[test]
    fn short_work_is_not_shown() {
        let work = async {
            for _ in 0..1000 {
                bytes("reading a", Some(1)).add(1);
            }
            let work = bytes("reading b", Some(4));
            sleep(250);
            work.add(1);
        };
        assert_eq!(drawn(work), []);
        // Where nobody asked, nothing is drawn at all.
        let work = bytes("reading a", None);
        sleep(600);
        work.add(1);
        assert!(DRAWN.with_borrow(Vec::is_empty));
    }

    #[test]
    fn long_work_is_one_line_that_goes_away() {
        let work = async {
            let batch = things("files", 10);
            batch.one(true);
            sleep(550);
            // As often as somebody counts, as seldom it is drawn.
            for _ in 0..1000 {
                batch.add(0);
            }
            batch.one(false);
            let part = bytes("reading a", Some(3 << 20));
            sleep(550);
            part.add(1 << 20);
            hide();
            hide();
            drop(part);
            sleep(250);
            batch.add(1);
            drop(batch);
            sleep(250);
        };
        let line = |text: &str| Some(text.to_owned());
        assert_eq!(
            drawn(work),
            [
                line("1 of 10 files"),
                line("2 of 10 files, 1 not verified; reading a: 1.0 MiB of 3.0 MiB (33 %)"),
                None,
                line("3 of 10 files, 1 not verified"),
                None,
            ]
        );
    }

    #[cfg(feature = "http")]
    #[test]
    fn waiting_for_somebody_else_is_shown_too_and_an_end_on_the_way_takes_it_away() {
        let work = async {
            let _work = things("images", 2);
            tokio::time::sleep(Duration::from_millis(900)).await;
        };
        let lines = drawn(work);
        assert!((2..=4).contains(&lines.len()), "{lines:?}");
        assert_eq!((lines[0].as_deref(), lines.last()), (Some("0 of 2 images"), Some(&None)));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let given_up = async {
            let _ = tokio::time::timeout(
                Duration::from_millis(800),
                shown(draw, async {
                    let _work = things("images", 2);
                    tokio::time::sleep(Duration::from_secs(60)).await;
                }),
            )
            .await;
        };
        runtime.block_on(given_up);
        assert_eq!(DRAWN.with_borrow_mut(std::mem::take).last(), Some(&None));
    }

    #[test]
    fn sizes_are_for_people() {
        let all = [0, 1023, 1024, 1536, (1 << 20) - 1, 5 << 30, u64::MAX].map(size);
        assert_eq!(
            all,
            ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "1023.9 KiB", "5.0 GiB", "17179869183.9 GiB"]
        );
        let count = |done, total| {
            let work = bytes("x", total);
            work.add(done);
            work.0.text()
        };
        assert_eq!(count(3, Some(2)), "x: 3 B");
        assert_eq!(count(0, Some(0)), "x: 0 B");
        assert_eq!(count(2, Some(2)), "x: 2 B of 2 B (100 %)");
    }
}
