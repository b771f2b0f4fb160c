use crate::{KitError, OpenedInput, Readings, Schema, TaskWitness};
use halo2_base::{
    AssignedValue, Context,
    gates::{
        RangeChip,
        circuit::{BaseCircuitParams, builder::BaseCircuitBuilder},
    },
    halo2_proofs::halo2curves::bn256::Fr,
};

/// Public inputs that every circuit has before its outputs: two limbs of the binding, the input commitment.
pub const FIXED_INPUTS: usize = 3;

/// What a project proves about a task's readings.
pub trait TaskCircuit {
    /// Names of the outputs, in order.
    const OUTPUTS: &'static [&'static str];

    /// The readings, as the project file declares them under `inputs`.
    fn schema() -> Result<Schema, KitError>;

    /// The circuit's shape: rows, columns, lookup bits.
    fn params() -> BaseCircuitParams;

    /// Computes the outputs from the opened readings, as many as [`Self::OUTPUTS`] names.
    fn outputs(ctx: &mut Context<Fr>, range: &RangeChip<Fr>, input: &OpenedInput) -> Vec<AssignedValue<Fr>>;
}

/// What a project proves about a task's readings with the help of what else their payloads hold, such as signatures.
///
/// The input commitment covers the declared numbers alone: whatever else a circuit believes it must constrain itself.
/// Every [`TaskCircuit`] is one that reads nothing else.
pub trait PrivateCircuit {
    /// What the payloads hold for the circuit beside the declared numbers.
    type Private;

    /// Names of the outputs, in order.
    const OUTPUTS: &'static [&'static str];

    /// The readings, as the project file declares them under `inputs`.
    fn schema() -> Result<Schema, KitError>;

    /// The circuit's shape: rows, columns, lookup bits.
    fn params() -> BaseCircuitParams;

    /// Reads the rest of the payloads, and refuses with a reason what the circuit would not hold for.
    fn private(payloads: &[String], readings: &Readings) -> Result<Self::Private, KitError>;

    /// As many readings as a task may have and what goes with them, for which the circuit holds: keygen needs one.
    fn sample() -> Result<(Readings, Self::Private), KitError>;

    /// Computes the outputs from the opened readings, as many as [`Self::OUTPUTS`] names. The cells that it lays must
    /// not depend on the values.
    fn outputs(
        ctx: &mut Context<Fr>,
        range: &RangeChip<Fr>,
        input: &OpenedInput,
        private: &Self::Private,
    ) -> Vec<AssignedValue<Fr>>;
}

impl<C: TaskCircuit> PrivateCircuit for C {
    type Private = ();

    const OUTPUTS: &'static [&'static str] = <C as TaskCircuit>::OUTPUTS;

    fn schema() -> Result<Schema, KitError> {
        <C as TaskCircuit>::schema()
    }

    fn params() -> BaseCircuitParams {
        <C as TaskCircuit>::params()
    }

    fn private(_: &[String], _: &Readings) -> Result<(), KitError> {
        Ok(())
    }

    fn sample() -> Result<(Readings, ()), KitError> {
        let schema = <C as TaskCircuit>::schema()?;
        let lowest = vec![vec![0; schema.fields().len()]; schema.capacity()];
        Ok((Readings::unchecked(schema.capacity(), lowest), ()))
    }

    fn outputs(ctx: &mut Context<Fr>, range: &RangeChip<Fr>, input: &OpenedInput, (): &()) -> Vec<AssignedValue<Fr>> {
        <C as TaskCircuit>::outputs(ctx, range, input)
    }
}

/// Lays the whole circuit of a task into `builder`.
/// # Returns
/// The values of the public inputs.
pub fn build<C: PrivateCircuit>(
    builder: &mut BaseCircuitBuilder<Fr>,
    schema: &Schema,
    witness: &TaskWitness<C::Private>,
) -> Vec<Fr> {
    let range = builder.range_chip();
    let ctx = builder.main(0);
    let mut public: Vec<_> = witness.binding.iter().map(|limb| ctx.load_witness(*limb)).collect();
    let input = OpenedInput::open(ctx, &range, schema, &witness.readings, witness.salt);
    public.push(input.commitment);
    public.extend(C::outputs(ctx, &range, &input, &witness.private));
    let values = public.iter().map(|cell| *cell.value()).collect();
    builder.assigned_instances[0] = public;
    values
}
