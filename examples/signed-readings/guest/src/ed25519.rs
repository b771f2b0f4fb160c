use risc0_bigint2::ec::{Curve, WeierstrassCurve};
use sha2::{Digest, Sha512};

use crate::curve::{Point, ShortCurve, Table, multiply_add, negate};
use crate::modulus::{Int, Modulus, ONE, ZERO, from_le};

/// The curve of ed25519 in short Weierstrass form, which the accelerator takes: with (x, y) on the Edwards curve,
/// u = (1 + y) / (1 - y) and v = sqrt(-486664) u / x are its Montgomery form (RFC 7748, 4.1), and (u + 486662 / 3, v) this one.
pub enum Curve25519 {}

const PRIME: Int = [0xffffffed, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x7fffffff];
/// (3 - 486662^2) / 3
const A: Int = [0x4914a144, 0xaaaaaa98, 0xaaaaaaaa, 0xaaaaaaaa, 0xaaaaaaaa, 0xaaaaaaaa, 0xaaaaaaaa, 0x2aaaaaaa];
/// (2 x 486662^3 - 9 x 486662) / 27
const B: Int = [0x7710c864, 0x260b5e9c, 0x5ed097b4, 0xed097b42, 0xd097b425, 0x097b425e, 0x97b425ed, 0x7b425ed0];
/// 486662 / 3
const SHIFT: Int = [0xaaad2451, 0xaaaaaaaa, 0xaaaaaaaa, 0xaaaaaaaa, 0xaaaaaaaa, 0xaaaaaaaa, 0xaaaaaaaa, 0x2aaaaaaa];
/// sqrt(-486664)
const STRETCH: Int = [0xff457e06, 0xcc6e04aa, 0x4b7d1a82, 0xc5a1d3d1, 0x03fc4f7e, 0xd27b08dc, 0x60a006bb, 0x0f26edf4];
/// -121665 / 121666, of the Edwards curve
const D: Int = [0x135978a3, 0x75eb4dca, 0x4141d8ab, 0x00700a4d, 0x7779e898, 0x8cc74079, 0x2b6ffe73, 0x52036cee];
/// sqrt(-1)
const ROOT: Int = [0x4a0ea0b0, 0xc4ee1b27, 0xad2fe478, 0x2f431806, 0x3dfbd7a7, 0x2b4d0099, 0x4fc1df0b, 0x2b832480];
const BASE_X: Int = [0xaaad245a, 0xaaaaaaaa, 0xaaaaaaaa, 0xaaaaaaaa, 0xaaaaaaaa, 0xaaaaaaaa, 0xaaaaaaaa, 0x2aaaaaaa];
const BASE_Y: Int = [0x81312c14, 0xd6163a5d, 0x92839e4d, 0x6dc2b281, 0x88b72eb3, 0x1fe122d3, 0x475f794b, 0x5f51e65e];
const ORDER: Modulus =
    Modulus([0x5cf5d3ed, 0x5812631a, 0xa2f79cd6, 0x14def9de, 0x00000000, 0x00000000, 0x00000000, 0x10000000]);
/// 2^256 modulo the order
const HIGH: Int = [0x8d98951d, 0xd6ec3174, 0x737dcf70, 0xc6ef5bf4, 0xfffffffe, 0xffffffff, 0xffffffff, 0x0fffffff];

impl Curve<8> for Curve25519 {
    const CURVE: &'static WeierstrassCurve<8> = &WeierstrassCurve::new(PRIME, A, B);
}

impl ShortCurve for Curve25519 {
    const FIELD: Modulus = Modulus(PRIME);
}

pub fn base_table() -> Table<Curve25519> {
    Table::new(&Point::new_unchecked(BASE_X, BASE_Y))
}

/// Whether a signature holds for a key, as strictly as it can be asked: S is below the order, the key is canonical and not of small
/// order, and R is what the equation without cofactor gives (RFC 8032, 5.1.7).
pub fn verifies(base: &Table<Curve25519>, key: &[u8; 32], signature: &[u8; 64], message: &[u8]) -> bool {
    let (halves, _) = signature.as_chunks::<32>();
    let (r, s) = (&halves[0], from_le(&halves[1]));
    let Some(point) = decode(key).filter(|_| ORDER.contains(&s)) else {
        return false;
    };
    if is_of_small_order(&point) {
        return false;
    }
    let hash = Sha512::new().chain_update(r).chain_update(key).chain_update(message).finalize();
    let k = reduce(&hash.into());
    encode(&multiply_add((&s, base), (&k, &Table::new(&negate(&point))))).is_some_and(|encoded| encoded == *r)
}

/// A hash of 512 bits, little end first, modulo the order.
fn reduce(hash: &[u8; 64]) -> Int {
    let (halves, _) = hash.as_chunks::<32>();
    let high = ORDER.mul(&from_le(&halves[1]), &HIGH);
    ORDER.add(&high, &ORDER.mul(&from_le(&halves[0]), &ONE))
}

/// The point of a key, unless its encoding is not canonical or the point has no Montgomery form: then it is of small order.
fn decode(key: &[u8; 32]) -> Option<Point<Curve25519>> {
    let field = Curve25519::FIELD;
    let mut bytes = *key;
    bytes[31] &= 0x7f;
    let sign = u32::from(key[31] >> 7);
    let y = from_le(&bytes);
    if !field.contains(&y) {
        return None;
    }
    let square = field.mul(&y, &y);
    let x = root_of_ratio(&field.sub(&square, &ONE), &field.add(&field.mul(&D, &square), &ONE))?;
    if x == ZERO {
        return None;
    }
    let x = if x[0] & 1 == sign { x } else { field.sub(&ZERO, &x) };
    let u = field.mul(&field.add(&ONE, &y), &field.invert(&field.sub(&ONE, &y)));
    let v = field.mul(&field.mul(&STRETCH, &u), &field.invert(&x));
    Some(Point::new_unchecked(field.add(&u, &SHIFT), v))
}

/// The key's encoding of a point, unless it has no Edwards form that any honest signature has.
fn encode(point: &Point<Curve25519>) -> Option<[u8; 32]> {
    let field = Curve25519::FIELD;
    let [x, v] = point.as_u32s()?;
    let u = field.sub(x, &SHIFT);
    let below = field.add(&u, &ONE);
    if *v == ZERO || below == ZERO {
        return None;
    }
    let y = field.mul(&field.sub(&u, &ONE), &field.invert(&below));
    let x = field.mul(&field.mul(&STRETCH, &u), &field.invert(v));
    let mut bytes = [0; 32];
    for (bytes, word) in bytes.chunks_exact_mut(4).zip(y) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    bytes[31] |= (x[0] as u8 & 1) << 7;
    Some(bytes)
}

fn is_of_small_order(point: &Point<Curve25519>) -> bool {
    let mut multiple = *point;
    for _ in 0..3 {
        let below = multiple;
        below.double(&mut multiple);
    }
    multiple.is_identity()
}

/// A square root of u / v, if there is one (RFC 8032, 5.1.3).
fn root_of_ratio(u: &Int, v: &Int) -> Option<Int> {
    let field = Curve25519::FIELD;
    let cube = field.mul(&field.mul(v, v), v);
    let seventh = field.mul(&field.mul(&cube, &cube), v);
    let power = to_the_eighth_of_prime(&field.mul(u, &seventh));
    let root = field.mul(&field.mul(u, &cube), &power);
    let square = field.mul(v, &field.mul(&root, &root));
    if square == *u {
        Some(root)
    } else if square == field.sub(&ZERO, u) {
        Some(field.mul(&root, &ROOT))
    } else {
        None
    }
}

/// To the power of (p - 5) / 8 = 2^252 - 3.
fn to_the_eighth_of_prime(value: &Int) -> Int {
    let field = Curve25519::FIELD;
    // `ones(n)` is the value to the power of 2^n - 1.
    let join = |high: &Int, low: &Int, bits: usize| field.mul(&field.square_times(high, bits), low);
    let ones_2 = join(value, value, 1);
    let ones_4 = join(&ones_2, &ones_2, 2);
    let ones_5 = join(&ones_4, value, 1);
    let ones_10 = join(&ones_5, &ones_5, 5);
    let ones_20 = join(&ones_10, &ones_10, 10);
    let ones_40 = join(&ones_20, &ones_20, 20);
    let ones_50 = join(&ones_40, &ones_10, 10);
    let ones_100 = join(&ones_50, &ones_50, 50);
    let ones_200 = join(&ones_100, &ones_100, 100);
    let ones_250 = join(&ones_200, &ones_50, 50);
    join(&ones_250, value, 2)
}
