use alloc::vec::Vec;

const BLOCK_WORDS: usize = 16;

/// sha256 of what is appended, which it keeps: the zkVM hashes whole blocks where they lie.
#[derive(Default)]
pub struct Sha256 {
    words: Vec<u32>,
    bytes: usize,
}

impl Sha256 {
    pub fn with_capacity(bytes: usize) -> Self {
        // Room for the padding too: growing would copy.
        Self { words: Vec::with_capacity(bytes / 4 + 2 * BLOCK_WORDS), bytes: 0 }
    }

    pub fn len(&self) -> usize {
        self.bytes
    }

    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: the words hold at least `bytes` initialized bytes, and u8 has no alignment.
        unsafe { core::slice::from_raw_parts(self.words.as_ptr().cast(), self.bytes) }
    }

    pub fn append(&mut self, data: &[u8]) -> &mut Self {
        let end = self.bytes + data.len();
        self.words.resize(end.div_ceil(4), 0);
        self.spare(self.bytes, end).copy_from_slice(data);
        self.bytes = end;
        self
    }

    /// Replaces bytes that were appended.
    pub fn replace(&mut self, at: usize, data: &[u8]) {
        let end = at + data.len();
        assert!(end <= self.bytes, "replacing what was not appended");
        self.spare(at, end).copy_from_slice(data);
    }

    pub fn digest(mut self) -> [u8; 32] {
        let bits = 8 * self.bytes as u64;
        self.append(&[0x80]);
        let blocks = (self.bytes + 8).div_ceil(4 * BLOCK_WORDS);
        self.words.resize(blocks * BLOCK_WORDS, 0);
        let end = 4 * self.words.len();
        self.bytes = end;
        self.replace(end - 8, &bits.to_be_bytes());
        compress(&self.words)
    }

    fn spare(&mut self, from: usize, to: usize) -> &mut [u8] {
        let words = &mut self.words[..to.div_ceil(4)];
        // SAFETY: the words hold at least `to` initialized bytes, and u8 has no alignment.
        let bytes = unsafe { core::slice::from_raw_parts_mut(words.as_mut_ptr().cast::<u8>(), to) };
        &mut bytes[from..]
    }
}

pub fn sha256(data: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::with_capacity(data.len());
    hash.append(data);
    hash.digest()
}

const INITIAL: [u32; 8] =
    [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

/// Hashes whole, padded blocks. In memory the state is the digest's bytes: words, big end first.
#[cfg(target_os = "zkvm")]
fn compress(words: &[u32]) -> [u8; 32] {
    let mut state = INITIAL.map(u32::to_be);
    let blocks = (words.len() / BLOCK_WORDS) as u32;
    let at = &raw mut state;
    // SAFETY: words are aligned, and there are 16 of them for each block.
    unsafe { risc0_zkvm_platform::syscall::sys_sha_buffer(at, at, words.as_ptr().cast(), blocks) };
    // SAFETY: as many bytes, without alignment.
    unsafe { core::mem::transmute(state) }
}

#[cfg(not(target_os = "zkvm"))]
fn compress(words: &[u32]) -> [u8; 32] {
    let mut state = INITIAL;
    for block in words.chunks_exact(BLOCK_WORDS) {
        let mut bytes = [0; 64];
        for (at, word) in block.iter().enumerate() {
            bytes[4 * at..][..4].copy_from_slice(&word.to_ne_bytes());
        }
        sha2::compress256(&mut state, &[bytes.into()]);
    }
    let mut digest = [0; 32];
    for (at, word) in state.iter().enumerate() {
        digest[4 * at..][..4].copy_from_slice(&word.to_be_bytes());
    }
    digest
}
