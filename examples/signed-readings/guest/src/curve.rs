use risc0_bigint2::ec::{AffinePoint, Curve};

use crate::modulus::{Int, Modulus, ZERO};

pub type Point<C> = AffinePoint<8, C>;

/// A short Weierstrass curve over a prime field.
pub trait ShortCurve: Curve<8> + Sized {
    const FIELD: Modulus;
}

/// The odd multiples of a point up to the 15th, then their negatives.
pub struct Table<C>(Vec<Point<C>>);

/// Bits of a digit, which is odd and lies between -15 and 15, or is 0.
const WIDTH: usize = 5;
const SIZE: usize = 1 << (WIDTH - 2);
/// Digits of a scalar of 256 bits.
const DIGITS: usize = 257;

impl<C: ShortCurve> Table<C> {
    pub fn new(point: &Point<C>) -> Self {
        let mut double = Point::IDENTITY;
        point.double(&mut double);
        let mut multiples = vec![*point; 2 * SIZE];
        for at in 1..SIZE {
            let (below, from) = multiples.split_at_mut(at);
            below[at - 1].add(&double, &mut from[0]);
        }
        let (odd, negative) = multiples.split_at_mut(SIZE);
        for (negative, odd) in negative.iter_mut().zip(odd) {
            *negative = negate(odd);
        }
        Self(multiples)
    }

    fn multiple(&self, digit: i8) -> &Point<C> {
        &self.0[usize::from(digit.unsigned_abs() / 2) + if digit < 0 { SIZE } else { 0 }]
    }
}

pub fn negate<C: ShortCurve>(point: &Point<C>) -> Point<C> {
    match point.as_u32s() {
        None => Point::IDENTITY,
        Some([x, y]) => Point::new_unchecked(*x, C::FIELD.sub(&ZERO, y)),
    }
}

/// The sum of two points' multiples.
///
/// Each step goes through the accelerator's checked functions: with coordinates that are not reduced, equal points could be added
/// as if they were different, and then the host would choose the result.
pub fn multiply_add<C: ShortCurve>(left: (&Int, &Table<C>), right: (&Int, &Table<C>)) -> Point<C> {
    let (left_digits, right_digits) = (digits(left.0), digits(right.0));
    // References are swapped, not points.
    let [sum, next] = &mut [Point::IDENTITY; 2];
    let (mut sum, mut next) = (sum, next);
    for at in (0..DIGITS).rev() {
        sum.double(next);
        core::mem::swap(&mut sum, &mut next);
        for (digit, table) in [(left_digits[at], left.1), (right_digits[at], right.1)] {
            if digit != 0 {
                sum.add(table.multiple(digit), next);
                core::mem::swap(&mut sum, &mut next);
            }
        }
    }
    *sum
}

/// A scalar in digits of powers of 2, of which hardly each sixth is not 0 (wNAF).
fn digits(scalar: &Int) -> [i8; DIGITS] {
    let mut digits = [0; DIGITS];
    let mut carry = 0;
    let mut at = 0;
    while at < DIGITS {
        if bits(scalar, at) & 1 == carry {
            at += 1;
            continue;
        }
        let digit = (bits(scalar, at) + carry) as i8;
        carry = u32::from(digit > 1 << (WIDTH - 1));
        digits[at] = digit - ((carry as i8) << WIDTH);
        at += WIDTH;
    }
    digits
}

/// As many bits of a scalar as a digit has.
fn bits(scalar: &Int, at: usize) -> u32 {
    let word = |index: usize| u64::from(scalar.get(index).copied().unwrap_or(0));
    let pair = word(at / 32) | word(at / 32 + 1) << 32;
    (pair >> (at % 32)) as u32 & ((1 << WIDTH) - 1)
}
