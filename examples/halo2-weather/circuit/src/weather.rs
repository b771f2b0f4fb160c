use halo2_base::{
    AssignedValue, Context,
    gates::{RangeChip, circuit::BaseCircuitParams},
    halo2_proofs::halo2curves::bn256::Fr,
};
use halo2_kit::{Field, KitError, OpenedInput, Schema, TaskCircuit, statistics};

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
        let [sum, min, max] = statistics(ctx, range, input, 0, BITS);
        vec![input.count, sum, min, max]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2_base::{gates::circuit::builder::BaseCircuitBuilder, halo2_proofs::dev::MockProver};
    use halo2_kit::{FIXED_INPUTS, Readings, TaskWitness, build};

    fn witness(us: &[u64]) -> TaskWitness {
        TaskWitness {
            binding: [Fr::from(11), Fr::from(22)],
            salt: Fr::from(33),
            readings: Readings::unchecked(us.len(), us.iter().map(|u| vec![*u]).collect()),
            private: (),
        }
    }

    /// The public inputs, and whether the circuit holds for them once `edit` has changed them.
    fn run(us: &[u64], edit: impl Fn(&mut [Fr])) -> (Vec<Fr>, bool) {
        let mut builder = BaseCircuitBuilder::new(false).use_params(Weather::params());
        let mut public = build::<Weather>(&mut builder, &Weather::schema().unwrap(), &witness(us));
        edit(&mut public);
        let mock =
            MockProver::run(Weather::params().k as u32, &builder, vec![public.clone()]).unwrap();
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
            let (public, holds) = run(us, |_| ());
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
            let (_, holds) = run(&[528, 506, 370], |public| public[i] += Fr::one());
            assert!(!holds, "public input {i}");
        }
    }

    #[test]
    fn a_changed_reading_does_not_fit_the_commitment() {
        let (honest, _) = run(&[528, 506, 370], |_| ());
        let (_, holds) = run(&[528, 507, 370], |public| public[2] = honest[2]);
        assert!(!holds);
    }

    #[test]
    fn a_reading_out_of_range_is_refused() {
        for us in [&[1001][..], &[528, 1024], &[u64::MAX]] {
            assert!(!run(us, |_| ()).1, "{us:?}");
        }
    }
}
