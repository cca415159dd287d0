//! The log as static files (C2SP tlog-tiles): tiles of hashes and bundles of entries.

use super::{Log, LogError};

/// How many hashes or entries a full one has.
const FULL: u64 = 256;

/// Which tile, or which bundle of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tile {
    /// Hashes of the level (each of a subtree with `256^level` leaves).
    Hashes {
        /// The level, 0 to 63.
        level: u32,
        /// Where.
        path: TilePath,
    },
    /// Leaves.
    Entries(TilePath),
}

/// The place of a tile on its level, and how much of it there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TilePath {
    /// Its index.
    pub index: u64,
    /// How many hashes or entries: 1 to 255 for a partial one, 256 for a full one.
    pub width: u64,
}

impl TilePath {
    /// Reads `x001/x234/067`, which is full, or `x001/x234/067.p/8`; `None` for what is no such path, also one that could be
    /// shorter.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, width) = match text.split_once(".p/") {
            Some((number, width)) => {
                let plain = !width.starts_with('0') && width.bytes().all(|b| b.is_ascii_digit());
                (number, width.parse().ok().filter(|w| plain && (1..FULL).contains(w))?)
            }
            None => (text, FULL),
        };
        let mut index = 0u64;
        let mut parts = number.split('/').peekable();
        let leading = parts.peek().is_some_and(|part| *part == "x000");
        while let Some(part) = parts.next() {
            let digits = if parts.peek().is_some() { part.strip_prefix('x')? } else { part };
            if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
        }
        (!leading).then_some(Self { index, width })
    }
}

impl Tile {
    /// Reads the part of the path after `tile/`: `<level>/<path>` or `entries/<path>`.
    pub fn parse(text: &str) -> Option<Self> {
        let (level, path) = text.split_once('/')?;
        let path = TilePath::parse(path)?;
        if level == "entries" {
            return Some(Self::Entries(path));
        }
        let plain = level == "0" || (!level.starts_with('0') && level.bytes().all(|b| b.is_ascii_digit()));
        let level = level.parse().ok().filter(|level| plain && *level < 64)?;
        Some(Self::Hashes { level, path })
    }
}

impl Log {
    /// The content of a tile or of a bundle; `None` when the log has not that many entries. A bundle has each leaf after its
    /// length in two bytes.
    ///
    /// # Errors
    /// As [`Log::entry`]; [`LogError::TooLong`] when a leaf of the bundle has more than 65,535 bytes.
    pub fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, LogError> {
        match tile {
            Tile::Hashes { level, path } => Ok(self.hashes(level, path)),
            Tile::Entries(path) => self.bundle(path),
        }
    }

    fn hashes(&self, level: u32, path: TilePath) -> Option<Vec<u8>> {
        let (level, first) = (level.checked_mul(8)?, path.index.checked_mul(FULL)?);
        self.tree(|tree| Some(tree.full_subtrees(level, first, path.width)?.as_flattened().to_vec()))
    }

    fn bundle(&self, path: TilePath) -> Result<Option<Vec<u8>>, LogError> {
        let range =
            path.index.checked_mul(FULL).and_then(|first| Some((first, first.checked_add(path.width)?)));
        let Some((first, end)) = range.filter(|(_, end)| *end <= self.size()) else { return Ok(None) };
        let mut bundle = Vec::new();
        for index in first..end {
            let Some(entry) = self.entry(index)? else { return Ok(None) };
            let bytes = entry.leaf.len();
            let length = u16::try_from(bytes);
            let length = length.map_err(|_| LogError::TooLong { bytes, limit: u16::MAX.into() })?;
            bundle.extend(length.to_be_bytes());
            bundle.extend(entry.leaf);
        }
        Ok(Some(bundle))
    }
}
