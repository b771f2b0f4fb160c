use crate::{Json, scaled_integer};

/// What one device sent, at its place in the task.
#[derive(Clone, Copy)]
pub struct Payload<'a> {
    pub index: usize,
    pub text: &'a [u8],
}

impl<'a> Payload<'a> {
    /// The source texts of some members of the JSON object that the payload is. Its other members are read over.
    ///
    /// Panics where the payload is not a JSON object, or a member is missing or there twice.
    pub fn members<const N: usize>(&self, names: [&str; N]) -> [&'a [u8]; N] {
        let mut found: [Option<&[u8]>; N] = [None; N];
        let mut json = Json::of_payload(self.index, self.text);
        json.members(|key, json| {
            let value = json.skip();
            if let Some(at) = names.iter().position(|name| name.as_bytes() == key) {
                if found[at].replace(value).is_some() {
                    self.refuse(names[at], "is there twice");
                }
            }
        });
        json.end();
        core::array::from_fn(|at| found[at].unwrap_or_else(|| self.refuse(names[at], "is missing")))
    }

    /// A number of the payload times 10^scale; see `scaled_integer`. Panics unless it lies in the bounds.
    pub fn number(&self, text: &[u8], field: &str, scale: i32, min: i64, max: i64) -> i64 {
        let value = scaled_integer(text, scale).unwrap_or_else(|problem| self.refuse(field, problem));
        if !(min..=max).contains(&value) {
            self.refuse(field, "is out of its bounds");
        }
        value
    }

    /// Ends the guest with what is wrong with a field of this payload.
    #[cold]
    pub fn refuse(&self, field: &str, problem: &str) -> ! {
        panic!("payload {}: {field} {problem}", self.index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::catch_unwind;

    fn member(text: &str) -> Result<String, ()> {
        let payload = Payload { index: 0, text: text.as_bytes() };
        catch_unwind(|| payload.members(["a"])[0]).map(|text| String::from_utf8(text.to_vec()).unwrap()).map_err(|_| ())
    }

    #[test]
    fn members_are_found_by_name_once() {
        assert_eq!(member(r#"{"a":1.50}"#), Ok("1.50".into()));
        assert_eq!(member(r#" { "b" : {"a":2} , "\u0061" : 3 } "#), Ok("3".into()));
    }

    #[test]
    fn what_is_missing_twice_or_followed_by_something_is_refused() {
        for text in
            [r#"{"b":1}"#, r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":1}"#, r#"{"a":1}x"#, r#"[{"a":1}]"#, "1", r#"{"a":1"#]
        {
            assert!(member(text).is_err(), "{text} was read");
        }
    }
}
