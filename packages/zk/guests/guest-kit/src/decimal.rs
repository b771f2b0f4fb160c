use crate::json::is_number;

/// A JSON number's source text times 10^scale, exact: `12.80` at scale 1 is 128, `1.28e1` too, and `12.85` is refused.
///
/// The error is what is wrong: the text is no JSON number, has more decimal places than the scale, or more than 18 digits.
pub fn scaled_integer(text: &[u8], scale: i32) -> Result<i64, &'static str> {
    if !is_number(text) {
        return Err("has to be a JSON number");
    }
    let (mut value, mut digits, mut zeros, mut places) = (0i64, 0, 0, 0);
    let mut negative = false;
    let mut in_fraction = false;
    let mut exponent = 0i32;
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            b'-' => negative = true,
            b'.' => in_fraction = true,
            b'e' | b'E' => {
                exponent = read_exponent(&text[at + 1..]);
                break;
            }
            _ => {
                places += in_fraction as i32;
                // Zeros count once a digit follows them.
                if byte == b'0' {
                    zeros += 1;
                } else {
                    value = append_zeros(value, &mut digits, zeros + 1)? + i64::from(byte - b'0');
                    zeros = 0;
                }
            }
        }
    }
    if value == 0 {
        return Ok(0);
    }
    let shift = exponent.saturating_add(scale).saturating_add(zeros).saturating_sub(places);
    if shift < 0 {
        return Err("has more decimal places than its project takes");
    }
    let value = append_zeros(value, &mut digits, shift)?;
    Ok(if negative { -value } else { value })
}

fn append_zeros(value: i64, digits: &mut i32, count: i32) -> Result<i64, &'static str> {
    if value == 0 {
        *digits = 1;
        return Ok(0);
    }
    *digits = digits.saturating_add(count);
    if *digits > 18 {
        return Err("is too large");
    }
    Ok((0..count).fold(value, |value, _| value * 10))
}

/// Saturates: nothing but zero can be taken so far.
fn read_exponent(text: &[u8]) -> i32 {
    let digits = text.iter().filter(|byte| byte.is_ascii_digit());
    let size = digits.fold(0i32, |size, &digit| size.saturating_mul(10).saturating_add(i32::from(digit - b'0')));
    let size = size.min(1 << 24);
    if text.first() == Some(&b'-') { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact() {
        let numbers = [
            ("12.8", 1, 128),
            ("12.80", 1, 128),
            ("1.28e1", 1, 128),
            ("1280e-2", 1, 128),
            ("-0.1", 1, -1),
            ("0", 1, 0),
            ("-0.0", 1, 0),
            ("0e999999999999", 1, 0),
            ("100", 1, 1000),
            ("1e2", 1, 1000),
            ("0.000", 1, 0),
            ("0.10", 1, 1),
            ("1002.0", 1, 10020),
            ("99999999999999999.9", 1, 999999999999999999),
            ("-40", 1, -400),
            ("1790000000", 0, 1790000000),
            ("0.00e5", 1, 0),
            ("0.001e2", 1, 1),
            ("10.010", 3, 10010),
        ];
        for (text, scale, value) in numbers {
            assert_eq!(scaled_integer(text.as_bytes(), scale), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_is_not_exact_or_no_number_is_refused() {
        for text in [
            "12.85",
            "1e-2",
            "1e18",
            "1e99999999999",
            "1e-99999999999",
            "1234567890123456789",
            "\"1\"",
            "null",
            "0x1",
            "1.",
            "",
            "--1",
            "1e+",
        ] {
            assert!(scaled_integer(text.as_bytes(), 1).is_err(), "{text} was read");
        }
    }
}
