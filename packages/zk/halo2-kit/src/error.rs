use thiserror::Error;

/// Why a task cannot be proved. The text names the reading and the field, and never a value of the payload.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum KitError {
    #[error("schema: {0}")]
    Schema(String),
    #[error("{what}: {reason}")]
    Input { what: &'static str, reason: String },
    #[error("reading {index}: the payload is not a JSON object: {reason}")]
    Payload { index: usize, reason: String },
    #[error("reading {index}, field {field}: {reason}")]
    Field { index: usize, field: String, reason: &'static str },
    #[error("reading {index}: {reason}")]
    Reading { index: usize, reason: &'static str },
    #[error("a task has 1 to {capacity} readings, this one has {count}")]
    Count { count: usize, capacity: usize },
    #[error("the readings and the salt do not open the task's input commitment")]
    Commitment,
    #[error("proving key: {0}")]
    Key(String),
    #[error("proof: {0}")]
    Proof(String),
    #[error("SRS: {0}")]
    Srs(String),
}

/// Where a JSON text went wrong: serde's own words may quote the text.
pub(crate) fn json_position(error: &serde_json::Error) -> String {
    format!("line {}, column {}", error.line(), error.column())
}
