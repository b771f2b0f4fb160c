use crate::KitError;
use halo2_base::halo2_proofs::{
    SerdeFormat,
    arithmetic::best_multiexp,
    halo2curves::{
        bn256::{Bn256, Fr, G1, G1Affine, G2Affine, pairing},
        ff::Field,
        group::{Curve, prime::PrimeCurveAffine},
    },
    poly::{
        commitment::{Params, ParamsProver},
        kzg::commitment::ParamsKZG,
    },
};
use rand::{SeedableRng, rngs::OsRng};
use rand_chacha::ChaCha20Rng;
use sha2::{Digest, Sha256};
use std::path::Path;

/// An SRS whose secret anyone can compute: whoever wants to forges proofs. For tests and local chains only.
pub fn insecure_test_srs(k: u32) -> ParamsKZG<Bn256> {
    ParamsKZG::setup(k, ChaCha20Rng::from_seed(*b"w3bstream INSECURE TEST-ONLY srs"))
}

/// Reads an SRS of the Perpetual Powers of Tau ceremony: k (u32, little end first), g, g_lagrange, g2, s_g2, points
/// uncompressed in Montgomery form, as halo2 writes its raw parameters.
///
/// The file's sha256 must be the expected one, the points must lie on their curves, and pairings must show that g
/// holds the powers of one secret, the same as in s_g2. A larger ceremony is cut down to `k`.
/// # Errors
/// [`KitError::Srs`]
pub fn powers_of_tau_srs(path: &Path, sha256: &[u8; 32], k: u32) -> Result<ParamsKZG<Bn256>, KitError> {
    let refuse = |why: &str| KitError::Srs(format!("{}: {why}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| refuse(&error.to_string()))?;
    if Sha256::digest(&bytes).as_slice() != sha256 {
        return Err(refuse("its sha256 is not the expected one"));
    }
    let mut srs = ParamsKZG::<Bn256>::read_custom(&mut bytes.as_slice(), SerdeFormat::RawBytes)
        .map_err(|error| refuse(&error.to_string()))?;
    if srs.k() < k {
        return Err(refuse(&format!("has 2^{} powers, 2^{k} are needed", srs.k())));
    }
    check_powers(&srs).map_err(refuse)?;
    // Recomputes the Lagrange form from g, so that the file's own need not be believed.
    let (g, g2, s_g2) = (srs.get_g()[..1 << k].to_vec(), srs.g2(), srs.s_g2());
    srs = srs.from_parts(k, g, None, g2, s_g2);
    Ok(srs)
}

fn check_powers(srs: &ParamsKZG<Bn256>) -> Result<(), &'static str> {
    let g = srs.get_g();
    if g[0] != G1Affine::generator() || srs.g2() != G2Affine::generator() {
        return Err("does not start from the generators");
    }
    if bool::from(srs.s_g2().is_identity()) {
        return Err("its secret is zero");
    }
    // A random combination holds for all neighbours at once, except with probability 2^-240.
    let weights: Vec<Fr> = (1..g.len()).map(|_| Fr::random(OsRng)).collect();
    let combined = |points: &[G1Affine]| -> G1Affine { G1::to_affine(&best_multiexp(&weights, points)) };
    if pairing(&combined(&g[1..]), &srs.g2()) != pairing(&combined(&g[..g.len() - 1]), &srs.s_g2()) {
        return Err("is not the powers of one secret");
    }
    Ok(())
}

/// A 32-byte constant of the SRS that stands in the bytecode of each verifier made from it: by it a checker recognises
/// the test SRS. It is the real part of the x coordinate of s·G2.
pub fn srs_marker(srs: &ParamsKZG<Bn256>) -> [u8; 32] {
    let mut bytes = srs.s_g2().x.c0.to_bytes();
    bytes.reverse();
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_of(srs: &ParamsKZG<Bn256>, name: &str) -> (std::path::PathBuf, [u8; 32]) {
        let mut bytes = vec![];
        srs.write_custom(&mut bytes, SerdeFormat::RawBytes).unwrap();
        let path = std::env::temp_dir().join(format!("w3b-srs-{name}-{}", std::process::id()));
        std::fs::write(&path, &bytes).unwrap();
        (path, Sha256::digest(&bytes).into())
    }

    #[test]
    fn a_ceremony_file_is_cut_down_to_the_size_needed() {
        let (path, hash) = file_of(&insecure_test_srs(6), "good");
        let read = powers_of_tau_srs(&path, &hash, 5).unwrap();
        let expected = insecure_test_srs(5);
        assert_eq!(read.k(), 5);
        assert_eq!(read.get_g(), expected.get_g());
        assert_eq!(srs_marker(&read), srs_marker(&expected));
        let (mut read_bytes, mut expected_bytes) = (vec![], vec![]);
        read.write_custom(&mut read_bytes, SerdeFormat::RawBytes).unwrap();
        expected.write_custom(&mut expected_bytes, SerdeFormat::RawBytes).unwrap();
        assert_eq!(read_bytes, expected_bytes);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_file_with_another_hash_or_too_few_powers_is_refused() {
        let (path, hash) = file_of(&insecure_test_srs(4), "small");
        let error = powers_of_tau_srs(&path, &[0; 32], 4).unwrap_err().to_string();
        assert!(error.contains("sha256"), "{error}");
        let error = powers_of_tau_srs(&path, &hash, 5).unwrap_err().to_string();
        assert!(error.contains("2^5 are needed"), "{error}");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn powers_of_another_secret_are_refused() {
        let srs = insecure_test_srs(4);
        let other = ParamsKZG::<Bn256>::setup(4, ChaCha20Rng::from_seed([1; 32]));
        let mut g = srs.get_g().to_vec();
        g[7] = other.get_g()[7];
        let (path, hash) = file_of(&srs.from_parts(4, g, None, srs.g2(), srs.s_g2()), "mixed");
        let error = powers_of_tau_srs(&path, &hash, 4).unwrap_err().to_string();
        assert!(error.contains("powers of one secret"), "{error}");
        std::fs::remove_file(path).unwrap();
    }
}
