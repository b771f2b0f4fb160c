use crate::{DEPTH, Signature, digest, leaf, root_from};
use halo2_base::halo2_proofs::{
    arithmetic::CurveAffine,
    halo2curves::{
        bn256::Fr,
        ff::{Field, PrimeField},
        secp256k1::{Fp, Fq, Secp256k1Affine},
    },
};
use halo2_kit::{KitError, Readings};
use serde::Deserialize;

/// What proves that a task's readings are the devices' own.
#[derive(Clone, Debug)]
pub struct Signatures {
    /// Registry and project that all of them were made for.
    pub scope: Fr,
    /// One a reading, in order.
    pub readings: Vec<SignedBy>,
}

/// A reading's signature, and the way from its key to the root of the registered ones.
#[derive(Clone, Debug)]
pub struct SignedBy {
    pub key: Secp256k1Affine,
    pub signature: Signature,
    pub index: u8,
    pub path: [Fr; DEPTH],
}

/// A payload, as far as it is not numbers.
#[derive(Deserialize)]
struct Payload {
    /// `0x04`, x, y.
    key: String,
    /// r, s.
    signature: String,
    index: u8,
    path: Vec<String>,
    scope: String,
}

impl Signatures {
    /// Reads the payloads, and checks what the circuit will.
    /// # Errors
    /// [`KitError`], with the reading's place.
    pub fn parse(payloads: &[String], readings: &Readings) -> Result<Self, KitError> {
        let mut signatures: Option<(Self, Fr)> = None;
        for (index, text) in payloads.iter().enumerate() {
            let refuse = |reason| KitError::Reading { index, reason };
            let payload: Payload = serde_json::from_str(text).map_err(|_| {
                refuse("the payload needs key, signature, index, path and scope, each once")
            })?;
            let (scope, signed) = payload.read().map_err(refuse)?;
            let [temperature, time] = [0, 1].map(|field| readings.limb(index, field));
            if index > 0 && time <= readings.limb(index - 1, 1) {
                return Err(refuse("its time is not after the reading before it"));
            }
            if !signed
                .signature
                .holds(&signed.key, digest(scope, time, temperature))
            {
                return Err(refuse(
                    "the signature is not its key's over this scope, time and temperature",
                ));
            }
            let root = root_from(leaf(&signed.key), signed.index, &signed.path);
            let (all, first_root) = signatures.get_or_insert_with(|| {
                (
                    Signatures {
                        scope,
                        readings: vec![],
                    },
                    root,
                )
            });
            if all.scope != scope {
                return Err(refuse("its scope is not the first reading's"));
            }
            if *first_root != root {
                return Err(refuse("its key is not in the tree of the first reading's"));
            }
            all.readings.push(signed);
        }
        signatures.map(|(all, _)| all).ok_or(KitError::Reading {
            index: 0,
            reason: "is missing",
        })
    }
}

impl Payload {
    fn read(&self) -> Result<(Fr, SignedBy), &'static str> {
        let key = "the key is not 0x04, x and y of a point on secp256k1";
        let point: [u8; 65] = bytes(&self.key).ok_or(key)?;
        let coordinates = point.strip_prefix(&[4]).ok_or(key)?.split_at(32);
        let [x, y] = [coordinates.0, coordinates.1]
            .map(|half| reversed(half).and_then(|r| Fp::from_repr(r).into()));
        let (x, y) = (x.ok_or(key)?, y.ok_or(key)?);

        let signature =
            "the signature is not r and s, 32 bytes each, between 0 and the group's order";
        let halves: [u8; 64] = bytes(&self.signature).ok_or(signature)?;
        let (r, s) = halves.split_at(32);
        let [r, s] = [r, s].map(|half| {
            let scalar: Option<Fq> = reversed(half).and_then(|r| Fq::from_repr(r).into());
            scalar.filter(|scalar| !bool::from(scalar.is_zero()))
        });

        let path = "the path is not 8 field elements";
        let siblings: Vec<Fr> = self
            .path
            .iter()
            .map(|text| element(text))
            .collect::<Option<_>>()
            .ok_or(path)?;
        Ok((
            element(&self.scope).ok_or("the scope is not a field element")?,
            SignedBy {
                key: Option::from(Secp256k1Affine::from_xy(x, y)).ok_or(key)?,
                signature: Signature {
                    r: r.ok_or(signature)?,
                    s: s.ok_or(signature)?,
                },
                index: self.index,
                path: siblings.try_into().map_err(|_| path)?,
            },
        ))
    }
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text.strip_prefix("0x")?, &mut bytes).ok()?;
    Some(bytes)
}

fn reversed(bytes: &[u8]) -> Option<[u8; 32]> {
    let mut reversed: [u8; 32] = bytes.try_into().ok()?;
    reversed.reverse();
    Some(reversed)
}

fn element(text: &str) -> Option<Fr> {
    Fr::from_repr(reversed(&bytes::<32>(text)?)?).into()
}
