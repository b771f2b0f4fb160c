use crate::{KitError, Schema, error::json_position, poseidon, scaled_integer};
use halo2_base::halo2_proofs::halo2curves::bn256::Fr;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// The readings of one task as limbs: `u = v - min` for each field of each reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readings {
    count: usize,
    rows: Vec<Vec<u64>>,
}

impl Readings {
    /// Reads the declared fields of each payload, a JSON object as the device sent it. Other fields are not looked at.
    /// # Errors
    /// When there are none or too many, a payload is no object, or a declared field is missing, there twice, no number,
    /// not exact at its scale, or out of its bounds.
    pub fn parse<S: AsRef<str>>(schema: &Schema, payloads: &[S]) -> Result<Self, KitError> {
        let (count, capacity) = (payloads.len(), schema.capacity());
        if count == 0 || count > capacity {
            return Err(KitError::Count { count, capacity });
        }
        let rows = payloads.iter().enumerate().map(|(i, payload)| read_fields(schema, i, payload.as_ref()));
        Ok(Readings { count, rows: rows.collect::<Result<_, _>>()? })
    }

    /// Limbs that were never checked against a schema, with any count: what a dishonest prover could hold.
    pub fn unchecked(count: usize, rows: Vec<Vec<u64>>) -> Self {
        Readings { count, rows }
    }

    pub fn count(&self) -> usize {
        self.count
    }

    /// A limb, 0 where there is no such reading.
    pub fn limb(&self, reading: usize, field: usize) -> u64 {
        self.rows.get(reading).map_or(0, |row| row[field])
    }

    /// The packed elements that are committed to, without the salt.
    pub fn elements(&self, schema: &Schema) -> Vec<Fr> {
        let fields = schema.fields().len();
        let mut limbs = vec![self.count() as u64];
        limbs.extend((0..schema.capacity() * fields).map(|i| self.limb(i / fields, i % fields)));
        let bits = schema.limb_bits();
        let pack = |range: std::ops::Range<usize>| {
            range.rev().fold(Fr::zero(), |above, i| above * power_of_two(bits[i]) + Fr::from(limbs[i]))
        };
        schema.elements().into_iter().map(pack).collect()
    }

    /// The input commitment: Poseidon of `[salt, elements…]`.
    pub fn commitment(&self, schema: &Schema, salt: Fr) -> Fr {
        let mut preimage = vec![salt];
        preimage.extend(self.elements(schema));
        poseidon(&preimage)
    }
}

/// `2^bits` for bits below 253.
pub(crate) fn power_of_two(bits: u32) -> Fr {
    (0..bits).fold(Fr::one(), |power, _| power.double())
}

fn read_fields(schema: &Schema, index: usize, payload: &str) -> Result<Vec<u64>, KitError> {
    let mut json = serde_json::Deserializer::from_str(payload);
    let object = json.deserialize_map(DeclaredFields(schema));
    let texts = object
        .and_then(|texts| json.end().map(|()| texts))
        .map_err(|error| KitError::Payload { index, reason: json_position(&error) })?;
    schema
        .fields()
        .iter()
        .zip(texts)
        .map(|(field, found)| {
            let refuse = |reason| KitError::Field { index, field: field.name.clone(), reason };
            let text = match found[..] {
                [text] => text,
                [] => return Err(refuse("is missing")),
                _ => return Err(refuse("is there twice")),
            };
            let v = scaled_integer(text, field.scale).map_err(refuse)?;
            if v < field.min || v > field.max {
                return Err(refuse("is out of its bounds"));
            }
            Ok((v - field.min) as u64)
        })
        .collect()
}

/// For each declared field, the source texts of all values that stand under its name.
struct DeclaredFields<'s>(&'s Schema);

impl<'de> Visitor<'de> for DeclaredFields<'_> {
    type Value = Vec<Vec<&'de str>>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut texts = vec![vec![]; self.0.fields().len()];
        while let Some(field) = map.next_key_seed(FieldIndex(self.0))? {
            let value: &RawValue = map.next_value()?;
            if let Some(field) = field {
                texts[field].push(value.get());
            }
        }
        Ok(texts)
    }
}

/// A key as the index of the declared field it names. Read as bytes, since a key may hold an unpaired surrogate.
struct FieldIndex<'s>(&'s Schema);

impl<'de> DeserializeSeed<'de> for FieldIndex<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<Self::Value, D::Error> {
        key.deserialize_bytes(self)
    }
}

impl Visitor<'_> for FieldIndex<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bytes<E>(self, key: &[u8]) -> Result<Self::Value, E> {
        Ok(self.0.fields().iter().position(|field| field.name.as_bytes() == key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Field;

    fn schema() -> Schema {
        Schema::new(2, vec![Field::new("t", 1, -400, 600), Field::new("p", 0, 0, 9)]).unwrap()
    }

    fn parse(payloads: &[&str]) -> Result<Vec<Vec<u64>>, String> {
        Readings::parse(&schema(), payloads).map(|r| r.rows).map_err(|e| e.to_string())
    }

    #[test]
    fn reads_declared_fields_wherever_they_stand() {
        assert_eq!(parse(&[r#"{"t":12.8,"p":3}"#]), Ok(vec![vec![528, 3]]));
        assert_eq!(parse(&[r#" {"x":{"t":1},"p":9,"\u0074":-4e1,"\ud800":"\ud800"} "#]), Ok(vec![vec![0, 9]]));
    }

    #[test]
    fn refuses_a_field_that_is_there_twice_even_when_escaped() {
        let twice = Err("reading 0, field t: is there twice".into());
        assert_eq!(parse(&[r#"{"t":1,"p":1,"t":1}"#]), twice);
        assert_eq!(parse(&[r#"{"t":1,"p":1,"\u0074":1}"#]), twice);
    }

    #[test]
    fn refuses_what_is_no_number_in_bounds() {
        for (payload, reason) in [
            (r#"{"p":1}"#, "is missing"),
            (r#"{"t":"1","p":1}"#, "not a JSON number"),
            (r#"{"t":null,"p":1}"#, "not a JSON number"),
            (r#"{"t":12.85,"p":1}"#, "has more decimal places than the scale"),
            (r#"{"t":-40.1,"p":1}"#, "is out of its bounds"),
            (r#"{"t":60.1,"p":1}"#, "is out of its bounds"),
        ] {
            assert_eq!(parse(&[payload]), Err(format!("reading 0, field t: {reason}")));
        }
    }

    #[test]
    fn refuses_what_is_no_object() {
        for payload in ["", "[]", "1", "{", r#"{"t":1,"p":1}x"#, r#"{"t":1,"p":1,}"#, r#"{"t":01,"p":1}"#] {
            let error = parse(&[payload]).unwrap_err();
            assert!(error.starts_with("reading 0: the payload is not a JSON object"), "{error}");
        }
    }

    #[test]
    fn refuses_no_readings_and_too_many() {
        let one = r#"{"t":1,"p":1}"#;
        assert_eq!(parse(&[]), Err("a task has 1 to 2 readings, this one has 0".into()));
        assert_eq!(parse(&[one, one, one]), Err("a task has 1 to 2 readings, this one has 3".into()));
    }

    #[test]
    fn packs_little_end_first_with_the_count_lowest() {
        let schema = schema();
        let readings = Readings::parse(&schema, &[r#"{"t":-39.9,"p":5}"#]).unwrap();
        // count 1 in 2 bits, t 1 in 10 bits, p 5 in 4 bits, an absent reading
        assert_eq!(readings.elements(&schema), [Fr::from(1 + (1 << 2) + (5 << 12))]);
    }
}
