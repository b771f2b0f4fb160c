use std::panic::{AssertUnwindSafe, catch_unwind};

use elf::ElfBytes;
use elf::abi::{PF_X, PT_LOAD};
use elf::endian::LittleEndian;
use risc0_binfmt::ProgramBinary;
use risc0_zkos_v1compat::V1COMPAT_ELF;
use serde::Deserialize;

use crate::RunError;
use crate::methods_text::MethodsText;
use crate::older_guest::{calls_as_before_2_0, older_image_id, refusal};

/// Most bytes of an ELF, and of the memory that it fills before it starts.
const MAX_ELF_BYTES: usize = 16 << 20;
/// Most bytes of a program as it is given: six of text for each of the ELF.
const MAX_CODE_BYTES: usize = 6 * MAX_ELF_BYTES;

/// A guest that can be run: a RISC Zero program binary (guest and kernel) and its image id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    pub binary: Vec<u8>,
    pub image_id: [u8; 32],
}

/// `codeExpParam` of a project file: names of a `methods.rs`'s constants, or the image id itself in hex.
#[derive(Default, Deserialize)]
struct ExpParam {
    image_id: Option<String>,
    elf: Option<String>,
}

impl Program {
    /// Reads a program: the text of a `methods.rs`, a guest's plain ELF, or a program binary.
    ///
    /// @param exp_param `{"image_id":"X_ID","elf":"X_ELF"}`, names of constants; with an ELF or a binary `image_id` may
    ///   be the id in hex; "" where the project file has none
    ///
    /// # Errors
    /// [`RunError::Program`]: it is malformed or too large, its image id is not the one claimed, or it is a guest of
    /// RISC Zero before 2.0.
    pub fn read(code: &[u8], exp_param: &str) -> Result<Program, RunError> {
        if code.len() > MAX_CODE_BYTES {
            return Err(refuse(format!("it has {} bytes, and {MAX_CODE_BYTES} are allowed", code.len())));
        }
        let names = read_names(exp_param)?;
        if is_binary(code) {
            let claimed = names.image_id.as_deref().map(hex_image_id).transpose()?;
            return from_binary(code, claimed);
        }
        let text = std::str::from_utf8(code)
            .map_err(|_| refuse("it is neither an ELF, a program binary nor the text of a methods.rs".into()))?;
        let text = MethodsText::new(text);
        let elf_name = names.elf.as_deref().map_or_else(|| text.only("_ELF"), Ok)?;
        let id_name = names.image_id.as_deref().map_or_else(|| text.only("_ID"), Ok)?;
        from_binary(&text.bytes(elf_name, MAX_ELF_BYTES)?, Some(text.image_id(id_name)?))
    }
}

fn read_names(exp_param: &str) -> Result<ExpParam, RunError> {
    if exp_param.trim().is_empty() {
        return Ok(ExpParam::default());
    }
    serde_json::from_str(exp_param)
        .map_err(|_| refuse(r#"its codeExpParam is not JSON such as {"image_id":"X_ID","elf":"X_ELF"}"#.into()))
}

fn is_binary(code: &[u8]) -> bool {
    code.starts_with(b"\x7fELF") || code.starts_with(b"R0BF")
}

fn hex_image_id(text: &str) -> Result<[u8; 32], RunError> {
    let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text)).ok();
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| refuse("codeExpParam's image_id is not 32 bytes in hex".into()))
}

fn from_binary(code: &[u8], claimed: Option<[u8; 32]>) -> Result<Program, RunError> {
    let binary = if code.starts_with(b"R0BF") {
        ProgramBinary::decode(code).map_err(|error| refuse(format!("{error:#}")))?
    } else {
        ProgramBinary::new(code, V1COMPAT_ELF)
    };
    let guest = GuestElf::parse(binary.user_elf)?;
    GuestElf::parse(binary.kernel_elf)?;
    // A malformed program must not take the process with it: the loader is not ours.
    let image_id = catch_unwind(AssertUnwindSafe(|| binary.compute_image_id()))
        .map_err(|_| refuse("the loader cannot place it in memory".into()))?
        .map_err(|error| refuse(format!("{error:#}")))?;
    let image_id = <[u8; 32]>::from(image_id);
    if claimed.is_some_and(|claimed| claimed != image_id && claimed == older_image_id(&guest)) {
        return Err(refusal("its image id is of the older kind"));
    }
    if calls_as_before_2_0(&guest) {
        return Err(refusal("it calls its host in the older way"));
    }
    if let Some(claimed) = claimed.filter(|claimed| *claimed != image_id) {
        return Err(RunError::Program(format!(
            "The program's image id is {}, and {} is claimed.",
            show(&image_id),
            show(&claimed)
        )));
    }
    Ok(Program { binary: binary.encode(), image_id })
}

fn show(id: &[u8; 32]) -> String {
    format!("0x{}", hex::encode(id))
}

fn refuse(why: String) -> RunError {
    RunError::Program(format!("The program cannot be read: {why}."))
}

/// An ELF whose segments have been checked to lie inside the file and inside bounds of memory.
pub(crate) struct GuestElf<'a> {
    pub entry: u32,
    segments: Vec<Segment<'a>>,
}

struct Segment<'a> {
    address: u32,
    bytes: &'a [u8],
    executable: bool,
}

impl<'a> GuestElf<'a> {
    /// # Errors
    /// [`RunError::Program`]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, RunError> {
        if bytes.len() > MAX_ELF_BYTES {
            return Err(refuse(format!("its ELF has {} bytes, and {MAX_ELF_BYTES} are allowed", bytes.len())));
        }
        let malformed = |what: &str| refuse(format!("its ELF is malformed: {what}"));
        let file = ElfBytes::<LittleEndian>::minimal_parse(bytes).map_err(|error| malformed(&error.to_string()))?;
        let headers = file.segments().ok_or_else(|| malformed("it has no segments"))?;
        let entry = u32::try_from(file.ehdr.e_entry).map_err(|_| malformed("its entry point"))?;
        let mut memory = 0u64;
        let mut segments = Vec::new();
        for header in headers.iter().filter(|header| header.p_type == PT_LOAD) {
            memory = memory.saturating_add(header.p_memsz);
            if memory > MAX_ELF_BYTES as u64 {
                return Err(refuse(format!("it fills more than {MAX_ELF_BYTES} bytes of memory before it starts")));
            }
            let address = u32::try_from(header.p_vaddr).ok().filter(|address| address % 4 == 0);
            let address = address.ok_or_else(|| malformed("a segment's address"))?;
            let start = usize::try_from(header.p_offset).map_err(|_| malformed("a segment's place"))?;
            let length = header.p_filesz.min(header.p_memsz) as usize;
            let end = start.checked_add(length).filter(|&end| end <= bytes.len());
            let end = end.ok_or_else(|| malformed("a segment ends behind the file"))?;
            let executable = header.p_flags & PF_X != 0;
            segments.push(Segment { address, bytes: &bytes[start..end], executable });
        }
        Ok(Self { entry, segments })
    }

    /// Addresses and words of what is loaded.
    pub fn words(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.segments.iter().flat_map(|segment| {
            words(segment.bytes).zip(0u32..).map(|(word, index)| (segment.address.wrapping_add(4 * index), word))
        })
    }

    /// The instructions of each executable segment.
    pub fn code(&self) -> impl Iterator<Item = impl Iterator<Item = u32> + '_> + '_ {
        self.segments.iter().filter(|segment| segment.executable).map(|segment| words(segment.bytes))
    }
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes.chunks(4).map(|chunk| {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        u32::from_le_bytes(word)
    })
}
