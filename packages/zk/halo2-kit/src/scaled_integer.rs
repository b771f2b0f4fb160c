/// A JSON number's source text times `10^scale`, exact.
///
/// No float is involved: `12.80` at scale 1 is 128, `1.28e1` too, and `12.85` at scale 1 is refused.
/// The text must be a number by RFC 8259; the result must have at most 38 digits.
/// # Errors
/// A short reason, when the text is no number, the product is no integer, or it is too large.
pub fn scaled_integer(text: &str, scale: u32) -> Result<i128, &'static str> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    let power = exponent.map(|e| e.strip_prefix(['+', '-']).unwrap_or(e));
    if !digits(whole) || leading_zero || !fraction.is_none_or(digits) || !power.is_none_or(digits) {
        return Err("not a JSON number");
    }

    let fraction = fraction.unwrap_or("");
    let joined = format!("{whole}{fraction}");
    let significant = joined.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return Ok(0);
    }
    let trailing_zeros = joined.len() - joined.trim_end_matches('0').len();
    // Saturation keeps the sign and a magnitude beyond any that is accepted below.
    let exponent = match (exponent, power) {
        (Some(e), Some(p)) => {
            let magnitude = p.parse::<i64>().unwrap_or(i64::MAX / 2);
            if e.starts_with('-') { -magnitude } else { magnitude }
        }
        _ => 0,
    };
    let shift = exponent
        .saturating_add(i64::from(scale))
        .saturating_add(trailing_zeros as i64)
        .saturating_sub(fraction.len() as i64);
    if shift < 0 {
        return Err("has more decimal places than the scale");
    }
    let too_large = "is too large";
    if shift.saturating_add(significant.len() as i64) > 38 {
        return Err(too_large);
    }
    let magnitude = significant.parse::<i128>().map_err(|_| too_large)? * 10i128.pow(shift as u32);
    Ok(if negative { -magnitude } else { magnitude })
}

#[cfg(test)]
mod tests {
    use super::scaled_integer;

    #[test]
    fn takes_exact_numbers_however_they_are_written() {
        for (text, scale, value) in [
            ("12.8", 1, 128),
            ("12.80", 1, 128),
            ("1.28e1", 1, 128),
            ("128E-1", 1, 128),
            ("-40", 1, -400),
            ("-0", 1, 0),
            ("0e99999999999999999999", 3, 0),
            ("0.000", 0, 0),
            ("18446744073709551615", 0, 18_446_744_073_709_551_615),
            ("1e+2", 2, 10_000),
            ("1200e-2", 0, 12),
            ("0.00000000000000000001", 20, 1),
        ] {
            assert_eq!(scaled_integer(text, scale), Ok(value), "{text} at scale {scale}");
        }
    }

    #[test]
    fn refuses_what_is_not_exact() {
        for (text, scale) in [("12.85", 1), ("0.1", 0), ("1e-1", 0), ("1e-99999999999999999999", 5)] {
            assert_eq!(scaled_integer(text, scale), Err("has more decimal places than the scale"), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_too_large() {
        for text in
            ["1e38", "1e9223372036854775807", "1e99999999999999999999", "123456789012345678901234567890123456789"]
        {
            assert_eq!(scaled_integer(text, 0), Err("is too large"), "{text}");
        }
    }

    #[test]
    fn refuses_what_json_has_not() {
        for text in
            ["", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "1e1.0", "0x1", "1 ", "NaN", "\"1\"", "1.-5", "١"]
        {
            assert_eq!(scaled_integer(text, 0), Err("not a JSON number"), "{text:?}");
        }
    }
}
