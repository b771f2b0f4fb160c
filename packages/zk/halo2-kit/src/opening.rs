use crate::{Readings, Schema, assigned_poseidon, readings::power_of_two};
use halo2_base::{
    AssignedValue, Context,
    QuantumCell::{Constant, Existing},
    gates::{GateInstructions, RangeChip, RangeInstructions},
    halo2_proofs::halo2curves::bn256::Fr,
};

/// A task's readings in a circuit, constrained to be what the commitment commits to.
pub struct OpenedInput {
    /// The input commitment, to be made public.
    pub commitment: AssignedValue<Fr>,
    /// How many readings there are, 1 to the schema's capacity.
    pub count: AssignedValue<Fr>,
    /// For each place of the capacity 1 where there is a reading, then 0.
    pub present: Vec<AssignedValue<Fr>>,
    /// `values[reading][field]`, each at most its field's span, 0 where there is no reading.
    pub values: Vec<Vec<AssignedValue<Fr>>>,
}

impl OpenedInput {
    /// Lays the readings into the circuit and recomputes their commitment from bounded limbs.
    ///
    /// Every limb is bounded here: without that, two sets of limbs could pack to one element.
    pub fn open(ctx: &mut Context<Fr>, range: &RangeChip<Fr>, schema: &Schema, readings: &Readings, salt: Fr) -> Self {
        let gate = range.gate();
        let present = presence(ctx, range, (0..schema.capacity()).map(|i| i < readings.count()));
        let count = gate.sum(ctx, present.iter().map(|p| Existing(*p)));

        let mut limbs = vec![count];
        let mut values = Vec::with_capacity(schema.capacity());
        for (i, present) in present.iter().enumerate() {
            let mut row = Vec::with_capacity(schema.fields().len());
            for (j, field) in schema.fields().iter().enumerate() {
                let u = ctx.load_witness(Fr::from(readings.limb(i, j)));
                range.range_check(ctx, u, field.bits() as usize);
                if !(u128::from(field.span()) + 1).is_power_of_two() {
                    let below = gate.sub(ctx, Constant(Fr::from(field.span())), u);
                    range.range_check(ctx, below, field.bits() as usize);
                }
                let masked = gate.mul(ctx, u, *present);
                ctx.constrain_equal(&masked, &u);
                row.push(u);
            }
            limbs.extend(&row);
            values.push(row);
        }

        let bits = schema.limb_bits();
        let mut preimage = vec![ctx.load_witness(salt)];
        for element in schema.elements() {
            let mut offset = 0;
            let weights: Vec<_> = element
                .clone()
                .map(|i| {
                    let weight = power_of_two(offset);
                    offset += bits[i];
                    Constant(weight)
                })
                .collect();
            let packed = gate.inner_product(ctx, limbs[element].iter().map(|limb| Existing(*limb)), weights);
            preimage.push(packed);
        }
        let commitment = assigned_poseidon(ctx, gate, &preimage);
        OpenedInput { commitment, count, present, values }
    }
}

/// Bits that are 1 for some first places and 0 after them, at least one being 1; so their sum is bounded too.
fn presence(
    ctx: &mut Context<Fr>,
    range: &RangeChip<Fr>,
    present: impl Iterator<Item = bool>,
) -> Vec<AssignedValue<Fr>> {
    let gate = range.gate();
    let bits: Vec<_> = present.map(|bit| ctx.load_witness(Fr::from(u64::from(bit)))).collect();
    gate.assert_is_const(ctx, &bits[0], &Fr::one());
    for pair in bits.windows(2) {
        gate.assert_bit(ctx, pair[1]);
        let both = gate.mul(ctx, pair[0], pair[1]);
        ctx.constrain_equal(&both, &pair[1]);
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Field;
    use halo2_base::{
        gates::circuit::{BaseCircuitParams, builder::BaseCircuitBuilder},
        halo2_proofs::dev::MockProver,
    };

    const K: usize = 12;

    fn builder() -> BaseCircuitBuilder<Fr> {
        BaseCircuitBuilder::new(false).use_params(BaseCircuitParams {
            k: K,
            num_advice_per_phase: vec![2],
            num_lookup_advice_per_phase: vec![1],
            num_fixed: 1,
            lookup_bits: Some(8),
            num_instance_columns: 1,
        })
    }

    fn holds(builder: &BaseCircuitBuilder<Fr>, public: Vec<Fr>) -> bool {
        MockProver::run(K as u32, builder, vec![public]).unwrap().verify().is_ok()
    }

    /// Two fields, one that fills its limb and one that does not; three readings.
    fn schema() -> Schema {
        Schema::new(3, vec![Field::new("t", 1, -400, 600), Field::new("p", 0, 0, 15)]).unwrap()
    }

    fn opens(readings: &Readings, commitment: Fr, count: u64) -> bool {
        let mut builder = builder();
        let range = builder.range_chip();
        let input = OpenedInput::open(builder.main(0), &range, &schema(), readings, Fr::from(9));
        builder.assigned_instances[0] = vec![input.commitment, input.count];
        holds(&builder, vec![commitment, Fr::from(count)])
    }

    fn commitment(readings: &Readings) -> Fr {
        readings.commitment(&schema(), Fr::from(9))
    }

    #[test]
    fn opens_what_was_committed_to_whatever_the_count() {
        for count in 1..=3 {
            let readings = Readings::unchecked(count, vec![vec![1000, 15], vec![0, 0], vec![7, 3]][..count].to_vec());
            assert!(opens(&readings, commitment(&readings), count as u64), "{count} readings");
        }
    }

    #[test]
    fn another_reading_count_or_commitment_does_not_open() {
        let readings = Readings::unchecked(2, vec![vec![528, 1], vec![506, 2]]);
        let committed = commitment(&readings);
        assert!(!opens(&readings, committed + Fr::one(), 2));
        assert!(!opens(&readings, committed, 3));
        for other in [
            Readings::unchecked(2, vec![vec![529, 1], vec![506, 2]]),
            Readings::unchecked(2, vec![vec![506, 2], vec![528, 1]]),
            Readings::unchecked(3, vec![vec![528, 1], vec![506, 2], vec![0, 0]]),
        ] {
            assert!(!opens(&other, committed, other.count() as u64), "{other:?}");
        }
    }

    #[test]
    fn a_limb_beyond_its_span_does_not_open_even_its_own_commitment() {
        for row in [vec![1001, 0], vec![1023, 0], vec![1024, 0], vec![0, 16], vec![u64::MAX, 0]] {
            let readings = Readings::unchecked(1, vec![row]);
            assert!(!opens(&readings, commitment(&readings), 1), "{readings:?}");
        }
    }

    #[test]
    fn limbs_that_pack_to_the_same_element_do_not_open_it() {
        let honest = Readings::unchecked(1, vec![vec![5, 1]]);
        let carried = Readings::unchecked(1, vec![vec![5 + (1 << 10), 0]]);
        assert_eq!(commitment(&honest), commitment(&carried));
        assert!(!opens(&carried, commitment(&honest), 1));
    }

    #[test]
    fn an_absent_reading_is_zero_and_one_reading_is_there() {
        let hidden = Readings::unchecked(1, vec![vec![5, 1], vec![6, 0]]);
        assert!(!opens(&hidden, commitment(&hidden), 1));
        let none = Readings::unchecked(0, vec![]);
        assert!(!opens(&none, commitment(&none), 0));
    }

    #[test]
    fn presence_has_no_gap() {
        for (bits, good) in [([true, true, false], true), ([true, false, true], false), ([false, true, true], false)] {
            let mut builder = builder();
            let range = builder.range_chip();
            presence(builder.main(0), &range, bits.into_iter());
            assert_eq!(holds(&builder, vec![]), good, "{bits:?}");
        }
    }
}
