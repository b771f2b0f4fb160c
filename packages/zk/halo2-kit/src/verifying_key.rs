use crate::{KeyFile, KitError, Proof, verify};
use halo2_base::{
    gates::circuit::{BaseCircuitParams, builder::BaseCircuitBuilder},
    halo2_proofs::{
        SerdeFormat,
        halo2curves::{
            bn256::{Bn256, Fr, G1Affine, G2Affine},
            group::{GroupEncoding, prime::PrimeCurveAffine},
        },
        plonk,
        poly::{commitment::Params, kzg::commitment::ParamsKZG},
    },
};
use rand::rngs::OsRng;

const POINT_BYTES: usize = 64;

/// All that checks a proof: the SRS's secret as a point of G2, and halo2's verifying key.
///
/// Bytes: the point, compressed, then the key as halo2 writes it in its processed form. Their sha256 names a circuit
/// together with the SRS it was made with.
pub struct VerifyingKey {
    srs: ParamsKZG<Bn256>,
    key: plonk::VerifyingKey<G1Affine>,
}

impl VerifyingKey {
    /// The bytes of a key file's verifying key.
    pub fn encode(file: &KeyFile) -> Vec<u8> {
        let mut bytes = file.srs.s_g2().to_bytes().as_ref().to_vec();
        bytes.extend(file.proving_key.get_vk().to_bytes(SerdeFormat::Processed));
        bytes
    }

    /// Reads what [`VerifyingKey::encode`] wrote; the caller trusts the bytes by their hash.
    /// # Errors
    /// [`KitError::Key`] when they are no verifying key of a circuit of this shape.
    pub fn decode(bytes: &[u8], params: BaseCircuitParams) -> Result<Self, KitError> {
        let refuse = || KitError::Key("not a verifying key of this circuit".into());
        let (point, mut rest) = bytes.split_at_checked(POINT_BYTES).ok_or_else(refuse)?;
        let mut encoded = <G2Affine as GroupEncoding>::Repr::default();
        encoded.as_mut().copy_from_slice(point);
        let s_g2 = Option::<G2Affine>::from(G2Affine::from_bytes(&encoded)).ok_or_else(refuse)?;
        let k = params.k as u32;
        let key = plonk::VerifyingKey::read::<_, BaseCircuitBuilder<Fr>>(&mut rest, SerdeFormat::Processed, params)
            .map_err(|_| refuse())?;
        if !rest.is_empty() || key.get_domain().k() != k {
            return Err(refuse());
        }
        // What a verifier reads of an SRS is its size, its first power and the two points of G2.
        let first = vec![G1Affine::generator()];
        let srs = ParamsKZG::setup(1, OsRng).from_parts(
            k,
            first,
            Some(vec![]),
            <G2Affine as PrimeCurveAffine>::generator(),
            s_g2,
        );
        Ok(VerifyingKey { srs, key })
    }

    /// Whether the proof holds for its public inputs and nothing follows it.
    pub fn holds(&self, proof: &Proof) -> bool {
        verify(&self.srs, &self.key, proof)
    }

    /// How many rows the circuit has, as a power of two.
    pub fn k(&self) -> u32 {
        self.srs.k()
    }
}
