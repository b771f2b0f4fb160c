use crate::OpenedInput;
use halo2_base::{
    AssignedValue, Context,
    QuantumCell::{Constant, Existing},
    gates::{GateInstructions, RangeChip, RangeInstructions},
    halo2_proofs::halo2curves::bn256::Fr,
    utils::ScalarField,
};

/// Sum, minimum and maximum of one field over the readings that are there. `bits` are those of the field's limb.
pub fn statistics(
    ctx: &mut Context<Fr>,
    range: &RangeChip<Fr>,
    input: &OpenedInput,
    field: usize,
    bits: usize,
) -> [AssignedValue<Fr>; 3] {
    let number = |cell: &AssignedValue<Fr>| cell.value().get_lower_64();
    let present = input.present.iter().map(number).filter(|bit| *bit == 1).count();
    let held = || input.values.iter().take(present).map(|fields| number(&fields[field]));
    claimed(ctx, range, input, (field, bits), held().min().unwrap_or(0), held().max().unwrap_or(0))
}

/// Constrains the statistics, given what the prover says the least and the greatest value are.
fn claimed(
    ctx: &mut Context<Fr>,
    range: &RangeChip<Fr>,
    input: &OpenedInput,
    (field, bits): (usize, usize),
    min: u64,
    max: u64,
) -> [AssignedValue<Fr>; 3] {
    let gate = range.gate();
    let values: Vec<_> = input.values.iter().map(|fields| fields[field]).collect();
    let min = ctx.load_witness(Fr::from(min));
    let max = ctx.load_witness(Fr::from(max));

    // Every value lies in [min, max], and a product of differences is zero only if one of them is: the bounds are
    // attained. An absent value is lifted over every minimum; it is 0, and so cannot exceed a maximum.
    let (mut least, mut greatest) = (vec![], vec![]);
    for (value, present) in values.iter().zip(&input.present) {
        let below = gate.sub(ctx, max, *value);
        range.range_check(ctx, below, bits);
        greatest.push(below);

        let absent = gate.not(ctx, *present);
        let above = gate.sub(ctx, *value, min);
        let lifted = gate.mul_add(ctx, absent, Constant(Fr::from((1 << bits) - 1)), above);
        range.range_check(ctx, lifted, bits);
        least.push(lifted);
    }
    for differences in [least, greatest] {
        let product = differences.into_iter().reduce(|product, next| gate.mul(ctx, product, next));
        if let Some(product) = product {
            gate.assert_is_const(ctx, &product, &Fr::zero());
        }
    }

    let sum = gate.sum(ctx, values.iter().map(|value| Existing(*value)));
    [sum, min, max]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Field, Readings, Schema};
    use halo2_base::{
        gates::circuit::{BaseCircuitParams, builder::BaseCircuitBuilder},
        halo2_proofs::dev::MockProver,
    };

    const K: usize = 11;

    /// Whether 528, 506 and 370 of at most 5 readings have this sum, minimum and maximum, the prover saying so.
    fn holds(sum: u64, min: u64, max: u64) -> bool {
        let mut builder = BaseCircuitBuilder::new(false).use_params(BaseCircuitParams {
            k: K,
            num_advice_per_phase: vec![2],
            num_lookup_advice_per_phase: vec![1],
            num_fixed: 1,
            lookup_bits: Some(10),
            num_instance_columns: 1,
        });
        let range = builder.range_chip();
        let schema = Schema::new(5, vec![Field::new("t", 1, -400, 600)]).unwrap();
        let readings = Readings::unchecked(3, [528, 506, 370].map(|u| vec![u]).to_vec());
        let ctx = builder.main(0);
        let input = OpenedInput::open(ctx, &range, &schema, &readings, Fr::from(9));
        builder.assigned_instances[0] = claimed(builder.main(0), &range, &input, (0, 10), min, max).to_vec();
        let public = [sum, min, max].map(Fr::from).to_vec();
        MockProver::run(K as u32, &builder, vec![public]).unwrap().verify().is_ok()
    }

    #[test]
    fn a_bound_that_no_reading_attains_is_refused() {
        assert!(holds(1404, 370, 528));
        assert!(!holds(1405, 370, 528), "a greater sum");
        assert!(!holds(1404, 369, 528), "a lower minimum");
        assert!(!holds(1404, 371, 528), "a higher minimum");
        assert!(!holds(1404, 0, 528), "an absent reading as the minimum");
        assert!(!holds(1404, 1023, 528), "an absent reading's lifted difference");
        assert!(!holds(1404, 370, 527), "a lower maximum");
        assert!(!holds(1404, 370, 529), "a higher maximum");
    }
}
