use std::fmt;

/// Why a program was refused or a run ended without a result. Each text is a sentence that its reader can act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunError {
    /// The program or its input is at fault.
    Program(String),
    /// It went over a limit of its job.
    Limit(String),
    /// This build or machine lacks what the job asks for.
    Lacking(String),
    /// Neither: a fault of this machine or of a service that it calls.
    Internal(String),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Program(text) | Self::Limit(text) | Self::Lacking(text) | Self::Internal(text)) = self;
        f.write_str(text)
    }
}

impl std::error::Error for RunError {}
