use crate::KitError;
use halo2_base::halo2_proofs::{
    arithmetic::{best_multiexp, parallelize},
    halo2curves::{
        bn256::{Bn256, Fr, G1, G1Affine, G2Affine, pairing},
        ff::{BatchInvert, Field, PrimeField},
        group::{Curve, Group, GroupEncoding, prime::PrimeCurveAffine},
        serde::SerdeObject,
    },
    poly::kzg::commitment::ParamsKZG,
};
use rand::{SeedableRng, rngs::OsRng};
use rand_chacha::ChaCha20Rng;
use sha2::{Digest, Sha256};
use std::{
    env,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// Where keys get their SRS from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Srs {
    /// The one of [`insecure_test_srs`].
    InsecureTest,
    /// A ceremony's file, as [`powers_of_tau_srs`] reads it, and its sha256.
    Ceremony { path: PathBuf, sha256: [u8; 32] },
}

impl Srs {
    /// As `W3B_SRS` (a path) and `W3B_SRS_SHA256` (64 hex digits) in the environment name it, the insecure one without
    /// them.
    /// # Errors
    /// [`KitError::Srs`] when there is a path and no hash.
    pub fn from_env() -> Result<Self, KitError> {
        let Some(path) = env::var_os("W3B_SRS") else { return Ok(Srs::InsecureTest) };
        let refuse = || KitError::Srs("W3B_SRS needs W3B_SRS_SHA256, 64 hex digits".into());
        let text = env::var("W3B_SRS_SHA256").map_err(|_| refuse())?;
        let mut sha256 = [0; 32];
        hex::decode_to_slice(text.trim_start_matches("0x"), &mut sha256).map_err(|_| refuse())?;
        Ok(Srs::Ceremony { path: path.into(), sha256 })
    }

    /// The first 2^k powers.
    /// # Errors
    /// [`KitError::Srs`]
    pub fn read(&self, k: u32) -> Result<ParamsKZG<Bn256>, KitError> {
        match self {
            Srs::InsecureTest => Ok(insecure_test_srs(k)),
            Srs::Ceremony { path, sha256 } => powers_of_tau_srs(path, sha256, k),
        }
    }
}

/// An SRS whose secret anyone can compute: whoever wants to forges proofs. For tests and local chains only.
///
/// The same as halo2's own setup from this seed gives, some ten times as fast: the generator's multiples are tabulated.
pub fn insecure_test_srs(k: u32) -> ParamsKZG<Bn256> {
    let rng = || ChaCha20Rng::from_seed(*b"w3bstream INSECURE TEST-ONLY srs");
    let (secret, n) = (Fr::random(rng()), 1usize << k);
    let multiples = Multiples::of_generator((k as usize).clamp(4, 13));

    let powers: Vec<Fr> = std::iter::successors(Some(Fr::ONE), |power| Some(power * secret)).take(n).collect();
    let root = (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square());
    let roots: Vec<Fr> = std::iter::successors(Some(Fr::ONE), |power| Some(power * root)).take(n).collect();
    // The i-th Lagrange polynomial at the secret: (s^n - 1) / n x w^i / (s - w^i).
    let mut lagrange: Vec<Fr> = roots.iter().map(|root| (secret - root) * Fr::from(n as u64)).collect();
    lagrange.iter_mut().batch_invert();
    let shared = secret.pow_vartime([n as u64]) - Fr::ONE;
    lagrange.iter_mut().zip(&roots).for_each(|(value, root)| *value *= shared * root);

    let g2 = <G2Affine as PrimeCurveAffine>::generator();
    ParamsKZG::setup(1, rng()).from_parts(
        k,
        multiples.times(&powers),
        Some(multiples.times(&lagrange)),
        g2,
        (g2 * secret).to_affine(),
    )
}

/// Whether a verifying key's bytes, as [`crate::VerifyingKey::encode`] writes them, are of [`insecure_test_srs`].
pub fn is_insecure_key(verifying_key: &[u8]) -> bool {
    static POINT: LazyLock<Vec<u8>> = LazyLock::new(|| insecure_test_srs(1).s_g2().to_bytes().as_ref().to_vec());
    verifying_key.starts_with(&POINT)
}

/// The generator of G1 times every value of every window of a scalar.
struct Multiples {
    bits: usize,
    windows: Vec<Vec<G1Affine>>,
}

impl Multiples {
    fn of_generator(bits: usize) -> Self {
        let mut base = G1::generator();
        let windows = (0..(Fr::NUM_BITS as usize).div_ceil(bits))
            .map(|_| {
                let mut row = Vec::with_capacity(1 << bits);
                let mut multiple = G1::identity();
                for _ in 0..1 << bits {
                    row.push(multiple);
                    multiple += base;
                }
                base = multiple;
                affine(&row)
            })
            .collect();
        Multiples { bits, windows }
    }

    fn times(&self, scalars: &[Fr]) -> Vec<G1Affine> {
        let mut products = vec![G1Affine::identity(); scalars.len()];
        parallelize(&mut products, |products, start| {
            let scalars = &scalars[start..start + products.len()];
            let sums: Vec<G1> = scalars.iter().map(|scalar| self.multiple(scalar)).collect();
            G1::batch_normalize(&sums, products);
        });
        products
    }

    fn multiple(&self, scalar: &Fr) -> G1 {
        let bytes = scalar.to_bytes();
        let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| usize::from(byte >> (at % 8) & 1));
        let digit = |window: usize| (0..self.bits).fold(0, |digit, i| digit | bit(window * self.bits + i) << i);
        let windows = self.windows.iter().enumerate();
        windows.fold(G1::identity(), |sum, (window, row)| match digit(window) {
            0 => sum,
            digit => sum + row[digit],
        })
    }
}

fn affine(points: &[G1]) -> Vec<G1Affine> {
    let mut affine = vec![G1Affine::identity(); points.len()];
    G1::batch_normalize(points, &mut affine);
    affine
}

/// Reads an SRS of the Perpetual Powers of Tau ceremony: k (u32, little end first), g, g_lagrange, g2, s_g2, points
/// uncompressed in Montgomery form, as halo2 writes its raw parameters.
///
/// The file's sha256 must be the expected one. Of a larger ceremony the first 2^k powers are taken, and no more is held
/// in memory: they and s_g2 must lie on their curves, and pairings must show that they are the powers of one secret,
/// the same as in s_g2.
/// # Errors
/// [`KitError::Srs`]
pub fn powers_of_tau_srs(path: &Path, sha256: &[u8; 32], k: u32) -> Result<ParamsKZG<Bn256>, KitError> {
    let refuse = |why: &str| KitError::Srs(format!("{}: {why}", path.display()));
    let unreadable = |error: io::Error| refuse(&error.to_string());
    let parts = Parts::read(File::open(path).map_err(unreadable)?, k).map_err(unreadable)?;
    if parts.sha256 != *sha256 {
        return Err(refuse("its sha256 is not the expected one"));
    }
    let mut points = parts.points.as_slice();
    let mut point = || G2Affine::read_raw(&mut points).map_err(unreadable);
    let (g2, s_g2) = (point()?, point()?);
    if parts.k < k {
        return Err(refuse(&format!("has 2^{} powers, 2^{k} are needed", parts.k)));
    }
    let mut powers = parts.powers.as_slice();
    let g =
        (0..1u64 << k).map(|_| G1Affine::read_raw(&mut powers)).collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    check_powers(&g, g2, s_g2).map_err(refuse)?;
    // Computes the Lagrange form from g, so that the file's own need not be believed.
    Ok(ParamsKZG::setup(1, OsRng).from_parts(k, g, None, g2, s_g2))
}

/// What is used of a ceremony's file. Parts that the file is too short for are shorter too.
struct Parts {
    sha256: [u8; 32],
    k: u32,
    powers: Vec<u8>,
    /// g2 and s_g2.
    points: Vec<u8>,
}

impl Parts {
    const G1_BYTES: u64 = 64;
    const G2_BYTES: u64 = 128;

    fn read(file: impl Read, k: u32) -> io::Result<Self> {
        let mut file = Hashed { file, hash: Sha256::new() };
        let mut take = |bytes: u64| {
            let mut part = vec![];
            file.by_ref().take(bytes).read_to_end(&mut part).map(|_| part)
        };
        let header = take(4)?;
        let has = header.try_into().map_or(0, u32::from_le_bytes);
        // No file has 2^40 powers.
        let all = 1u64 << has.min(40);
        let powers = take(Self::G1_BYTES * all.min(1 << k))?;
        let others = 2 * Self::G1_BYTES * all - powers.len() as u64;
        io::copy(&mut file.by_ref().take(others), &mut io::sink())?;
        let mut points = vec![];
        file.by_ref().take(2 * Self::G2_BYTES).read_to_end(&mut points)?;
        io::copy(&mut file, &mut io::sink())?;
        Ok(Self { sha256: file.hash.finalize().into(), k: has, powers, points })
    }
}

/// A file that is hashed while it is read.
struct Hashed<F> {
    file: F,
    hash: Sha256,
}

impl<F: Read> Read for Hashed<F> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(bytes)?;
        self.hash.update(&bytes[..read]);
        Ok(read)
    }
}

fn check_powers(g: &[G1Affine], g2: G2Affine, s_g2: G2Affine) -> Result<(), &'static str> {
    if g[0] != G1Affine::generator() || g2 != G2Affine::generator() {
        return Err("does not start from the generators");
    }
    if bool::from(s_g2.is_identity()) {
        return Err("its secret is zero");
    }
    // A random combination holds for all neighbours at once, except with probability 2^-240.
    let weights: Vec<Fr> = (1..g.len()).map(|_| Fr::random(OsRng)).collect();
    let combined = |points: &[G1Affine]| -> G1Affine { G1::to_affine(&best_multiexp(&weights, points)) };
    if pairing(&combined(&g[1..]), &g2) != pairing(&combined(&g[..g.len() - 1]), &s_g2) {
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
    use halo2_base::halo2_proofs::{
        SerdeFormat,
        poly::commitment::{Params, ParamsProver},
    };

    fn file_of(srs: &ParamsKZG<Bn256>, name: &str) -> (std::path::PathBuf, [u8; 32]) {
        let mut bytes = vec![];
        srs.write_custom(&mut bytes, SerdeFormat::RawBytes).unwrap();
        let path = std::env::temp_dir().join(format!("w3b-srs-{name}-{}", std::process::id()));
        std::fs::write(&path, &bytes).unwrap();
        (path, Sha256::digest(&bytes).into())
    }

    #[test]
    fn the_test_srs_is_what_halo2_sets_up() {
        for k in [1, 5] {
            let bytes = |srs: ParamsKZG<Bn256>| {
                let mut bytes = vec![];
                srs.write_custom(&mut bytes, SerdeFormat::RawBytes).unwrap();
                bytes
            };
            let slow = ParamsKZG::setup(k, ChaCha20Rng::from_seed(*b"w3bstream INSECURE TEST-ONLY srs"));
            assert_eq!(bytes(insecure_test_srs(k)), bytes(slow));
        }
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

    #[test]
    fn what_lies_beyond_the_powers_needed_is_only_hashed() {
        let srs = insecure_test_srs(6);
        let mut bytes = vec![];
        srs.write_custom(&mut bytes, SerdeFormat::RawBytes).unwrap();
        let after_powers = 4 + 64 * 32;
        let points = 4 + 2 * 64 * 64;
        bytes[after_powers..points].fill(0xff);
        bytes.extend([7; 100]);
        let path = std::env::temp_dir().join(format!("w3b-srs-beyond-{}", std::process::id()));
        let read = |bytes: &[u8], k: u32| {
            std::fs::write(&path, bytes).unwrap();
            powers_of_tau_srs(&path, &Sha256::digest(bytes).into(), k).map_err(|error| error.to_string())
        };
        assert_eq!(read(&bytes, 5).unwrap().get_g(), insecure_test_srs(5).get_g());
        assert!(read(&bytes, 6).is_err());
        for length in [0, 3, 4, 500, after_powers, points, points + 255] {
            let error = read(&bytes[..length], 5).unwrap_err();
            assert!(error.ends_with("failed to fill whole buffer"), "{length}: {error}");
        }
        std::fs::remove_file(path).unwrap();
    }
}
