use bincode::Options;
use risc0_zkvm::{
    Digest, FakeReceipt, Groth16Receipt, Receipt, ReceiptClaim, ReceiptMetadata, SegmentReceipt, SuccinctReceipt,
    Unknown,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Most bytes of a receipt: a composite one takes 221 to 282 KB a segment.
pub const MAX_RECEIPT_BYTES: usize = 256 << 20;

/// A Groth16 proof as a verifier contract takes it, and what it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groth16 {
    /// 4 bytes of selector, 256 of proof.
    pub seal: Vec<u8>,
    pub journal: Vec<u8>,
}

/// A receipt whose assumptions have none of their own.
///
/// [`Receipt`] is recursive and bincode has no bound of depth, so that a few bytes a level would overflow the stack: this
/// shape is decoded first.
#[derive(Deserialize)]
struct Flat {
    #[allow(dead_code)]
    inner: FlatInner,
    #[allow(dead_code)]
    journal: Vec<u8>,
    #[allow(dead_code)]
    metadata: ReceiptMetadata,
}

#[derive(Deserialize)]
#[allow(dead_code)]
enum FlatInner {
    Composite(FlatComposite),
    Succinct(SuccinctReceipt<ReceiptClaim>),
    Groth16(Groth16Receipt<ReceiptClaim>),
    Fake(FakeReceipt<ReceiptClaim>),
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct FlatComposite {
    segments: Vec<SegmentReceipt>,
    assumption_receipts: Vec<FlatAssumption>,
    verifier_parameters: Digest,
}

#[derive(Deserialize)]
#[allow(dead_code)]
enum FlatAssumption {
    Composite(Nested),
    Succinct(SuccinctReceipt<Unknown>),
    Groth16(Groth16Receipt<Unknown>),
    Fake(FakeReceipt<Unknown>),
}

/// Never decodes.
struct Nested;

impl<'de> Deserialize<'de> for Nested {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("composite receipts inside composite receipts are not accepted"))
    }
}

/// Reads a receipt from bincode, all of it, within bounds of size and depth.
pub(crate) fn decode(bytes: &[u8]) -> Result<Receipt, String> {
    if bytes.len() > MAX_RECEIPT_BYTES {
        return Err(format!("the receipt has {} bytes, and {MAX_RECEIPT_BYTES} are allowed", bytes.len()));
    }
    bounded::<Flat>(bytes)?;
    bounded(bytes)
}

fn bounded<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    // As `bincode::deserialize` reads, but with a limit and without trailing bytes.
    let options = bincode::DefaultOptions::new().with_fixint_encoding().with_limit(MAX_RECEIPT_BYTES as u64);
    options.deserialize(bytes).map_err(|error| format!("it is not a receipt of RISC Zero 3.0: {error}"))
}
