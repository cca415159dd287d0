//! Four numbers of 32 bits that are worked on together.

/// Four numbers, of which number 0 comes first.
pub(crate) trait Lanes: Copy + Send {
    /// Of these numbers.
    fn of(numbers: [u32; 4]) -> Self;
    /// The numbers.
    fn numbers(self) -> [u32; 4];
    /// Sums, modulo 2 to the power of 32.
    fn add(self, other: Self) -> Self;
    /// Exclusive or.
    fn xor(self, other: Self) -> Self;
    /// Exclusive or with `of`, which is rotated to the left by `LEFT` bits; `RIGHT` is 32 less that.
    fn xor_rotated<const LEFT: i32, const RIGHT: i32>(self, of: Self) -> Self;
    /// Numbers 3, 0, 1, 2.
    fn turn_up(self) -> Self;
    /// Numbers 2, 3, 0, 1.
    fn turn_over(self) -> Self;
    /// Numbers 1, 2, 3, 0.
    fn turn_down(self) -> Self;
}

/// For every processor.
#[cfg(any(test, not(target_arch = "x86_64")))]
impl Lanes for [u32; 4] {
    fn of(numbers: [u32; 4]) -> Self {
        numbers
    }

    fn numbers(self) -> [u32; 4] {
        self
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let ([a, b, c, d], [e, f, g, h]) = (self, other);
        [a.wrapping_add(e), b.wrapping_add(f), c.wrapping_add(g), d.wrapping_add(h)]
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        let ([a, b, c, d], [e, f, g, h]) = (self, other);
        [a ^ e, b ^ f, c ^ g, d ^ h]
    }

    #[inline(always)]
    fn xor_rotated<const LEFT: i32, const RIGHT: i32>(self, of: Self) -> Self {
        let [a, b, c, d] = of;
        let left = LEFT.unsigned_abs();
        self.xor([a.rotate_left(left), b.rotate_left(left), c.rotate_left(left), d.rotate_left(left)])
    }

    #[inline(always)]
    fn turn_up(self) -> Self {
        let [a, b, c, d] = self;
        [d, a, b, c]
    }

    #[inline(always)]
    fn turn_over(self) -> Self {
        let [a, b, c, d] = self;
        [c, d, a, b]
    }

    #[inline(always)]
    fn turn_down(self) -> Self {
        let [a, b, c, d] = self;
        [b, c, d, a]
    }
}

#[cfg(target_arch = "x86_64")]
mod sse2 {
    use safe_arch::{
        add_i32_m128i, bitxor_m128i, get_i32_from_m128i_s, m128i, set_reversed_i32_m128i, shl_imm_u32_m128i,
        shr_imm_u32_m128i, shuffle_ai_f32_all_m128i,
    };

    impl super::Lanes for m128i {
        fn of(numbers: [u32; 4]) -> Self {
            let [a, b, c, d] = numbers.map(u32::cast_signed);
            set_reversed_i32_m128i(a, b, c, d)
        }

        fn numbers(self) -> [u32; 4] {
            let turned = [self, self.turn_down(), self.turn_over(), self.turn_up()];
            turned.map(|lanes| get_i32_from_m128i_s(lanes).cast_unsigned())
        }

        #[inline(always)]
        fn add(self, other: Self) -> Self {
            add_i32_m128i(self, other)
        }

        #[inline(always)]
        fn xor(self, other: Self) -> Self {
            bitxor_m128i(self, other)
        }

        #[inline(always)]
        fn xor_rotated<const LEFT: i32, const RIGHT: i32>(self, of: Self) -> Self {
            self.xor(shl_imm_u32_m128i::<LEFT>(of)).xor(shr_imm_u32_m128i::<RIGHT>(of))
        }

        #[inline(always)]
        fn turn_up(self) -> Self {
            shuffle_ai_f32_all_m128i::<0b10_01_00_11>(self)
        }

        #[inline(always)]
        fn turn_over(self) -> Self {
            shuffle_ai_f32_all_m128i::<0b01_00_11_10>(self)
        }

        #[inline(always)]
        fn turn_down(self) -> Self {
            shuffle_ai_f32_all_m128i::<0b00_11_10_01>(self)
        }
    }
}

/// The fastest of this processor.
#[cfg(target_arch = "x86_64")]
pub(crate) type Fastest = safe_arch::m128i;
/// The fastest of this processor.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) type Fastest = [u32; 4];

#[cfg(test)]
mod tests {
    use super::*;

    fn all<T: Lanes>() -> Vec<[u32; 4]> {
        let (a, b) = (T::of([1, 0x8000_0001, u32::MAX, 4]), T::of([7, 0x8000_0001, 2, 0x0102_0304]));
        [
            a,
            a.add(b),
            a.xor(b),
            a.xor_rotated::<7, 25>(b),
            a.xor_rotated::<18, 14>(b),
            a.turn_up(),
            a.turn_over(),
            a.turn_down(),
        ]
        .map(T::numbers)
        .to_vec()
    }

    #[test]
    fn every_kind_counts_alike() {
        let plain = all::<[u32; 4]>();
        assert_eq!(all::<Fastest>(), plain);
        assert_eq!(plain[1], [8, 2, 1, 0x0102_0308]);
        assert_eq!(plain[3][0], 1 ^ (7 << 7));
        assert_eq!(plain[5], [4, 1, 0x8000_0001, u32::MAX]);
    }
}
