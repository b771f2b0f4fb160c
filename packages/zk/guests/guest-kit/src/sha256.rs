use alloc::vec::Vec;

const BLOCK: usize = 64;

pub fn sha256(data: &[u8]) -> [u8; 32] {
    let mut padded = Vec::with_capacity(data.len() + 2 * BLOCK);
    padded.extend_from_slice(data);
    sha256_of(&mut padded)
}

/// sha256 of what a buffer holds, which is hashed where it lies: best with room for the padding, at most 72 bytes.
pub fn sha256_of(data: &mut Vec<u8>) -> [u8; 32] {
    let length = data.len();
    data.push(0x80);
    data.resize((length + 1 + 8).next_multiple_of(BLOCK) - 8, 0);
    data.extend_from_slice(&(8 * length as u64).to_be_bytes());
    let digest = hash_blocks(data);
    data.truncate(length);
    digest
}

const INITIAL: [u32; 8] =
    [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

/// Hashes whole, padded blocks. In memory the state is the digest's bytes: words, big end first.
#[cfg(target_os = "zkvm")]
fn hash_blocks(blocks: &[u8]) -> [u8; 32] {
    // The platform's allocator aligns everything to words.
    assert!(blocks.as_ptr().cast::<u32>().is_aligned() && blocks.len() % BLOCK == 0);
    let mut state = INITIAL.map(u32::to_be);
    let at = &raw mut state;
    // SAFETY: aligned, and as many bytes as the count of blocks says.
    unsafe {
        risc0_zkvm_platform::syscall::sys_sha_buffer(at, at, blocks.as_ptr(), (blocks.len() / BLOCK) as u32);
        core::mem::transmute(state)
    }
}

#[cfg(not(target_os = "zkvm"))]
fn hash_blocks(blocks: &[u8]) -> [u8; 32] {
    let mut state = INITIAL;
    for block in blocks.as_chunks::<BLOCK>().0 {
        sha2::compress256(&mut state, &[(*block).into()]);
    }
    let mut digest = [0; 32];
    for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    digest
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    #[test]
    fn every_length_is_padded() {
        for length in 0..200 {
            let data = vec![length as u8; length];
            assert_eq!(sha256(&data)[..], Sha256::digest(&data)[..], "{length} bytes");
        }
    }

    #[test]
    fn the_buffer_is_kept() {
        let mut data = b"abc".to_vec();
        sha256_of(&mut data);
        assert_eq!(data, b"abc");
    }
}
