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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Device, KeyTree, SignedReadings};
    use halo2_kit::{PrivateCircuit, hex_word};
    use serde_json::{Value, json};

    fn devices() -> [Device; 2] {
        [6, 7].map(|secret| Device::open(Fq::from(secret)))
    }

    /// 21.4 degrees at a time, signed by one of the devices.
    fn payload(scope: u64, time: u64, by: usize) -> Value {
        let (scope, tree) = (
            Fr::from(scope),
            KeyTree::new(&devices().map(|device| device.key)),
        );
        json!({
            "temperature": 21.4,
            "time": time,
            "key": devices()[by].key_hex(),
            "signature": devices()[by].sign(digest(scope, time, 614)).to_hex(),
            "index": by,
            "path": tree.path(by as u8).iter().map(hex_word).collect::<Vec<_>>(),
            "scope": hex_word(&scope),
        })
    }

    fn parse(payloads: &[Value]) -> Result<Signatures, String> {
        let texts: Vec<_> = payloads.iter().map(Value::to_string).collect();
        let readings = Readings::parse(&SignedReadings::schema().unwrap(), &texts)
            .map_err(|e| e.to_string())?;
        Signatures::parse(&texts, &readings).map_err(|error| error.to_string())
    }

    #[test]
    fn takes_readings_that_are_signed_and_registered() {
        let signatures = parse(&[payload(1, 1000, 1), payload(1, 1001, 0)]).unwrap();
        assert_eq!(signatures.scope, Fr::from(1));
        assert_eq!(
            signatures
                .readings
                .iter()
                .map(|signed| signed.index)
                .collect::<Vec<_>>(),
            [1, 0]
        );
    }

    #[test]
    fn says_which_reading_is_wrong_and_why() {
        let zeros = |bytes: usize| json!(format!("0x{}", "00".repeat(bytes)));
        let modulus = json!("0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001");
        let other_path = json!([0, 0, 0, 0, 0, 0, 0, 0].map(|_: i32| hex_word(&Fr::one())));
        for (field, value, reason) in [
            ("key", json!("0x04"), "the key is not 0x04"),
            ("key", zeros(65), "the key is not 0x04"),
            (
                "key",
                json!(format!("0x04{}", "ff".repeat(64))),
                "the key is not 0x04",
            ),
            (
                "key",
                json!(format!("0x04{}", "01".repeat(64))),
                "the key is not 0x04",
            ),
            ("signature", zeros(64), "the signature is not r and s"),
            (
                "signature",
                json!(format!("0x{}", "ff".repeat(64))),
                "the signature is not r and s",
            ),
            (
                "signature",
                json!(format!("0x{}", "01".repeat(64))),
                "the signature is not its key's",
            ),
            ("temperature", json!(21.5), "the signature is not its key's"),
            ("time", json!(1002), "the signature is not its key's"),
            ("time", json!(1000), "its time is not after"),
            ("scope", modulus, "the scope is not a field element"),
            ("scope", zeros(32), "the signature is not its key's"),
            ("index", json!(256), "the payload needs key"),
            ("index", json!(3), "its key is not in the tree"),
            ("path", json!([]), "the path is not 8"),
            ("path", other_path, "its key is not in the tree"),
            ("path", json!("0x"), "the payload needs key"),
        ] {
            let mut second = payload(1, 1001, 0);
            second[field] = value;
            let error = parse(&[payload(1, 1000, 1), second]).unwrap_err();
            assert!(
                error.starts_with(&format!("reading 1: {reason}")),
                "{field}: {error}"
            );
        }
        let error = parse(&[payload(1, 1000, 1), payload(2, 1001, 0)]).unwrap_err();
        assert_eq!(error, "reading 1: its scope is not the first reading's");
    }
}
