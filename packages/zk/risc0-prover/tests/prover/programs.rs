use risc0_prover::{Limits, Program, RunError, execute};

use crate::guests::{elf, image_id, program};

fn words(id: &[u8; 32]) -> String {
    let words: Vec<String> =
        id.chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap()).to_string()).collect();
    format!("[{}]", words.join(", "))
}

fn methods(elf: &[u8], id: &[u8; 32]) -> String {
    let bytes: Vec<String> = elf.iter().map(u8::to_string).collect();
    format!("pub const ECHO_ELF: &[u8] = &[{}];\npub const ECHO_ID: [u32; 8] = {};", bytes.join(","), words(id))
}

#[test]
fn an_elf_a_program_binary_and_a_methods_text_are_the_same_program() {
    let program = program("echo");
    assert_eq!(format!("0x{}", hex::encode(program.image_id)), image_id("echo"));
    assert_eq!(Program::read(&program.binary, "").unwrap(), program);
    let text = methods(&elf("echo"), &program.image_id);
    assert_eq!(Program::read(text.as_bytes(), r#"{"image_id":"ECHO_ID","elf":"ECHO_ELF"}"#).unwrap(), program);
    assert_eq!(Program::read(text.as_bytes(), "").unwrap(), program);
    let wrapped = methods(&program.binary, &program.image_id);
    assert_eq!(Program::read(wrapped.as_bytes(), "").unwrap(), program);
    let named = format!(r#"{{"image_id":"{}"}}"#, image_id("echo"));
    assert_eq!(Program::read(&elf("echo"), &named).unwrap(), program);
}

#[test]
fn another_image_id_than_the_claimed_one_is_refused_with_both() {
    let program = program("echo");
    let mut id = program.image_id;
    id[0] ^= 1;
    let error = Program::read(methods(&elf("echo"), &id).as_bytes(), "").unwrap_err();
    let expected =
        format!("The program's image id is 0x{}, and 0x{} is claimed.", hex::encode(program.image_id), hex::encode(id));
    assert_eq!(error, RunError::Program(expected));
}

#[test]
fn what_is_no_program_is_refused_with_its_reason() {
    let said = |code: &[u8], param: &str| match Program::read(code, param).unwrap_err() {
        RunError::Program(text) => text,
        other => panic!("{other:?}"),
    };
    assert!(said(b"", "").contains("no constant whose name ends in _ELF"));
    assert!(said(&[0xff, 0xfe], "").contains("neither an ELF"));
    assert!(said(b"\x7fELF", "").contains("malformed"));
    assert!(said(b"R0BF", "").contains("Malformed"));
    assert!(said(&elf("echo"), "ECHO_ELF").contains("codeExpParam is not JSON"));
    assert!(said(&elf("echo"), r#"{"image_id":"ECHO_ID"}"#).contains("not 32 bytes in hex"));
    assert!(said(&vec![0; 97 << 20], "").contains("are allowed"));
}

#[test]
fn memory_that_an_elf_asks_for_is_bounded() {
    let mut large = elf("loops");
    // p_memsz of each program header.
    let headers = u32::from_le_bytes(large[28..32].try_into().unwrap()) as usize;
    let count = u16::from_le_bytes(large[44..46].try_into().unwrap()) as usize;
    for header in 0..count {
        let at = headers + 32 * header + 20;
        large[at..at + 4].copy_from_slice(&0xb000_0000u32.to_le_bytes());
    }
    assert!(Program::read(&large, "").unwrap_err().to_string().contains("fills more than"));
}

/// Numbers that look random and are the same each time (Steele, Lea and Flood: SplitMix64).
fn random(seed: u64) -> impl Iterator<Item = u64> {
    (1..).map(move |turn: u64| {
        let mut z = seed.wrapping_add(turn.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}

#[test]
fn cut_and_changed_programs_end_in_errors() {
    let limits = Limits { cycles: 5_000, ..crate::guests::LIMITS };
    let whole = elf("silent");
    let wrapped = program("silent").binary;
    let mut variants: Vec<Vec<u8>> = Vec::new();
    variants.extend((0..whole.len()).step_by(487).map(|length| whole[..length].to_vec()));
    variants.extend((0..wrapped.len()).step_by(1511).map(|length| wrapped[..length].to_vec()));
    let mut change = |program: &[u8], at: usize, flip: u8| {
        let mut changed = program.to_vec();
        changed[at] ^= flip;
        variants.push(changed);
    };
    // Each byte of the headers, and some of what is behind them.
    (0..148).for_each(|at| change(&whole, at, 0xff));
    (0..40).for_each(|at| change(&wrapped, at, 0xff));
    random(5).take(40).for_each(|r| change(&whole, r as usize % whole.len(), (r >> 56) as u8 | 1));
    let mut ran = 0;
    for variant in &variants {
        if let Ok(program) = Program::read(variant, "") {
            ran += 1;
            // Whatever it does now, it comes back.
            let _ = execute(&program, &["[]".into()], &limits);
        }
    }
    assert!(ran > 0 && ran < variants.len(), "{ran} of {} ran", variants.len());
}
