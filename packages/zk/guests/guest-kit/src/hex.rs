/// Bytes of a text of `0x` and two hex digits each. Panics, naming the field, where it is anything else.
pub fn hex<const N: usize>(text: &[u8], field: &str) -> [u8; N] {
    let digits = text.strip_prefix(b"0x").unwrap_or_default();
    assert!(digits.len() == 2 * N, "{field} has to be 0x and {} hex digits", 2 * N);
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0], field) << 4 | nibble(pair[1], field);
    }
    bytes
}

fn nibble(digit: u8, field: &str) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => panic!("{field} has to be hex digits"),
    }
}
