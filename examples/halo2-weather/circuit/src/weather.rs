use halo2_base::{
    AssignedValue, Context,
    QuantumCell::{Constant, Existing},
    gates::{GateInstructions, RangeChip, RangeInstructions, circuit::BaseCircuitParams},
    halo2_proofs::halo2curves::bn256::Fr,
    utils::ScalarField,
};
use halo2_kit::{Field, KitError, OpenedInput, Schema, TaskCircuit};

/// Readings a task holds at most.
const CAPACITY: usize = 16;
/// Bits of a temperature's limb; the lookup table is as wide, so that a range check is one lookup.
const BITS: usize = 10;

/// Daily maximum temperatures, in tenths of a degree Celsius from -40 to 60.
///
/// Outputs are over `u = 10 x temperature + 400`: how many readings, their sum, the least and the greatest.
pub struct Weather;

impl TaskCircuit for Weather {
    const OUTPUTS: &'static [&'static str] = &["count", "sum", "min", "max"];

    fn schema() -> Result<Schema, KitError> {
        Schema::new(CAPACITY, vec![Field::new("temperature", 1, -400, 600)])
    }

    fn params() -> BaseCircuitParams {
        BaseCircuitParams {
            k: 11,
            num_advice_per_phase: vec![2],
            num_lookup_advice_per_phase: vec![1],
            num_fixed: 1,
            lookup_bits: Some(BITS),
            num_instance_columns: 1,
        }
    }

    fn outputs(
        ctx: &mut Context<Fr>,
        range: &RangeChip<Fr>,
        input: &OpenedInput,
    ) -> Vec<AssignedValue<Fr>> {
        let number = |cell: &AssignedValue<Fr>| cell.value().get_lower_64();
        let present = input
            .present
            .iter()
            .map(number)
            .filter(|bit| *bit == 1)
            .count();
        let held = || {
            input
                .values
                .iter()
                .take(present)
                .map(|fields| number(&fields[0]))
        };
        statistics(
            ctx,
            range,
            input,
            held().min().unwrap_or(0),
            held().max().unwrap_or(0),
        )
    }
}

/// Constrains the readings' statistics, given what the prover says their least and greatest are.
fn statistics(
    ctx: &mut Context<Fr>,
    range: &RangeChip<Fr>,
    input: &OpenedInput,
    min: u64,
    max: u64,
) -> Vec<AssignedValue<Fr>> {
    let gate = range.gate();
    let readings: Vec<_> = input.values.iter().map(|fields| fields[0]).collect();
    let min = ctx.load_witness(Fr::from(min));
    let max = ctx.load_witness(Fr::from(max));

    // Every reading lies in [min, max], and a product of differences is zero only if one of them is: the bounds
    // are attained. An absent reading is lifted over every minimum; it is 0, and so cannot exceed a maximum.
    let (mut least, mut greatest) = (vec![], vec![]);
    for (reading, present) in readings.iter().zip(&input.present) {
        let below = gate.sub(ctx, max, *reading);
        range.range_check(ctx, below, BITS);
        greatest.push(below);

        let absent = gate.not(ctx, *present);
        let above = gate.sub(ctx, *reading, min);
        let lifted = gate.mul_add(ctx, absent, Constant(Fr::from((1 << BITS) - 1)), above);
        range.range_check(ctx, lifted, BITS);
        least.push(lifted);
    }
    for differences in [least, greatest] {
        let product = differences
            .into_iter()
            .reduce(|product, next| gate.mul(ctx, product, next));
        if let Some(product) = product {
            gate.assert_is_const(ctx, &product, &Fr::zero());
        }
    }

    let sum = gate.sum(ctx, readings.iter().map(|reading| Existing(*reading)));
    vec![input.count, sum, min, max]
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2_base::{gates::circuit::builder::BaseCircuitBuilder, halo2_proofs::dev::MockProver};
    use halo2_kit::{FIXED_INPUTS, Readings, TaskWitness, build};

    /// The weather circuit in the hands of a prover who names another minimum or maximum.
    struct Claims<const MIN: u64, const MAX: u64>;

    impl<const MIN: u64, const MAX: u64> TaskCircuit for Claims<MIN, MAX> {
        const OUTPUTS: &'static [&'static str] = Weather::OUTPUTS;

        fn schema() -> Result<Schema, KitError> {
            Weather::schema()
        }

        fn params() -> BaseCircuitParams {
            Weather::params()
        }

        fn outputs(
            ctx: &mut Context<Fr>,
            range: &RangeChip<Fr>,
            input: &OpenedInput,
        ) -> Vec<AssignedValue<Fr>> {
            statistics(ctx, range, input, MIN, MAX)
        }
    }

    fn witness(us: &[u64]) -> TaskWitness {
        TaskWitness {
            binding: [Fr::from(11), Fr::from(22)],
            salt: Fr::from(33),
            readings: Readings::unchecked(us.len(), us.iter().map(|u| vec![*u]).collect()),
            private: (),
        }
    }

    /// The public inputs, and whether the circuit holds for them once `edit` has changed them.
    fn run<C: TaskCircuit>(us: &[u64], edit: impl Fn(&mut [Fr])) -> (Vec<Fr>, bool) {
        let mut builder = BaseCircuitBuilder::new(false).use_params(C::params());
        let mut public = build::<C>(&mut builder, &C::schema().unwrap(), &witness(us));
        edit(&mut public);
        let mock = MockProver::run(C::params().k as u32, &builder, vec![public.clone()]).unwrap();
        (public, mock.verify().is_ok())
    }

    fn numbers(values: [u64; 4]) -> Vec<Fr> {
        values.map(Fr::from).to_vec()
    }

    #[test]
    fn gives_count_sum_minimum_and_maximum() {
        let full: Vec<u64> = (0..16).map(|i| 62 * i).collect();
        for (us, outputs) in [
            (&[528, 506, 370][..], [3, 1404, 370, 528]),
            (&[0], [1, 0, 0, 0]),
            (&[1000], [1, 1000, 1000, 1000]),
            (&[1000; 16], [16, 16_000, 1000, 1000]),
            (&full, [16, 7440, 0, 930]),
        ] {
            let (public, holds) = run::<Weather>(us, |_| ());
            assert!(holds, "{us:?}");
            assert_eq!(public[..2], [Fr::from(11), Fr::from(22)]);
            assert_eq!(
                public[2],
                witness(us)
                    .readings
                    .commitment(&Weather::schema().unwrap(), Fr::from(33))
            );
            assert_eq!(public[FIXED_INPUTS..], numbers(outputs));
        }
    }

    #[test]
    fn no_public_input_can_be_changed() {
        for i in 0..FIXED_INPUTS + Weather::OUTPUTS.len() {
            let (_, holds) = run::<Weather>(&[528, 506, 370], |public| public[i] += Fr::one());
            assert!(!holds, "public input {i}");
        }
    }

    #[test]
    fn a_changed_reading_does_not_fit_the_commitment() {
        let (honest, _) = run::<Weather>(&[528, 506, 370], |_| ());
        let (_, holds) = run::<Weather>(&[528, 507, 370], |public| public[2] = honest[2]);
        assert!(!holds);
    }

    #[test]
    fn a_reading_out_of_range_is_refused() {
        for us in [&[1001][..], &[528, 1024], &[u64::MAX]] {
            assert!(!run::<Weather>(us, |_| ()).1, "{us:?}");
        }
    }

    #[test]
    fn a_bound_that_no_reading_attains_is_refused() {
        let us = &[528, 506, 370];
        assert!(run::<Claims<370, 528>>(us, |_| ()).1);
        assert!(!run::<Claims<369, 528>>(us, |_| ()).1, "a lower minimum");
        assert!(!run::<Claims<371, 528>>(us, |_| ()).1, "a higher minimum");
        assert!(
            !run::<Claims<0, 528>>(us, |_| ()).1,
            "an absent reading as the minimum"
        );
        assert!(
            !run::<Claims<1023, 528>>(us, |_| ()).1,
            "an absent reading's lifted difference"
        );
        assert!(!run::<Claims<370, 527>>(us, |_| ()).1, "a lower maximum");
        assert!(!run::<Claims<370, 529>>(us, |_| ()).1, "a higher maximum");
    }
}
