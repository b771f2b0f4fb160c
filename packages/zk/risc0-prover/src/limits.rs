use crate::RunError;

/// The smallest segments: a guest with std pages in some 25,000 cycles, and one instruction may take as many.
pub const MIN_PO2: u32 = 16;
/// The largest: beyond it a proof grows no faster.
pub const MAX_PO2: u32 = 20;
/// Most segments of a run.
pub const MAX_SEGMENTS: usize = 4096;

/// Memory of a prover besides its segment: the binary, the program, the receipts.
const BASE_BYTES: u64 = 96 << 20;
/// Measured from po2 16 to 18: 9.14, 9.0 and 8.97 KB.
const BYTES_A_ROW: u64 = 9_300;

/// What a run may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of the whole process while it proves. 0: as much as segments of [`MAX_PO2`] need.
    pub memory_bytes: u64,
    /// User cycles. 0: [`Limits::DEFAULT_CYCLES`].
    pub cycles: u64,
    /// Threads that prove. 0: all cores.
    pub threads: usize,
}

impl Limits {
    pub const DEFAULT_CYCLES: u64 = 1 << 28;

    pub(crate) fn max_cycles(&self) -> u64 {
        if self.cycles == 0 { Self::DEFAULT_CYCLES } else { self.cycles }
    }
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
}
