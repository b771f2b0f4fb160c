use crate::{MAX_RECEIPT_BYTES, RunError};

/// The smallest segments: a guest with std pages in some 25,000 cycles, and one instruction may take as many.
pub const MIN_PO2: u32 = 16;
/// The largest: beyond it a proof grows no faster.
pub const MAX_PO2: u32 = 20;
/// Most segments of a run. A proof may have fewer: [`Limits::receipt_bytes`].
pub const MAX_SEGMENTS: usize = 4096;
/// Most bytes that a guest may commit.
pub const MAX_JOURNAL_BYTES: usize = 1 << 20;

/// Memory of a prover besides its segment: the binary, the program, the receipts.
const BASE_BYTES: u64 = 96 << 20;
/// Measured: 9.14 KB at po2 16, 9.0 at 17, 8.97 at 18, at 20 in all 9,351 MiB of 9,396.
const BYTES_A_ROW: u64 = 9_300;

/// In a receipt, a segment of [`MIN_PO2`]: measured 221 KB, and 282 KB at [`MAX_PO2`].
const RECEIPT_BYTES_A_SEGMENT: u64 = 235_000;
/// What each doubling adds: at most 13.3 KB, and once 23 KB from 16 to 17, where the proof gets another round.
const RECEIPT_BYTES_A_PO2: u64 = 13_000;
/// What else a receipt holds: names, digests, the claims' ends.
const RECEIPT_BASE_BYTES: u64 = 64 << 10;

/// What a run may use.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Of the whole process while it proves. 0: as much as segments of [`MAX_PO2`] need.
    pub memory_bytes: u64,
    /// User cycles. 0: [`Limits::DEFAULT_CYCLES`].
    pub cycles: u64,
    /// Threads that prove. 0: all cores.
    pub threads: usize,
    /// Of a composite receipt. 0: [`MAX_RECEIPT_BYTES`]. What would be larger is executed but not proved.
    pub receipt_bytes: u64,
}

impl Limits {
    pub const DEFAULT_CYCLES: u64 = 1 << 28;

    pub(crate) fn max_cycles(&self) -> u64 {
        if self.cycles == 0 { Self::DEFAULT_CYCLES } else { self.cycles }
    }

    fn max_receipt_bytes(&self) -> u64 {
        if self.receipt_bytes == 0 { MAX_RECEIPT_BYTES as u64 } else { self.receipt_bytes }
    }
}

/// What decides how large a composite receipt is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReceiptShape {
    pub segments: u32,
    /// The largest segment's rows are 2 to this power.
    pub po2: u32,
    /// Receipts of what the guest's accelerators did.
    pub assumptions: usize,
    pub journal_bytes: usize,
}

impl ReceiptShape {
    /// Refuses, before hours go into it, a proof whose receipt would be larger than it may be.
    ///
    /// # Errors
    /// [`RunError::Limit`]
    pub fn check(&self, limits: &Limits) -> Result<(), RunError> {
        let most = self.most_segments(limits.max_receipt_bytes());
        let Self { segments, po2, .. } = *self;
        if u64::from(segments) <= most {
            return Ok(());
        }
        let more = if po2 < MAX_PO2 { " With more memory they are larger and fewer." } else { "" };
        Err(RunError::Limit(format!(
            "The guest takes {segments} segments of 2^{po2} cycles, and the receipt of a proof has room for {most}.{more}"
        )))
    }

    fn most_segments(&self, receipt_bytes: u64) -> u64 {
        // The journal is in the receipt and in the claim of its last segment.
        let beside = RECEIPT_BASE_BYTES + 2 * self.journal_bytes as u64;
        let assumptions = self.assumptions as u64 * receipt_of_segment(MAX_PO2);
        receipt_bytes.saturating_sub(beside + assumptions) / receipt_of_segment(self.po2)
    }
}

/// Most bytes that a segment takes in a composite receipt.
fn receipt_of_segment(po2: u32) -> u64 {
    RECEIPT_BYTES_A_SEGMENT + RECEIPT_BYTES_A_PO2 * u64::from(po2.saturating_sub(MIN_PO2))
}

/// Most memory that proving a segment takes, of the whole process, in bytes.
pub fn memory_of_segment(po2: u32) -> u64 {
    BASE_BYTES + (BYTES_A_ROW << po2)
}

/// The largest segments whose proof stays under a limit of memory.
///
/// # Errors
/// [`RunError::Limit`] where not even the smallest do.
pub fn segment_po2(memory_bytes: u64) -> Result<u32, RunError> {
    if memory_bytes == 0 {
        return Ok(MAX_PO2);
    }
    (MIN_PO2..=MAX_PO2).rev().find(|&po2| memory_of_segment(po2) <= memory_bytes).ok_or_else(|| {
        let (needed, given) = (memory_of_segment(MIN_PO2) >> 20, memory_bytes >> 20);
        RunError::Limit(format!(
            "A RISC Zero proof takes {needed} MiB of memory at least, and the limit is {given} MiB."
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_as_large_as_the_memory_allows() {
        assert_eq!(segment_po2(memory_of_segment(18)).unwrap(), 18);
        assert_eq!(segment_po2(memory_of_segment(18) - 1).unwrap(), 17);
        assert_eq!(segment_po2(4 << 30).unwrap(), 18);
        assert_eq!(segment_po2(u64::MAX).unwrap(), MAX_PO2);
        assert_eq!(segment_po2(0).unwrap(), MAX_PO2);
    }

    #[test]
    fn too_little_memory_is_said_with_what_it_takes() {
        assert_eq!(
            segment_po2(512 << 20).unwrap_err().to_string(),
            "A RISC Zero proof takes 677 MiB of memory at least, and the limit is 512 MiB."
        );
    }

    #[test]
    fn a_receipt_has_room_for_more_segments_the_smaller_they_are() {
        let most =
            |po2| ReceiptShape { segments: 1, po2, assumptions: 0, journal_bytes: 1 << 10 }.most_segments(64 << 20);
        assert_eq!((most(MIN_PO2), most(17), most(18), most(MAX_PO2)), (285, 270, 256, 233));
        assert_eq!(most(13), most(MIN_PO2));
        // Measured at both ends; between them by what the proof system writes.
        for (po2, bytes) in [(16, 221_500), (17, 244_600), (18, 256_300), (19, 268_500), (20, 282_000)] {
            assert!(receipt_of_segment(po2) > bytes, "{po2}");
        }
    }

    #[test]
    fn a_receipt_that_would_be_too_large_is_said_with_its_segments() {
        let limits = Limits { receipt_bytes: 64 << 20, ..Limits::default() };
        let shape = |segments, po2| ReceiptShape { segments, po2, assumptions: 0, journal_bytes: 0 };
        shape(285, 16).check(&limits).unwrap();
        assert_eq!(
            shape(286, 16).check(&limits).unwrap_err().to_string(),
            "The guest takes 286 segments of 2^16 cycles, and the receipt of a proof has room for 285. With more memory they \
             are larger and fewer."
        );
        assert!(shape(234, 20).check(&limits).unwrap_err().to_string().ends_with("has room for 233."));
        let with_keccak = ReceiptShape { assumptions: 1, ..shape(285, 16) };
        assert!(with_keccak.check(&limits).is_err());
        shape(1_000, 16).check(&Limits::default()).unwrap();
    }
}
