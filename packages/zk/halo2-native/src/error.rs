use halo2_kit::KitError;
use thiserror::Error;

/// Why a circuit was not proved.
#[derive(Debug, Error)]
pub enum Error {
    /// The task's input is at fault.
    #[error("{0}")]
    Program(String),
    /// There is no such circuit or SRS here; the text says what there is.
    #[error("{0}")]
    Lacking(String),
    /// Nobody's fault but ours.
    #[error("{0}")]
    Internal(String),
}

impl From<KitError> for Error {
    fn from(error: KitError) -> Self {
        let text = error.to_string();
        match error {
            KitError::Input { .. }
            | KitError::Payload { .. }
            | KitError::Field { .. }
            | KitError::Reading { .. }
            | KitError::Count { .. }
            | KitError::Commitment => Error::Program(text),
            KitError::Srs(_) => Error::Lacking(text),
            KitError::Schema(_) | KitError::Key(_) | KitError::Proof(_) => Error::Internal(text),
        }
    }
}
