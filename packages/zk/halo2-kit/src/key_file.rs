use crate::KitError;
use halo2_base::{
    gates::{
        circuit::{BaseCircuitParams, builder::BaseCircuitBuilder},
        flex_gate::MultiPhaseThreadBreakPoints,
    },
    halo2_proofs::{
        SerdeFormat,
        halo2curves::bn256::{Bn256, Fr, G1Affine},
        plonk::ProvingKey,
        poly::kzg::commitment::ParamsKZG,
    },
};
use sha2::{Digest, Sha256};

const MAGIC: &[u8; 8] = b"W3BH2K1\n";

/// All that a prover needs beside the program, in one file: the SRS, the proving key, and where the circuit's columns
/// break.
///
/// Bytes: magic, then three parts, each with its length before it as u64 little end first: break points (u32 each),
/// SRS, proving key.
pub struct KeyFile {
    pub srs: ParamsKZG<Bn256>,
    pub proving_key: ProvingKey<G1Affine>,
    pub break_points: MultiPhaseThreadBreakPoints,
}

impl KeyFile {
    /// The file's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let columns = self.break_points.first().map_or(&[][..], Vec::as_slice);
        let breaks: Vec<u8> = columns.iter().flat_map(|at| (*at as u32).to_le_bytes()).collect();
        let mut srs = vec![];
        // A Vec takes every write.
        let _ = self.srs.write_custom(&mut srs, SerdeFormat::RawBytesUnchecked);
        let key = self.proving_key.to_bytes(SerdeFormat::RawBytesUnchecked);
        let mut file = MAGIC.to_vec();
        for part in [breaks, srs, key] {
            file.extend((part.len() as u64).to_le_bytes());
            file.extend(part);
        }
        file
    }

    /// Reads a file whose bytes are trusted by their hash: curve points are not checked again.
    /// # Errors
    /// [`KitError::Key`] when the sha256 differs or the file does not belong to a circuit of this shape.
    pub fn decode(bytes: &[u8], sha256: &[u8; 32], params: BaseCircuitParams) -> Result<Self, KitError> {
        if Sha256::digest(bytes).as_slice() != sha256 {
            return Err(KitError::Key("its sha256 is not the one that this program needs".into()));
        }
        Self::decode_unhashed(bytes, params)
    }

    /// Reads a file whose bytes the caller has checked.
    /// # Errors
    /// [`KitError::Key`] when it does not belong to a circuit of this shape.
    pub fn decode_unhashed(bytes: &[u8], params: BaseCircuitParams) -> Result<Self, KitError> {
        let refuse = |why: &str| KitError::Key(why.into());
        let mut rest = bytes.strip_prefix(MAGIC).ok_or_else(|| refuse("not a key file"))?;
        let mut part = || {
            let (length, tail) = rest.split_first_chunk::<8>()?;
            let (part, tail) = tail.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
            rest = tail;
            Some(part)
        };
        let mut next = || part().ok_or_else(|| refuse("the file is cut short"));
        let (breaks, mut srs, key) = (next()?, next()?, next()?);
        let breaks = breaks.as_chunks::<4>().0.iter().map(|at| u32::from_le_bytes(*at) as usize).collect();
        let unreadable = |error: std::io::Error| KitError::Key(error.to_string());
        let format = SerdeFormat::RawBytesUnchecked;
        Ok(KeyFile {
            srs: ParamsKZG::read_custom(&mut srs, format).map_err(unreadable)?,
            proving_key: ProvingKey::from_bytes::<BaseCircuitBuilder<Fr>>(key, format, params).map_err(unreadable)?,
            break_points: vec![breaks],
        })
    }
}
