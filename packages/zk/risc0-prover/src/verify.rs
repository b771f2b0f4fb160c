use risc0_binfmt::Digestible;
use risc0_zkvm::{
    Groth16Receipt, Groth16ReceiptVerifierParameters, InnerReceipt, MaybePruned, ReceiptClaim, VerifierContext, sha,
};

use crate::receipt::decode;

/// First bytes of a Groth16 proof of RISC Zero 3.0: of the digest of control root, control id and verifying key.
pub const SELECTOR: [u8; 4] = [0x73, 0xc4, 0x57, 0xba];
pub(crate) const PROOF_BYTES: usize = 256;

/// What a proof is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A receipt in bincode.
    Composite,
    /// Selector and proof as a verifier contract takes them.
    Groth16,
}

impl Kind {
    /// Its name in the runtime's protocol.
    pub fn name(self) -> &'static str {
        match self {
            Self::Composite => "composite",
            Self::Groth16 => "groth16",
        }
    }

    /// The kind of a name in the runtime's protocol.
    pub fn of(name: &str) -> Option<Kind> {
        [Self::Composite, Self::Groth16].into_iter().find(|kind| kind.name() == name)
    }
}

/// What a proof that holds shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What the guest committed.
    pub journal: Vec<u8>,
}

/// Checks that a program with this image id ended well and committed this journal.
///
/// Receipts of dev mode are refused whatever the environment says.
/// @param journal what it must have committed; a composite receipt carries its own, and without one here that is returned
///
/// # Errors
/// Why it does not hold.
pub fn verify(kind: Kind, proof: &[u8], image_id: &[u8; 32], journal: Option<&[u8]>) -> Result<Verified, String> {
    match kind {
        Kind::Composite => verify_receipt(proof, image_id, journal),
        Kind::Groth16 => {
            let journal = journal.ok_or("a Groth16 proof does not carry its journal, and none was given")?;
            verify_groth16(proof, image_id, journal)?;
            Ok(Verified { journal: journal.to_vec() })
        }
    }
}

fn verify_receipt(proof: &[u8], image_id: &[u8; 32], journal: Option<&[u8]>) -> Result<Verified, String> {
    let receipt = decode(proof)?;
    if matches!(receipt.inner, InnerReceipt::Fake(_)) {
        return Err("it is a receipt of dev mode, which proves nothing".into());
    }
    receipt.verify_with_context(&context(), *image_id).map_err(|error| {
        let of = receipt.claim().ok().and_then(|claim| Some(claim.as_value().ok()?.pre.digest::<sha::Impl>()));
        match of.filter(|of| of.as_bytes() != image_id) {
            Some(of) => format!("it is of another program: its image id is 0x{of}"),
            None => error.to_string(),
        }
    })?;
    if journal.is_some_and(|journal| journal != receipt.journal.bytes) {
        return Err("it is of another journal".into());
    }
    Ok(Verified { journal: receipt.journal.bytes })
}

fn verify_groth16(proof: &[u8], image_id: &[u8; 32], journal: &[u8]) -> Result<(), String> {
    let length = SELECTOR.len() + PROOF_BYTES;
    if proof.len() != length {
        return Err(format!("a Groth16 proof has {length} bytes, and this one {}", proof.len()));
    }
    let (selector, seal) = proof.split_at(SELECTOR.len());
    if selector == [0xff; 4] {
        return Err("its selector is that of fake proofs of dev mode".into());
    }
    if selector != SELECTOR {
        let (is, known) = (hex::encode(selector), hex::encode(SELECTOR));
        return Err(format!("its selector is 0x{is}, and RISC Zero 3.0's Groth16 verifier has 0x{known}"));
    }
    let journal = *<sha::Impl as sha::Sha256>::hash_bytes(journal);
    let claim = ReceiptClaim::ok(*image_id, MaybePruned::Pruned(journal));
    let claim = MaybePruned::Pruned(claim.digest::<sha::Impl>());
    let parameters = Groth16ReceiptVerifierParameters::default().digest::<sha::Impl>();
    Groth16Receipt::<ReceiptClaim>::new(seal.to_vec(), claim, parameters)
        .verify_integrity_with_context(&context())
        .map_err(|_| "it is not a proof of this program and journal".into())
}

/// What receipts are verified with: built without a look at the environment, which `VerifierContext::default` takes.
pub(crate) fn context() -> VerifierContext {
    VerifierContext::empty()
        .with_suites(VerifierContext::default_hash_suites())
        .with_segment_verifier_parameters(Default::default())
        .with_succinct_verifier_parameters(Default::default())
        .with_groth16_verifier_parameters(Default::default())
        .with_dev_mode(false)
}
