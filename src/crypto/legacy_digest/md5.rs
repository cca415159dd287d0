//! MD5 (RFC 1321).

/// How far each step rotates, by its round and its place among four.
const ROTATIONS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// The 128 bits of the digest.
pub(super) fn digest(bytes: &[u8]) -> [u8; 16] {
    // Section 3.4: 4294967296 times the sine of the step's number.
    let table: Vec<u32> =
        (1..=64_u32).map(|step| (f64::from(step).sin().abs() * 4_294_967_296.0) as u32).collect();
    let mut state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    let mut message = bytes.to_vec();
    message.push(0x80);
    message.resize((message.len() + 8).next_multiple_of(64) - 8, 0);
    message.extend((bytes.len() as u64).wrapping_mul(8).to_le_bytes());
    for block in message.as_chunks::<64>().0 {
        let words: Vec<u32> = block.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect();
        state = transformed(state, &words, &table);
    }
    let mut digest = [0; 16];
    for (place, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *place = word.to_le_bytes();
    }
    digest
}

/// The state after one block of sixteen words.
fn transformed(state: [u32; 4], words: &[u32], table: &[u32]) -> [u32; 4] {
    let [mut a, mut b, mut c, mut d] = state;
    for (step, constant) in table.iter().enumerate() {
        let (mixed, word) = match step / 16 {
            0 => ((b & c) | (!b & d), step),
            1 => ((b & d) | (c & !d), 5 * step + 1),
            2 => (b ^ c ^ d, 3 * step + 5),
            _ => (c ^ (b | !d), 7 * step),
        };
        let sum = a.wrapping_add(mixed).wrapping_add(*constant).wrapping_add(words[word % 16]);
        (a, d, c) = (d, c, b);
        b = b.wrapping_add(sum.rotate_left(ROTATIONS[step / 16][step % 4]));
    }
    let [w, x, y, z] = state;
    [a.wrapping_add(w), b.wrapping_add(x), c.wrapping_add(y), d.wrapping_add(z)]
}
