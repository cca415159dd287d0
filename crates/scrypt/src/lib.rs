//! scrypt (RFC 7914), with its memory made ready by a second thread.

mod lanes;
mod memory;

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA256};

use lanes::{Fastest, Lanes};
use memory::Memory;

/// The parameters of scrypt (RFC 7914 section 2). The memory is 128 times N times r bytes, and 128 times r times p.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// N is 2 to the power of this.
    pub log_n: u8,
    /// The size of a block, in 128 bytes.
    pub r: u32,
    /// How often.
    pub p: u32,
}

/// The parameters are not those of scrypt, or more than this machine can address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CostError;

/// 64 bytes, in the order of the diagonals of Salsa20's matrix: so the lanes of a round stand beside each other.
type Block<T> = [T; 4];

/// Where the numbers of a block stand among its 64 bytes.
const DIAGONALS: [[usize; 4]; 4] = [[0, 5, 10, 15], [4, 9, 14, 3], [8, 13, 2, 7], [12, 1, 6, 11]];

/// Derives `key` from a password.
///
/// # Errors
/// [`CostError`]; no memory was taken.
pub fn derive(password: &[u8], salt: &[u8], cost: Cost, key: &mut [u8]) -> Result<(), CostError> {
    with::<Fastest>(password, salt, cost, key)
}

/// RFC 7914 section 6.
fn with<T: Lanes + Default>(
    password: &[u8],
    salt: &[u8],
    cost: Cost,
    key: &mut [u8],
) -> Result<(), CostError> {
    let Sizes { n, lane, all } = cost.sizes()?;
    if key.is_empty() || key.len() as u64 > u64::from(u32::MAX) * 32 {
        return Err(CostError);
    }
    let mut lanes = vec![0; all];
    pbkdf2::derive(PBKDF2_HMAC_SHA256, NonZeroU32::MIN, salt, password, &mut lanes);
    memory::ahead(n, lane / 64, |memory| {
        lanes.chunks_exact_mut(lane).for_each(|lane| ro_mix::<T>(lane, n, memory));
    });
    pbkdf2::derive(PBKDF2_HMAC_SHA256, NonZeroU32::MIN, &lanes, password, key);
    Ok(())
}

struct Sizes {
    n: usize,
    /// Bytes in one block of scrypt.
    lane: usize,
    /// Bytes in all p of them.
    all: usize,
}

impl Cost {
    fn sizes(self) -> Result<Sizes, CostError> {
        let Self { log_n, r, p } = self;
        // Section 2: N is larger than 1 and less than 2 to the power of 16 r, p at most (2^32 - 1) * 32 / (128 r).
        let sound = log_n > 0
            && u64::from(log_n) < 16 * u64::from(r)
            && p > 0
            && u64::from(r) * u64::from(p) <= u64::from(u32::MAX) / 4;
        let sizes = || {
            let n = 1_usize.checked_shl(log_n.into())?;
            let lane = usize::try_from(r).ok()?.checked_mul(128)?;
            n.checked_mul(lane).filter(|size| u32::try_from(n).is_ok() && isize::try_from(*size).is_ok())?;
            let all = lane.checked_mul(p.try_into().ok()?)?;
            Some(Sizes { n, lane, all })
        };
        if sound { sizes().ok_or(CostError) } else { Err(CostError) }
    }
}

/// RFC 7914 section 5.
fn ro_mix<T: Lanes + Default>(lane: &mut [u8], n: usize, memory: &mut Memory<Block<T>>) {
    let mut x: Vec<Block<T>> = lane.chunks_exact(64).map(read).collect();
    let mut y = x.clone();
    memory.fill(|entry| {
        entry.copy_from_slice(&x);
        block_mix(x.iter().copied(), &mut y);
        std::mem::swap(&mut x, &mut y);
    });
    for _ in 0..n {
        let entry = memory.entry(integerify(&x) & (n - 1));
        block_mix(x.iter().zip(entry).map(|(x, entry)| xor(*x, *entry)), &mut y);
        std::mem::swap(&mut x, &mut y);
    }
    for (block, bytes) in x.into_iter().zip(lane.chunks_exact_mut(64)) {
        write(block, bytes);
    }
}

/// RFC 7914 section 4: even blocks go to the first half, odd ones to the second.
#[inline(always)]
fn block_mix<T: Lanes>(
    mut input: impl DoubleEndedIterator<Item = Block<T>> + Clone,
    output: &mut [Block<T>],
) {
    let (even, odd) = output.split_at_mut(output.len() / 2);
    let Some(mut x) = input.clone().next_back() else { return };
    for (even, odd) in even.iter_mut().zip(odd) {
        let (Some(one), Some(other)) = (input.next(), input.next()) else { return };
        x = salsa20_8(xor(x, one));
        *even = x;
        x = salsa20_8(xor(x, other));
        *odd = x;
    }
}

/// RFC 7914 section 3.
#[inline(always)]
fn salsa20_8<T: Lanes>(start: Block<T>) -> Block<T> {
    let [mut a, mut b, mut c, mut d] = start;
    for _ in 0..4 {
        b = b.xor_rotated::<7, 25>(a.add(d));
        c = c.xor_rotated::<9, 23>(b.add(a));
        d = d.xor_rotated::<13, 19>(c.add(b));
        a = a.xor_rotated::<18, 14>(d.add(c));
        // Columns become rows.
        (b, c, d) = (b.turn_up(), c.turn_over(), d.turn_down());
        d = d.xor_rotated::<7, 25>(a.add(b));
        c = c.xor_rotated::<9, 23>(d.add(a));
        b = b.xor_rotated::<13, 19>(c.add(d));
        a = a.xor_rotated::<18, 14>(b.add(c));
        (b, c, d) = (b.turn_down(), c.turn_over(), d.turn_up());
    }
    let [e, f, g, h] = start;
    [a.add(e), b.add(f), c.add(g), d.add(h)]
}

#[inline(always)]
fn xor<T: Lanes>([a, b, c, d]: Block<T>, [e, f, g, h]: Block<T>) -> Block<T> {
    [a.xor(e), b.xor(f), c.xor(g), d.xor(h)]
}

/// The number in the last block that says which entry is next. Its low bits are all that is needed: N entries with a higher N
/// cannot be had.
#[inline(always)]
fn integerify<T: Lanes>(x: &[Block<T>]) -> usize {
    let number = x.last().map(|[row, ..]| row.numbers()[0]);
    number.unwrap_or_default() as usize
}

fn read<T: Lanes>(bytes: &[u8]) -> Block<T> {
    let (words, _) = bytes.as_chunks::<4>();
    let word = |at: usize| words.get(at).map_or(0, |word| u32::from_le_bytes(*word));
    DIAGONALS.map(|row| T::of(row.map(word)))
}

fn write<T: Lanes>(block: Block<T>, bytes: &mut [u8]) {
    let (words, _) = bytes.as_chunks_mut::<4>();
    for (numbers, row) in block.map(T::numbers).into_iter().zip(DIAGONALS) {
        for (number, at) in numbers.into_iter().zip(row) {
            if let Some(word) = words.get_mut(at) {
                *word = number.to_le_bytes();
            }
        }
    }
}

#[cfg(test)]
mod tests;
