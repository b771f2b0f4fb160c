use crate::KitError;
use std::ops::Range;

/// A packed element stays below the field's modulus, which is a little over 2^253.
const ELEMENT_BITS: u32 = 253;

/// A numeric field of a reading: `v` = value x 10^`scale`, `min <= v <= max`. The circuit sees `u = v - min`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub scale: u32,
    pub min: i128,
    pub max: i128,
}

impl Field {
    pub fn new(name: &str, scale: u32, min: i128, max: i128) -> Self {
        Field { name: name.into(), scale, min, max }
    }

    /// `max - min`, the largest `u`. A [`Schema`] holds only fields whose span fits.
    pub fn span(&self) -> u64 {
        (self.max - self.min) as u64
    }

    /// Bits of a limb of this field.
    pub fn bits(&self) -> u32 {
        bit_length(self.span())
    }
}

/// What a task's readings are: at most `capacity` of them, each with the same fields.
///
/// The committed limbs are the count, in bitlength(capacity) bits, then `capacity` x fields, reading by reading,
/// absent ones 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    capacity: usize,
    fields: Vec<Field>,
}

impl Schema {
    /// # Errors
    /// [`KitError::Schema`] when nothing could be committed by it: no capacity, no field, a name twice, a span that
    /// is empty or has more than 64 bits.
    pub fn new(capacity: usize, fields: Vec<Field>) -> Result<Self, KitError> {
        let refuse = |why: String| Err(KitError::Schema(why));
        if capacity == 0 || capacity > 1 << 16 {
            return refuse("capacity is 1 to 65536".into());
        }
        if fields.is_empty() {
            return refuse("at least one field is needed".into());
        }
        for (i, field) in fields.iter().enumerate() {
            if fields[..i].iter().any(|other| other.name == field.name) {
                return refuse(format!("field {} is declared twice", field.name));
            }
            let span = field.max.checked_sub(field.min);
            if !span.is_some_and(|span| span > 0 && span <= i128::from(u64::MAX)) {
                return refuse(format!("field {}: max - min must be 1 to 2^64 - 1", field.name));
            }
        }
        Ok(Schema { capacity, fields })
    }

    pub fn capacity(&self) -> usize {
        self.capacity
    }

    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Bits of each limb, in order.
    pub fn limb_bits(&self) -> Vec<u32> {
        let readings = std::iter::repeat_n(self.fields.iter().map(Field::bits), self.capacity).flatten();
        std::iter::once(bit_length(self.capacity as u64)).chain(readings).collect()
    }

    /// Which limbs share an element: each takes limbs while they fit whole.
    pub fn elements(&self) -> Vec<Range<usize>> {
        let (mut elements, mut start, mut used) = (vec![], 0, 0);
        let limbs = self.limb_bits();
        for (i, bits) in limbs.iter().enumerate() {
            if used + bits > ELEMENT_BITS {
                elements.push(start..i);
                (start, used) = (i, 0);
            }
            used += bits;
        }
        elements.push(start..limbs.len());
        elements
    }
}

fn bit_length(n: u64) -> u32 {
    u64::BITS - n.leading_zeros()
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "an element is a range of limbs")]
mod tests {
    use super::*;

    #[test]
    fn an_element_takes_whole_limbs_up_to_253_bits() {
        let schema =
            |capacity, bits: u32| Schema::new(capacity, vec![Field::new("x", 0, 0, (1i128 << bits) - 1)]).unwrap();
        // 5 + 16 x 10 bits
        assert_eq!(schema(16, 10).elements(), [0..17]);
        // 2 + 3 x 64 = 194, one more would be 258
        assert_eq!(schema(3, 64).elements(), [0..4]);
        assert_eq!(schema(4, 64).elements(), [0..4, 4..5]);
        // 3 + 5 x 50 = 253 exactly
        assert_eq!(schema(5, 50).elements(), [0..6]);
        assert_eq!(schema(6, 50).elements(), [0..6, 6..7]);
    }

    #[test]
    fn refuses_what_cannot_be_committed() {
        let field = || Field::new("x", 0, 0, 1);
        assert!(Schema::new(0, vec![field()]).is_err());
        assert!(Schema::new(1, vec![]).is_err());
        assert!(Schema::new(1, vec![field(), field()]).is_err());
        assert!(Schema::new(1, vec![Field::new("x", 0, 1, 1)]).is_err());
        assert!(Schema::new(1, vec![Field::new("x", 0, 2, 1)]).is_err());
        assert!(Schema::new(1, vec![Field::new("x", 0, 0, 1 << 64)]).is_err());
        assert!(Schema::new(1, vec![Field::new("x", 0, i128::MIN, i128::MAX)]).is_err());
        assert!(Schema::new(1, vec![Field::new("x", 0, -(1 << 63), (1 << 63) - 1)]).is_ok());
    }
}
