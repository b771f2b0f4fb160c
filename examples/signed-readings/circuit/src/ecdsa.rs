use halo2_base::{
    halo2_proofs::{
        arithmetic::Field,
        halo2curves::{
            bn256::Fr,
            ff::PrimeField,
            group::{Curve, prime::PrimeCurveAffine},
            secp256k1::{Fp, Fq, Secp256k1Affine},
        },
    },
    utils::CurveAffineExt,
};
use halo2_kit::poseidon;

/// An ECDSA signature over secp256k1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    pub r: Fq,
    pub s: Fq,
}

impl Signature {
    /// Whether it is the key's over the message. Either of `s` and `-s` is.
    pub fn holds(&self, key: &Secp256k1Affine, message: Fr) -> bool {
        let Some(inverse) = Option::<Fq>::from(self.s.invert()) else {
            return false;
        };
        let (u1, u2) = (scalar(message) * inverse, self.r * inverse);
        let point = (Secp256k1Affine::generator() * u1 + *key * u2).to_affine();
        bool::from(!point.is_identity())
            && !bool::from(self.r.is_zero())
            && x_as_scalar(&point) == Some(self.r)
    }

    /// `0x`, r and s.
    pub fn to_hex(&self) -> String {
        format!(
            "0x{}{}",
            hex_of(self.r.to_bytes()),
            hex_of(self.s.to_bytes())
        )
    }
}

/// A device whose key is no secret: one of tests, or the one in whose name an absent reading is signed. Its nonces are
/// not fit for another.
#[derive(Clone, Copy, Debug)]
pub struct Device {
    secret: Fq,
    pub key: Secp256k1Affine,
}

impl Device {
    pub fn open(secret: Fq) -> Self {
        Device {
            secret,
            key: (Secp256k1Affine::generator() * secret).to_affine(),
        }
    }

    /// Signs, with the lower of the two possible `s`.
    pub fn sign(&self, message: Fr) -> Signature {
        let bytes = self.secret.to_bytes();
        let (low, high) = bytes.split_at(16);
        let attempts =
            (0..).map(|attempt| poseidon(&[half(low), half(high), message, Fr::from(attempt)]));
        let signatures = attempts.filter_map(|nonce| self.signed(message, scalar(nonce)));
        // The first attempt is a signature, except with a probability of 2^-127.
        signatures.take(1).fold(
            Signature {
                r: Fq::zero(),
                s: Fq::zero(),
            },
            |_, signature| signature,
        )
    }

    fn signed(&self, message: Fr, nonce: Fq) -> Option<Signature> {
        let r = x_as_scalar(&(Secp256k1Affine::generator() * nonce).to_affine())?;
        let s = Option::<Fq>::from(nonce.invert())? * (scalar(message) + r * self.secret);
        let usable = !bool::from(r.is_zero() | s.is_zero());
        usable.then(|| Signature {
            r,
            s: if is_high(&s) { -s } else { s },
        })
    }

    /// `0x04`, x and y.
    pub fn key_hex(&self) -> String {
        let (x, y) = self.key.into_coordinates();
        format!("0x04{}{}", hex_of(x.to_bytes()), hex_of(y.to_bytes()))
    }
}

/// A BN254 scalar as a scalar of secp256k1, whose modulus is greater.
pub(crate) fn scalar(message: Fr) -> Fq {
    Fq::from_repr(message.to_bytes()).unwrap_or(Fq::zero())
}

/// The point's x coordinate, unless it is one of the few that are not below the scalars' modulus: the circuit has none of
/// those.
fn x_as_scalar(point: &Secp256k1Affine) -> Option<Fq> {
    let (x, _): (Fp, Fp) = point.into_coordinates();
    Fq::from_repr(x.to_bytes()).into()
}

fn half(bytes: &[u8]) -> Fr {
    bytes.iter().rev().fold(Fr::zero(), |sum, byte| {
        sum * Fr::from(256) + Fr::from(u64::from(*byte))
    })
}

fn is_high(s: &Fq) -> bool {
    s.to_bytes().iter().rev().gt((-s).to_bytes().iter().rev())
}

fn hex_of(mut little_endian: [u8; 32]) -> String {
    little_endian.reverse();
    hex::encode(little_endian)
}
