/// Bytes of a text of `0x` and two hex digits each; None where it is anything else.
pub fn hex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let digits = text.strip_prefix(b"0x")?;
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    let mut wrong = 0;
    for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
        let (high, low) = (VALUES[usize::from(pair[0])], VALUES[usize::from(pair[1])]);
        wrong |= high | low;
        *byte = high << 4 | low & 0xf;
    }
    (wrong & NONE == 0).then_some(bytes)
}

/// Marks what is no digit.
const NONE: u8 = 0x80;
/// The value of each digit: a table takes half of the cycles that comparisons take.
const VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut value = 0;
    while value < 16 {
        values[b"0123456789abcdef"[value] as usize] = value as u8;
        values[b"0123456789ABCDEF"[value] as usize] = value as u8;
        value += 1;
    }
    values
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_either_case_are_read() {
        assert_eq!(hex(b"0x09afAF"), Some([0x09, 0xaf, 0xaf]));
    }

    #[test]
    fn what_is_not_so_many_digits_is_refused() {
        for text in ["09af", "0x09a", "0x09af0", "0x09ag", "0x 9af", "0X09af", ""] {
            assert_eq!(hex::<2>(text.as_bytes()), None, "{text} was read");
        }
    }
}
