use alloc::vec::Vec;

/// A JSON text, read from left to right. Each method panics where the text is not JSON, or not what the method reads.
pub struct Json<'a> {
    text: &'a [u8],
    at: usize,
    /// Whose text it is.
    payload: Option<usize>,
}

/// How deep values may lie in values that are passed over.
const MAX_DEPTH: u32 = 64;

impl<'a> Json<'a> {
    /// What the prover hands over.
    pub fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, payload: None }
    }

    /// Something in a payload.
    pub fn of_payload(index: usize, text: &'a [u8]) -> Self {
        Self { text, at: 0, payload: Some(index) }
    }

    /// Reads an object: `each` is given every key and has to read or `skip` its value.
    pub fn members(&mut self, mut each: impl FnMut(&[u8], &mut Self)) {
        self.expect(b'{');
        if self.next_is(b'}') {
            return;
        }
        loop {
            self.space();
            let key = self.string_text();
            self.expect(b':');
            if key.escaped {
                let mut plain = Vec::new();
                self.unescape(key.quoted, &mut plain);
                each(&plain, self);
            } else {
                each(key.source(), self);
            }
            if self.next_is(b'}') {
                return;
            }
            self.expect(b',');
        }
    }

    /// Reads an array: `each` has to read or `skip` every element.
    pub fn elements(&mut self, mut each: impl FnMut(&mut Self)) {
        self.expect(b'[');
        if self.next_is(b']') {
            return;
        }
        loop {
            each(self);
            if self.next_is(b']') {
                return;
            }
            self.expect(b',');
        }
    }

    /// Reads a string, and appends what it stands for as UTF-8.
    pub fn append_string(&mut self, to: &mut Vec<u8>) {
        self.expect(b'"');
        self.at += self.unescape(&self.text[self.at..], to);
    }

    /// Reads a string in which nothing is escaped: hex or decimal digits.
    pub fn digits(&mut self) -> &'a [u8] {
        self.space();
        let text = self.string_text();
        if text.escaped {
            self.refuse("an escape where digits have to be");
        }
        text.source()
    }

    /// Passes over a value. Returns its source text.
    pub fn skip(&mut self) -> &'a [u8] {
        self.space();
        let start = self.at;
        self.skip_value(0);
        &self.text[start..self.at]
    }

    /// Checks that nothing follows.
    pub fn end(&mut self) {
        self.space();
        if self.at != self.text.len() {
            self.refuse("something behind the JSON value");
        }
    }

    fn skip_value(&mut self, depth: u32) {
        if depth == MAX_DEPTH {
            self.refuse("values lie too deep");
        }
        self.space();
        match self.peek() {
            b'"' => {
                let text = self.string_text();
                if text.escaped {
                    self.unescape(text.quoted, &mut Vec::new());
                }
            }
            b'{' => self.members(|_, json| json.skip_value(depth + 1)),
            b'[' => self.elements(|json| json.skip_value(depth + 1)),
            _ => self.skip_scalar(),
        }
    }

    fn skip_scalar(&mut self) {
        let rest = &self.text[self.at..];
        let length = rest.iter().position(|byte| !matches!(byte, b'+'..=b'z') || *byte == b',' || *byte == b']');
        let text = &rest[..length.unwrap_or(rest.len())];
        let known = matches!(text, b"true" | b"false" | b"null");
        if !known && !is_number(text) {
            self.refuse("no JSON value");
        }
        self.at += text.len();
    }

    fn string_text(&mut self) -> StringText<'a> {
        if self.peek() != b'"' {
            self.refuse("no JSON string");
        }
        let rest = &self.text[self.at + 1..];
        let mut escaped = false;
        let mut bytes = rest.iter();
        loop {
            match bytes.next() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    bytes.next();
                }
                Some(0..=31) | None => self.refuse("a JSON string that does not end"),
                Some(_) => {}
            }
        }
        let length = rest.len() - bytes.len();
        self.at += 1 + length;
        StringText { quoted: &rest[..length], escaped }
    }

    fn expect(&mut self, byte: u8) {
        if !self.next_is(byte) {
            self.refuse(match byte {
                b'{' => "no JSON object",
                b'[' => "no JSON array",
                _ => "not JSON",
            });
        }
    }

    fn next_is(&mut self, byte: u8) -> bool {
        self.space();
        let is = self.peek() == byte;
        self.at += is as usize;
        is
    }

    fn space(&mut self) {
        // One comparison where there is none.
        while self.peek() <= b' ' && matches!(self.text.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// 0 behind the end, which is no byte of JSON.
    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    fn unescape(&self, quoted: &[u8], to: &mut Vec<u8>) -> usize {
        unescape(quoted, to).unwrap_or_else(|problem| self.refuse(problem))
    }

    #[cold]
    fn refuse(&self, problem: &str) -> ! {
        match self.payload {
            Some(index) => panic!("payload {index}, byte {}: {problem}", self.at),
            None => panic!("the task's input, byte {}: {problem}", self.at),
        }
    }
}

struct StringText<'a> {
    /// From behind the first quote to the last one.
    quoted: &'a [u8],
    escaped: bool,
}

impl<'a> StringText<'a> {
    fn source(&self) -> &'a [u8] {
        &self.quoted[..self.quoted.len() - 1]
    }
}

/// Appends what a string stands for, which begins behind its first quote. Returns how many bytes it has, with its last quote.
fn unescape(text: &[u8], to: &mut Vec<u8>) -> Result<usize, &'static str> {
    // No escape is shorter than what it stands for.
    to.reserve(text.len());
    let start = to.len();
    let room = to.spare_capacity_mut();
    let mut length = 0;
    let mut rest = text.iter();
    loop {
        let byte = match rest.next() {
            Some(b'"') => break,
            Some(b'\\') => match rest.next() {
                Some(&byte @ (b'"' | b'\\' | b'/')) => byte,
                Some(b'b') => 8,
                Some(b'f') => 12,
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b't') => b'\t',
                Some(b'u') => {
                    let mut text = rest.as_slice();
                    for byte in unicode(&mut text)?.encode_utf8(&mut [0; 4]).bytes() {
                        room[length].write(byte);
                        length += 1;
                    }
                    rest = text.iter();
                    continue;
                }
                _ => return Err("an unknown escape in a JSON string"),
            },
            Some(0..=31) | None => return Err("a JSON string that does not end"),
            Some(&byte) => byte,
        };
        room[length].write(byte);
        length += 1;
    }
    // SAFETY: so many bytes were written.
    unsafe { to.set_len(start + length) };
    Ok(text.len() - rest.len())
}

/// What `\u` and the digits behind it stand for. A lone surrogate becomes what it becomes when a string is encoded as UTF-8.
fn unicode(text: &mut &[u8]) -> Result<char, &'static str> {
    let high = code_unit(text)?;
    if high & 0xfc00 == 0xd800 && text.starts_with(b"\\u") {
        let mut behind = &text[2..];
        let low = code_unit(&mut behind)?;
        if low & 0xfc00 == 0xdc00 {
            *text = behind;
            return Ok(char::from_u32(0x10000 + ((high & 0x3ff) << 10 | low & 0x3ff)).unwrap_or_default());
        }
    }
    Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER))
}

fn code_unit(text: &mut &[u8]) -> Result<u32, &'static str> {
    let (digits, rest) = text.split_at_checked(4).ok_or("\\u without four hex digits")?;
    *text = rest;
    let unit = digits.iter().try_fold(0, |unit, &digit| Some(unit << 4 | (digit as char).to_digit(16)?));
    unit.ok_or("\\u without four hex digits")
}

/// Whether a text is a number as JSON writes them.
pub(crate) fn is_number(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(text);
    if whole == 0 || (whole > 1 && text[0] == b'0') {
        return false;
    }
    let mut rest = &text[whole..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let places = digits(fraction);
        if places == 0 {
            return false;
        }
        rest = &fraction[places..];
    }
    if let Some((b'e' | b'E', exponent)) = rest.split_first() {
        let exponent = match exponent {
            [b'+' | b'-', exponent @ ..] => exponent,
            exponent => exponent,
        };
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::catch_unwind;

    fn string(text: &str) -> String {
        let mut bytes = Vec::new();
        Json::new(text.as_bytes()).append_string(&mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn strings_are_what_they_stand_for() {
        assert_eq!(string(r#""plain""#), "plain");
        assert_eq!(string(r#"  "a\"b\\c\/d\b\f\n\r\t\u0041\u00e9""#), "a\"b\\c/d\u{8}\u{c}\n\r\tAé");
        assert_eq!(string(r#""\ud83d\ude00 \ud83d \ude00\ud83d\u0041""#), "😀 \u{fffd} \u{fffd}\u{fffd}A");
    }

    #[test]
    fn values_are_passed_over_whole() {
        let text = br#" {"a":[1,-2.5e+3,{"b":null}],"c":"]}"} ,"#;
        let mut json = Json::new(text);
        assert_eq!(json.skip(), &text[1..text.len() - 2]);
    }

    #[test]
    fn keys_are_compared_by_what_they_stand_for() {
        let mut keys = Vec::new();
        Json::new(br#"{"a\u0062":1,"\"":2}"#).members(|key, json| {
            keys.push(key.to_vec());
            json.skip();
        });
        assert_eq!(keys, [b"ab".to_vec(), b"\"".to_vec()]);
    }

    #[test]
    fn what_is_not_json_is_refused() {
        let deep = "[".repeat(100);
        let bad = [
            "",
            "{",
            "[1",
            "[1,]",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "01",
            "1.",
            ".5",
            "-",
            "1e",
            "+1",
            "tru",
            "nul",
            "\"",
            "\"\\\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u12g4\"",
            "\"a\nb\"",
            "{\"a\":1,}",
            "{,}",
            "NaN",
            "'a'",
            "{\"a\":1 \"b\":2}",
            "1 2",
            &deep,
        ];
        for text in bad {
            let read = catch_unwind(|| {
                let mut json = Json::new(text.as_bytes());
                json.skip();
                json.end();
            });
            assert!(read.is_err(), "{text} was read");
        }
    }
}
