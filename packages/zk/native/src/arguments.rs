use std::collections::VecDeque;
use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

/// The words of a command line. What a command does not take is an error.
pub struct Arguments(VecDeque<String>);

/// Says what was wrong with a command line.
#[derive(Debug)]
pub struct UsageError(pub String);

impl Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

impl Arguments {
    pub fn new(words: impl IntoIterator<Item = String>) -> Self {
        // `--name=value` is `--name value`.
        let split = |word: String| match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => vec![name.to_string(), value.to_string()],
            _ => vec![word],
        };
        Self(words.into_iter().flat_map(split).collect())
    }

    /// Takes `--name`.
    pub fn flag(&mut self, name: &str) -> bool {
        let at = self.0.iter().position(|word| word == name);
        at.and_then(|at| self.0.remove(at)).is_some()
    }

    /// Takes every `--name VALUE`.
    pub fn texts(&mut self, name: &str) -> Result<Vec<String>, UsageError> {
        let mut texts = vec![];
        while let Some(at) = self.0.iter().position(|word| word == name) {
            self.0.remove(at);
            texts.push(self.0.remove(at).ok_or_else(|| UsageError(format!("{name} needs a value")))?);
        }
        Ok(texts)
    }

    pub fn text(&mut self, name: &str) -> Result<Option<String>, UsageError> {
        let mut texts = self.texts(name)?;
        match texts.len() {
            0 | 1 => Ok(texts.pop()),
            _ => Err(UsageError(format!("{name} is given twice"))),
        }
    }

    pub fn number<N: FromStr>(&mut self, name: &str) -> Result<Option<N>, UsageError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| UsageError(format!("{name} takes a number, not {text:?}")))
    }

    pub fn path(&mut self, name: &str) -> Result<Option<PathBuf>, UsageError> {
        Ok(self.text(name)?.map(PathBuf::from))
    }

    /// Takes the next word. Options are taken before.
    pub fn word(&mut self, what: &str) -> Result<String, UsageError> {
        match self.0.pop_front() {
            Some(option) if option.starts_with("--") => Err(UsageError(format!("there is no option {option} here"))),
            Some(word) => Ok(word),
            None => Err(UsageError(format!("{what} is missing"))),
        }
    }

    /// Checks that nothing is left.
    pub fn end(&self) -> Result<(), UsageError> {
        match self.0.front() {
            Some(option) if option.starts_with("--") => Err(UsageError(format!("there is no option {option} here"))),
            Some(word) => Err(UsageError(format!("{word:?} is one word too many"))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(line: &str) -> Arguments {
        Arguments::new(line.split(' ').map(String::from))
    }

    #[test]
    fn options_stand_anywhere_and_words_in_order() {
        let mut line = arguments("one --threads 2 two --input=a=b --quiet --input c");
        assert_eq!(line.number("--threads").unwrap(), Some(2));
        assert_eq!(line.texts("--input").unwrap(), ["a=b", "c"]);
        assert!(line.flag("--quiet"));
        assert_eq!(line.word("FILE").unwrap(), "one");
        assert_eq!(line.word("FILE").unwrap(), "two");
        line.end().unwrap();
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(
            arguments("--threads two").number::<u32>("--threads").unwrap_err().0,
            "--threads takes a number, not \"two\""
        );
        assert_eq!(arguments("a --out").text("--out").unwrap_err().0, "--out needs a value");
        assert_eq!(arguments("--out a --out b").text("--out").unwrap_err().0, "--out is given twice");
        assert_eq!(arguments("--other a").end().unwrap_err().0, "there is no option --other here");
        assert_eq!(arguments("--other a").word("FILE").unwrap_err().0, "there is no option --other here");
        assert_eq!(arguments("a b").end().unwrap_err().0, "\"a\" is one word too many");
        assert_eq!(Arguments::new([]).word("FILE").unwrap_err().0, "FILE is missing");
    }
}
