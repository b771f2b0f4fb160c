use crate::{KitError, OpenedInput, Schema, TaskWitness};
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

/// Lays the whole circuit of a task into `builder`.
/// # Returns
/// The values of the public inputs.
pub fn build<C: TaskCircuit>(builder: &mut BaseCircuitBuilder<Fr>, schema: &Schema, witness: &TaskWitness) -> Vec<Fr> {
    let range = builder.range_chip();
    let ctx = builder.main(0);
    let mut public: Vec<_> = witness.binding.iter().map(|limb| ctx.load_witness(*limb)).collect();
    let input = OpenedInput::open(ctx, &range, schema, &witness.readings, witness.salt);
    public.push(input.commitment);
    public.extend(C::outputs(ctx, &range, &input));
    let values = public.iter().map(|cell| *cell.value()).collect();
    builder.assigned_instances[0] = public;
    values
}
