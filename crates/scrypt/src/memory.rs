//! The large memory of scrypt, in pieces that a second thread makes while the first one fills those before.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

/// How large a piece is, in 64 bytes: a MiB.
const PIECE: usize = 1 << 14;
/// How many pieces may wait to be filled.
const AHEAD: usize = 8;
/// The smallest size of a page, in 64 bytes.
const PAGE: usize = 4096 / 64;

/// N entries of so many blocks each.
pub(crate) struct Memory<B> {
    pieces: Vec<Vec<B>>,
    coming: Receiver<Vec<B>>,
    sizes: Sizes,
}

#[derive(Clone, Copy)]
struct Sizes {
    /// Blocks in an entry.
    entry: usize,
    /// Entries in a piece.
    entries: usize,
    /// How many pieces there are.
    pieces: usize,
}

/// Does `work` with memory for `n` entries, a power of two, of `entry` blocks each.
pub(crate) fn ahead<B: Copy + Send + Default>(n: usize, entry: usize, work: impl FnOnce(&mut Memory<B>)) {
    let entries = (PIECE / entry.max(1)).max(1).min(n);
    let entries = 1 << entries.ilog2();
    let sizes = Sizes { entry, entries, pieces: n / entries };
    let (sender, coming) = sync_channel(AHEAD);
    thread::scope(|scope| {
        let make = move || {
            for _ in 0..sizes.pieces {
                if sender.send(sizes.piece()).is_err() {
                    return;
                }
            }
        };
        // Where there is no thread to be had, each piece is made when it is needed.
        let _ = thread::Builder::new().spawn_scoped(scope, make);
        work(&mut Memory { pieces: Vec::with_capacity(sizes.pieces), coming, sizes });
    });
}

impl Sizes {
    /// A piece whose pages the system has given: it does so when they are first written, and that takes its time.
    fn piece<B: Copy + Default>(self) -> Vec<B> {
        let mut piece = vec![B::default(); self.entries * self.entry];
        for block in piece.iter_mut().step_by(PAGE) {
            *block = std::hint::black_box(B::default());
        }
        piece
    }
}

impl<B: Copy + Default> Memory<B> {
    /// Shows every entry, in order, to be written.
    pub fn fill(&mut self, mut write: impl FnMut(&mut [B])) {
        for number in 0..self.sizes.pieces {
            if number == self.pieces.len() {
                let piece = self.coming.recv().unwrap_or_else(|_| self.sizes.piece());
                self.pieces.push(piece);
            }
            if let Some(piece) = self.pieces.get_mut(number) {
                piece.chunks_exact_mut(self.sizes.entry).for_each(&mut write);
            }
        }
    }

    /// One entry; there is one for every number below N.
    #[inline(always)]
    pub fn entry(&self, number: usize) -> &[B] {
        let Sizes { entry, entries, .. } = self.sizes;
        let start = number % entries * entry;
        let piece = self.pieces.get(number / entries);
        piece.and_then(|piece| piece.get(start..start + entry)).unwrap_or_default()
    }
}
