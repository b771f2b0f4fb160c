use risc0_bigint2::field::{modadd_256, modinv_256, modmul_256, modsub_256};

/// 256 bits, least significant word first.
pub type Int = [u32; 8];

pub const ZERO: Int = [0; 8];
pub const ONE: Int = [1, 0, 0, 0, 0, 0, 0, 0];

/// Arithmetic on integers below a prime. Results are checked to be below it: the accelerator's host could add multiples of it.
pub struct Modulus(pub Int);

impl Modulus {
    pub fn contains(&self, value: &Int) -> bool {
        value.iter().rev().lt(self.0.iter().rev())
    }

    pub fn add(&self, left: &Int, right: &Int) -> Int {
        let mut result = ZERO;
        modadd_256(left, right, &self.0, &mut result);
        result
    }

    pub fn sub(&self, left: &Int, right: &Int) -> Int {
        let mut result = ZERO;
        modsub_256(left, right, &self.0, &mut result);
        result
    }

    pub fn mul(&self, left: &Int, right: &Int) -> Int {
        let mut result = ZERO;
        modmul_256(left, right, &self.0, &mut result);
        result
    }

    /// Of anything but 0, which ends the guest.
    pub fn invert(&self, value: &Int) -> Int {
        assert!(*value != ZERO, "0 has no inverse");
        let mut result = ZERO;
        modinv_256(value, &self.0, &mut result);
        result
    }

    /// `value` to the power of 2^times.
    pub fn square_times(&self, value: &Int, times: usize) -> Int {
        let [result, next] = &mut [*value, ZERO];
        let (mut result, mut next) = (result, next);
        for _ in 0..times {
            modmul_256(result, result, &self.0, next);
            core::mem::swap(&mut result, &mut next);
        }
        *result
    }
}

pub fn from_le(bytes: &[u8; 32]) -> Int {
    let mut words = bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
    core::array::from_fn(|_| words.next().unwrap_or(0))
}

pub fn from_be(bytes: &[u8; 32]) -> Int {
    let mut reversed = *bytes;
    reversed.reverse();
    from_le(&reversed)
}
