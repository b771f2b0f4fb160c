use crate::RunError;

/// The text of a `methods.rs`: Rust constants, of which an ELF is a byte array and an image id eight words.
pub(crate) struct MethodsText<'a> {
    text: &'a str,
}

impl<'a> MethodsText<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// The bytes of a constant, e.g. `pub const RANGE_ELF: &[u8] = &[127, 69, …];`.
    pub fn bytes(&self, name: &str, max: usize) -> Result<Vec<u8>, RunError> {
        self.array(name, u32::from(u8::MAX), max)?.into_iter().map(|value| Ok(value as u8)).collect()
    }

    /// An image id, e.g. `pub const RANGE_ID: [u32; 8] = [1, …];`: the words' bytes, each little end first.
    pub fn image_id(&self, name: &str) -> Result<[u8; 32], RunError> {
        let words = self.array(name, u32::MAX, 8)?;
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let count = words.len();
        bytes.try_into().map_err(|_| wrong(format!("{name} has {count} words, and an image id has 8")))
    }

    /// The only constant whose name ends so, for a file without `codeExpParam`.
    pub fn only(&self, suffix: &str) -> Result<&'a str, RunError> {
        let mut names = self.constants().map(|(name, _)| name).filter(|name| name.ends_with(suffix));
        match (names.next(), names.next()) {
            (Some(name), None) => Ok(name),
            (None, _) => Err(wrong(format!("it has no constant whose name ends in {suffix}"))),
            _ => Err(wrong(format!("several constants end in {suffix}: name them in codeExpParam"))),
        }
    }

    fn array(&self, name: &str, max_value: u32, max_count: usize) -> Result<Vec<u32>, RunError> {
        let rest = self.constants().find(|(found, _)| *found == name).map(|(_, rest)| rest);
        let rest = rest.ok_or_else(|| wrong(format!("it has no constant {name}")))?;
        // The type has a semicolon of its own, but no equals sign.
        let value = rest.split_once('=').map(|(_, value)| value.trim_start()).unwrap_or_default();
        if value.starts_with("include_bytes!") {
            return Err(wrong(format!(
                "{name} includes a file of the machine that built it: write its bytes as an array"
            )));
        }
        let list = value.strip_prefix('&').unwrap_or(value).trim_start().strip_prefix('[');
        let list = list.and_then(|list| list.split_once(']')).map(|(list, _)| list);
        let list = list.ok_or_else(|| wrong(format!("{name} is not an array of numbers")))?;
        let mut numbers = Vec::new();
        for item in list.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            if numbers.len() == max_count {
                return Err(wrong(format!("{name} has more than {max_count} elements")));
            }
            let number = number(item).filter(|&number| number <= max_value);
            numbers.push(number.ok_or_else(|| wrong(format!("{name} has an element that is no number of its type")))?);
        }
        Ok(numbers)
    }

    /// Names of constants, each with the text behind it.
    fn constants(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let mut rest = self.text;
        std::iter::from_fn(move || {
            loop {
                let at = rest.find("const")?;
                let before = rest[..at].chars().next_back();
                let after = &rest[at + "const".len()..];
                rest = after;
                if before.is_some_and(is_word) || !after.starts_with(char::is_whitespace) {
                    continue;
                }
                let name = after.trim_start();
                let end = name.find(|c| !is_word(c)).unwrap_or(name.len());
                return Some(name.split_at(end));
            }
        })
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn number(text: &str) -> Option<u32> {
    let digits = text.strip_suffix("u8").or_else(|| text.strip_suffix("u32")).unwrap_or(text).replace('_', "");
    match digits.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    }
}

fn wrong(what: String) -> RunError {
    RunError::Program(format!("The program's methods.rs cannot be read: {what}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "// generated\npub const RANGE_ELF: &[u8] = &[127, 0x45, 7_6u8,\n 70,];\n\
        pub const RANGE_ID: [u32; 8] = [1, 2, 3, 4, 5, 6, 7, 4294967295];\npub const RANGE_PATH: &str = \"/a\";";

    #[test]
    fn constants_are_found_by_name_or_ending() {
        let text = MethodsText::new(TEXT);
        assert_eq!(text.bytes("RANGE_ELF", 9).unwrap(), b"\x7fELF");
        assert_eq!(text.only("_ELF").unwrap(), "RANGE_ELF");
        let id = text.image_id("RANGE_ID").unwrap();
        assert_eq!((&id[..5], &id[28..]), (&[1, 0, 0, 0, 2][..], &[255; 4][..]));
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let text = MethodsText::new(TEXT);
        let said = |result: Result<Vec<u8>, RunError>| result.unwrap_err().to_string();
        assert!(said(text.bytes("OTHER_ELF", 9)).contains("no constant OTHER_ELF"));
        assert!(said(text.bytes("RANGE_ELF", 3)).contains("more than 3 elements"));
        assert!(said(text.bytes("RANGE_ID", 8)).contains("no number of its type"));
        assert!(said(text.bytes("RANGE_PATH", 8)).contains("not an array"));
        let included = MethodsText::new("pub const A_ELF: &[u8] = include_bytes!(\"../target/guest.elf\");");
        assert!(said(included.bytes("A_ELF", 8)).contains("includes a file"));
        let cut = MethodsText::new("pub const A_ELF: &[u8] = &[1, 2");
        assert!(said(cut.bytes("A_ELF", 8)).contains("not an array"));
        let two = MethodsText::new("const A_ELF: u8 = 1; const B_ELF: u8 = 1;");
        assert!(two.only("_ELF").unwrap_err().to_string().contains("several"));
    }
}
