use risc0_bigint2::ec::{Curve, WeierstrassCurve};

use crate::curve::{Point, ShortCurve, Table, multiply_add};
use crate::modulus::{Int, Modulus, ZERO, from_be};

/// NIST P-256 (FIPS 186-5).
pub enum P256 {}

const PRIME: Int = [0xffffffff, 0xffffffff, 0xffffffff, 0x00000000, 0x00000000, 0x00000000, 0x00000001, 0xffffffff];
const A: Int = [0xfffffffc, 0xffffffff, 0xffffffff, 0x00000000, 0x00000000, 0x00000000, 0x00000001, 0xffffffff];
const B: Int = [0x27d2604b, 0x3bce3c3e, 0xcc53b0f6, 0x651d06b0, 0x769886bc, 0xb3ebbd55, 0xaa3a93e7, 0x5ac635d8];
const BASE_X: Int = [0xd898c296, 0xf4a13945, 0x2deb33a0, 0x77037d81, 0x63a440f2, 0xf8bce6e5, 0xe12c4247, 0x6b17d1f2];
const BASE_Y: Int = [0x37bf51f5, 0xcbb64068, 0x6b315ece, 0x2bce3357, 0x7c0f9e16, 0x8ee7eb4a, 0xfe1a7f9b, 0x4fe342e2];
const ORDER: Modulus =
    Modulus([0xfc632551, 0xf3b9cac2, 0xa7179e84, 0xbce6faad, 0xffffffff, 0xffffffff, 0x00000000, 0xffffffff]);

impl Curve<8> for P256 {
    const CURVE: &'static WeierstrassCurve<8> = &WeierstrassCurve::new(PRIME, A, B);
}

impl ShortCurve for P256 {
    const FIELD: Modulus = Modulus(PRIME);
}

pub fn base_table() -> Table<P256> {
    Table::new(&Point::new_unchecked(BASE_X, BASE_Y))
}

/// Whether an ECDSA signature r || s over a hash holds for a key x || y.
pub fn verifies(base: &Table<P256>, key: &[u8; 64], signature: &[u8; 64], hash: &[u8; 32]) -> bool {
    let Some(key) = decode(key) else { return false };
    let [r, s] = halves(signature);
    if [&r, &s].into_iter().any(|scalar| *scalar == ZERO || !ORDER.contains(scalar)) {
        return false;
    }
    // Below twice the order: one addition reduces it.
    let hash = ORDER.add(&from_be(hash), &ZERO);
    let inverse = ORDER.invert(&s);
    let (of_base, of_key) = (ORDER.mul(&hash, &inverse), ORDER.mul(&r, &inverse));
    match multiply_add((&of_base, base), (&of_key, &Table::new(&key))).as_u32s() {
        None => false,
        Some([x, _]) => ORDER.add(x, &ZERO) == r,
    }
}

fn decode(key: &[u8; 64]) -> Option<Point<P256>> {
    let field = P256::FIELD;
    let [x, y] = halves(key);
    if !field.contains(&x) || !field.contains(&y) {
        return None;
    }
    let right = field.add(&field.mul(&field.add(&field.mul(&x, &x), &A), &x), &B);
    (field.mul(&y, &y) == right).then(|| Point::new_unchecked(x, y))
}

fn halves(bytes: &[u8; 64]) -> [Int; 2] {
    let (halves, _) = bytes.as_chunks::<32>();
    [from_be(&halves[0]), from_be(&halves[1])]
}
