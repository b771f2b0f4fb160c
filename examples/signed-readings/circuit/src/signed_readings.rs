use crate::{
    DEPTH, Device, KeyTree, Signatures, SignedBy, digest,
    digest::tag,
    ecdsa::scalar,
    key_tree::{LIMB_BITS, LIMBS},
};
use halo2_base::{
    AssignedValue, Context,
    QuantumCell::Constant,
    gates::{GateInstructions, RangeChip, RangeInstructions, circuit::BaseCircuitParams},
    halo2_proofs::halo2curves::{
        bn256::Fr,
        secp256k1::{Fp, Fq, Secp256k1Affine},
    },
    utils::CurveAffineExt,
};
use halo2_ecc::{
    bigint::ProperCrtUint,
    ecc::{EccChip, ecdsa::ecdsa_verify_no_pubkey_check},
    fields::{FieldChip, fp::FpChip},
};
use halo2_kit::{
    Field, KitError, OpenedInput, PrivateCircuit, Readings, Schema, assigned_poseidon, statistics,
};

/// Readings a task holds at most.
const CAPACITY: usize = 2;
const TEMPERATURE: usize = 0;
const TIME: usize = 1;
const TEMPERATURE_BITS: usize = 10;
const TIME_BITS: usize = 40;
/// Bits of a scalar that are multiplied at once.
const WINDOW: usize = 4;
/// Whose key signs in the place of an absent reading: everyone's.
const NOBODY: u64 = 1;

/// Temperatures in tenths of a degree Celsius from -40 to 60 at unix times in seconds, each signed by the secp256k1 key of
/// a device in a [`KeyTree`].
///
/// Outputs: the tree's root, the scope that the signatures were made for, and over `u = 10 x temperature + 400` how many
/// readings, their sum, the least and the greatest; the first and the last time. Times increase strictly, so that no
/// reading counts twice.
pub struct SignedReadings;

impl PrivateCircuit for SignedReadings {
    type Private = Signatures;

    const OUTPUTS: &'static [&'static str] = &[
        "keysRoot",
        "scope",
        "count",
        "sum",
        "min",
        "max",
        "firstTime",
        "lastTime",
    ];

    fn schema() -> Result<Schema, KitError> {
        let temperature = Field::new("temperature", 1, -400, 600);
        Schema::new(
            CAPACITY,
            vec![temperature, Field::new("time", 0, 0, (1 << TIME_BITS) - 1)],
        )
    }

    fn params() -> BaseCircuitParams {
        BaseCircuitParams {
            k: 18,
            num_advice_per_phase: vec![5],
            num_lookup_advice_per_phase: vec![1],
            num_fixed: 1,
            lookup_bits: Some(17),
            num_instance_columns: 1,
        }
    }

    fn private(payloads: &[String], readings: &Readings) -> Result<Signatures, KitError> {
        Signatures::parse(payloads, readings)
    }

    fn sample() -> Result<(Readings, Signatures), KitError> {
        let rows: Vec<_> = (0..CAPACITY as u64).map(|time| vec![0, time]).collect();
        let (scope, device) = (Fr::from(1), Device::open(Fq::from(2)));
        let tree = KeyTree::new(&[device.key]);
        let sign = |row: &Vec<u64>| SignedBy {
            key: device.key,
            signature: device.sign(digest(scope, row[TIME], row[TEMPERATURE])),
            index: 0,
            path: tree.path(0),
        };
        let readings = rows.iter().map(sign).collect();
        Ok((
            Readings::unchecked(CAPACITY, rows),
            Signatures { scope, readings },
        ))
    }

    fn outputs(
        ctx: &mut Context<Fr>,
        range: &RangeChip<Fr>,
        input: &OpenedInput,
        private: &Signatures,
    ) -> Vec<AssignedValue<Fr>> {
        let gate = range.gate();
        let scope = ctx.load_witness(private.scope);
        let chips = Chips::new(range);
        let roots: Vec<_> = input
            .values
            .iter()
            .enumerate()
            .map(|(at, reading)| {
                let tag = ctx.load_constant(tag());
                let preimage = [tag, scope, reading[TIME], reading[TEMPERATURE]];
                let message = assigned_poseidon(ctx, gate, &preimage);
                let signed = private
                    .readings
                    .get(at)
                    .cloned()
                    .unwrap_or_else(|| by_nobody(*message.value()));
                let leaf = chips.signer(ctx, range, message, &signed);
                root_above(ctx, gate, leaf, &signed)
            })
            .collect();

        let root = one_root(ctx, gate, input, &roots);
        let [first, last] = first_and_last(ctx, range, input);
        let [sum, min, max] = statistics(ctx, range, input, TEMPERATURE, TEMPERATURE_BITS);
        vec![root, scope, input.count, sum, min, max, first, last]
    }
}

/// Arithmetic of secp256k1 in the circuit.
struct Chips<'r> {
    /// Of coordinates.
    base: FpChip<'r, Fr, Fp>,
    /// Of the group's scalars.
    scalars: FpChip<'r, Fr, Fq>,
    /// Of the circuit's own field, written in limbs.
    native: FpChip<'r, Fr, Fr>,
}

impl<'r> Chips<'r> {
    fn new(range: &'r RangeChip<Fr>) -> Self {
        Chips {
            base: FpChip::new(range, LIMB_BITS, LIMBS),
            scalars: FpChip::new(range, LIMB_BITS, LIMBS),
            native: FpChip::new(range, LIMB_BITS, LIMBS),
        }
    }

    /// Constrains a signature over `message`.
    /// # Returns
    /// The leaf of the key that signed.
    fn signer(
        &self,
        ctx: &mut Context<Fr>,
        range: &RangeChip<Fr>,
        message: AssignedValue<Fr>,
        signed: &SignedBy,
    ) -> AssignedValue<Fr> {
        let curve = EccChip::new(&self.base);
        // On the curve, and so not the identity, which has no affine coordinates that satisfy the equation.
        let key = curve.load_private::<Secp256k1Affine>(ctx, signed.key.into_coordinates());
        // A coordinate has one leaf, and not a second one plus the modulus.
        for coordinate in [key.x(), key.y()] {
            self.base.enforce_less_than(ctx, coordinate.clone());
        }
        let limbs: Vec<_> = key
            .x()
            .limbs()
            .iter()
            .chain(key.y().limbs())
            .copied()
            .collect();

        let hash = self.limbs_of(ctx, message, scalar(*message.value()));
        let [r, s] = [signed.signature.r, signed.signature.s]
            .map(|half| self.scalars.load_private(ctx, half));
        let holds = ecdsa_verify_no_pubkey_check::<Fr, Fp, Fq, Secp256k1Affine>(
            &curve, ctx, key, r, s, hash, WINDOW, WINDOW,
        );
        range.gate().assert_is_const(ctx, &holds, &Fr::one());
        assigned_poseidon(ctx, range.gate(), &limbs)
    }

    /// A field element as the one integer below the field's modulus that it is, which the prover says is `integer`. Limbs
    /// alone would allow that integer plus the modulus, another message for the same hash.
    fn limbs_of(
        &self,
        ctx: &mut Context<Fr>,
        element: AssignedValue<Fr>,
        integer: Fq,
    ) -> ProperCrtUint<Fr> {
        let limbs = self.scalars.load_private(ctx, integer);
        ctx.constrain_equal(limbs.native(), &element);
        self.native.enforce_less_than(ctx, limbs).into()
    }
}

/// The root above a leaf, whatever its place.
fn root_above(
    ctx: &mut Context<Fr>,
    gate: &impl GateInstructions<Fr>,
    leaf: AssignedValue<Fr>,
    signed: &SignedBy,
) -> AssignedValue<Fr> {
    (0..DEPTH).fold(leaf, |below, level| {
        let is_right = ctx.load_witness(Fr::from(u64::from(signed.index >> level & 1)));
        gate.assert_bit(ctx, is_right);
        let sibling = ctx.load_witness(signed.path[level]);
        let left = gate.select(ctx, sibling, below, is_right);
        let right = gate.select(ctx, below, sibling, is_right);
        assigned_poseidon(ctx, gate, &[left, right])
    })
}

/// The root that all readings' keys lead to. An absent reading is signed by nobody's key, which is in no tree.
fn one_root(
    ctx: &mut Context<Fr>,
    gate: &impl GateInstructions<Fr>,
    input: &OpenedInput,
    roots: &[AssignedValue<Fr>],
) -> AssignedValue<Fr> {
    // The first reading is always there.
    for (root, present) in roots.iter().zip(&input.present).skip(1) {
        let apart = gate.sub(ctx, *root, roots[0]);
        let apart = gate.mul(ctx, apart, *present);
        gate.assert_is_const(ctx, &apart, &Fr::zero());
    }
    roots[0]
}

/// The first and the last time, all being strictly after the one before.
fn first_and_last(
    ctx: &mut Context<Fr>,
    range: &RangeChip<Fr>,
    input: &OpenedInput,
) -> [AssignedValue<Fr>; 2] {
    let gate = range.gate();
    let first = input.values[0][TIME];
    let mut last = first;
    for (reading, present) in input.values.iter().zip(&input.present).skip(1) {
        let gap = gate.sub(ctx, reading[TIME], last);
        let gap = gate.sub(ctx, gap, Constant(Fr::one()));
        let gap = gate.mul(ctx, gap, *present);
        // A gap below zero is an element with more bits.
        range.range_check(ctx, gap, TIME_BITS);
        last = gate.select(ctx, reading[TIME], last, *present);
    }
    [first, last]
}

/// What stands in the place of an absent reading, so that one circuit fits all counts.
fn by_nobody(message: Fr) -> SignedBy {
    let nobody = Device::open(Fq::from(NOBODY));
    SignedBy {
        key: nobody.key,
        signature: nobody.sign(message),
        index: 0,
        path: [Fr::zero(); DEPTH],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Signature;
    use halo2_base::{
        gates::circuit::builder::BaseCircuitBuilder,
        halo2_proofs::{dev::MockProver, halo2curves::ff::PrimeField},
    };
    use halo2_kit::{FIXED_INPUTS, TaskWitness, build};

    const SCOPE: u64 = 77;

    /// Two registered devices.
    fn devices() -> [Device; 2] {
        [6, 7].map(|secret| Device::open(Fq::from(secret)))
    }

    fn tree() -> KeyTree {
        KeyTree::new(&devices().map(|device| device.key))
    }

    /// Temperature and time, and which device signed them.
    fn honest(rows: &[(u64, u64, usize)]) -> TaskWitness<Signatures> {
        let sign = |(temperature, time, by): &(u64, u64, usize)| SignedBy {
            key: devices()[*by].key,
            signature: devices()[*by].sign(digest(Fr::from(SCOPE), *time, *temperature)),
            index: *by as u8,
            path: tree().path(*by as u8),
        };
        TaskWitness {
            binding: [Fr::from(11), Fr::from(22)],
            salt: Fr::from(33),
            readings: Readings::unchecked(
                rows.len(),
                rows.iter().map(|row| vec![row.0, row.1]).collect(),
            ),
            private: Signatures {
                scope: Fr::from(SCOPE),
                readings: rows.iter().map(sign).collect(),
            },
        }
    }

    /// The public inputs that the prover computes, and whether the circuit holds for them once `edit` has changed them.
    fn run(witness: &TaskWitness<Signatures>, edit: impl Fn(&mut [Fr])) -> (Vec<Fr>, bool) {
        let params = SignedReadings::params();
        let k = params.k as u32;
        let mut builder = BaseCircuitBuilder::new(false).use_params(params);
        let mut public =
            build::<SignedReadings>(&mut builder, &SignedReadings::schema().unwrap(), witness);
        edit(&mut public);
        let holds = MockProver::run(k, &builder, vec![public.clone()])
            .unwrap()
            .verify()
            .is_ok();
        (public, holds)
    }

    fn holds(witness: &TaskWitness<Signatures>) -> bool {
        run(witness, |_| ()).1
    }

    /// Two readings' witness with something changed by a prover who knows all about it but no device's secret.
    fn cheated(edit: impl Fn(&mut TaskWitness<Signatures>)) -> bool {
        let mut witness = honest(&[(614, 1000, 0), (500, 1001, 1)]);
        edit(&mut witness);
        holds(&witness)
    }

    fn rows(rows: &[[u64; 2]]) -> Readings {
        Readings::unchecked(rows.len(), rows.iter().map(|row| row.to_vec()).collect())
    }

    #[test]
    fn gives_root_scope_statistics_and_times() {
        for (rows, expected) in [
            (
                &[(614, 1000, 0), (500, 1001, 1)][..],
                [SCOPE, 2, 1114, 500, 614, 1000, 1001],
            ),
            (&[(614, 1000, 1)], [SCOPE, 1, 614, 614, 614, 1000, 1000]),
            (
                &[(1000, 0, 0), (0, (1 << 40) - 1, 0)],
                [SCOPE, 2, 1000, 0, 1000, 0, (1 << 40) - 1],
            ),
        ] {
            let (public, holds) = run(&honest(rows), |_| ());
            assert!(holds, "{rows:?}");
            assert_eq!(public[FIXED_INPUTS], tree().root());
            assert_eq!(public[FIXED_INPUTS + 1..], expected.map(Fr::from));
        }
    }

    #[test]
    fn no_public_input_can_be_changed() {
        let witness = honest(&[(614, 1000, 0)]);
        for input in 0..FIXED_INPUTS + SignedReadings::OUTPUTS.len() {
            assert!(
                !run(&witness, |public| public[input] += Fr::one()).1,
                "public input {input}"
            );
        }
    }

    #[test]
    fn the_higher_s_is_a_signature_too() {
        assert!(cheated(|witness| {
            let signature = &mut witness.private.readings[0].signature;
            signature.s = -signature.s;
        }));
    }

    #[test]
    fn what_was_signed_cannot_be_altered() {
        assert!(
            !cheated(|witness| witness.readings = rows(&[[615, 1000], [500, 1001]])),
            "a temperature"
        );
        assert!(
            !cheated(|witness| witness.readings = rows(&[[614, 999], [500, 1001]])),
            "a time"
        );
        assert!(
            !cheated(|witness| witness.private.scope += Fr::one()),
            "the scope"
        );
    }

    #[test]
    fn a_signature_of_another_does_not_do() {
        assert!(
            !cheated(|witness| witness.private.readings[0].key = devices()[1].key),
            "another's key"
        );
        assert!(
            !cheated(|witness| witness.private.readings[0].signature =
                witness.private.readings[1].signature),
            "another reading's signature"
        );
        assert!(
            !cheated(|witness| {
                let message = digest(Fr::from(SCOPE), 1000, 614);
                witness.private.readings[0].signature =
                    Device::open(Fq::from(NOBODY)).sign(message);
            }),
            "a signature by a key of the prover's own"
        );
        for spoil in [
            |s: &mut Signature| s.r += Fq::one(),
            |s: &mut Signature| s.s += Fq::one(),
        ] {
            assert!(!cheated(|witness| spoil(
                &mut witness.private.readings[0].signature
            )));
        }
    }

    #[test]
    fn a_key_that_is_not_registered_changes_the_root_or_is_refused() {
        let stranger = Device::open(Fq::from(99));
        let by_stranger = |witness: &mut TaskWitness<Signatures>, at: usize| {
            let [temperature, time] = [0, 1].map(|field| witness.readings.limb(at, field));
            let signed = &mut witness.private.readings[at];
            signed.key = stranger.key;
            signed.signature = stranger.sign(digest(Fr::from(SCOPE), time, temperature));
        };
        assert!(
            !cheated(|witness| by_stranger(witness, 1)),
            "beside a registered one"
        );
        // Alone it holds, for a tree that is not the project's: the contract looks at the root.
        let mut alone = honest(&[(614, 1000, 0)]);
        by_stranger(&mut alone, 0);
        let (public, holds) = run(&alone, |_| ());
        assert!(holds && public[FIXED_INPUTS] != tree().root());
        assert!(
            !run(&alone, |public| public[FIXED_INPUTS] = tree().root()).1,
            "the project's root"
        );
    }

    #[test]
    fn another_place_or_way_does_not_lead_to_the_root() {
        assert!(!cheated(|witness| witness.private.readings[1].index = 0));
        assert!(!cheated(
            |witness| witness.private.readings[1].path[3] += Fr::one()
        ));
    }

    #[test]
    fn times_increase_strictly() {
        assert!(holds(&honest(&[(614, 1000, 0), (614, 1001, 0)])));
        assert!(
            !holds(&honest(&[(614, 1000, 0), (614, 1000, 0)])),
            "the same reading twice"
        );
        assert!(
            !holds(&honest(&[(614, 1000, 0), (500, 1000, 1)])),
            "at the same time"
        );
        assert!(
            !holds(&honest(&[(614, 1001, 0), (500, 1000, 1)])),
            "backwards"
        );
    }

    #[test]
    fn an_absent_reading_needs_no_signature_and_holds_nothing() {
        let mut witness = honest(&[(614, 1000, 0)]);
        // A second one, signed even, that the count leaves out.
        let second = honest(&[(614, 1000, 0), (500, 1001, 1)]);
        witness.readings = Readings::unchecked(1, vec![vec![614, 1000], vec![500, 1001]]);
        witness.private = second.private.clone();
        assert!(!holds(&witness), "signed, but not counted");
        // And the other way round: counted, but signed by nobody.
        let mut counted = second;
        counted.private.readings.truncate(1);
        assert!(!holds(&counted), "counted, but signed by nobody");
    }

    #[test]
    fn a_digest_is_one_integer() {
        let holds = |element: Fr, integer: Fq| {
            let mut builder = BaseCircuitBuilder::new(false).use_params(BaseCircuitParams {
                k: 12,
                num_advice_per_phase: vec![1],
                num_lookup_advice_per_phase: vec![1],
                num_fixed: 1,
                lookup_bits: Some(11),
                num_instance_columns: 1,
            });
            let range = builder.range_chip();
            let ctx = builder.main(0);
            let cell = ctx.load_witness(element);
            Chips::new(&range).limbs_of(ctx, cell, integer);
            MockProver::run(12, &builder, vec![vec![]])
                .unwrap()
                .verify()
                .is_ok()
        };
        // r = -1 + 1 as an integer, which fits 256 bits and is below secp256k1's order.
        let modulus = scalar(-Fr::one()) + Fq::one();
        for element in [Fr::zero(), Fr::one(), -Fr::one(), digest(Fr::one(), 2, 3)] {
            assert!(holds(element, scalar(element)));
            assert!(
                !holds(element, scalar(element) + modulus),
                "the integer plus the modulus"
            );
            assert!(
                !holds(element, scalar(element) + Fq::one()),
                "another integer"
            );
        }
        assert_eq!(modulus.to_repr()[31], 0x30);
    }
}
