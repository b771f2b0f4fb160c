use std::fmt::{self, Display};

use tonic::{Code, Status};

pub use crate::wire::child::{Cause, Fault};

/// Why a job did not end in its result. Told apart by its cause, which decides the gRPC status.
impl Fault {
    pub fn new(cause: Cause, message: impl Display) -> Self {
        Self { cause: cause.into(), message: message.to_string() }
    }

    /// The program or its input is at fault.
    pub fn program(message: impl Display) -> Self {
        Self::new(Cause::Program, message)
    }

    /// A limit of the job, which the message names.
    pub fn limit(message: impl Display) -> Self {
        Self::new(Cause::Limit, message)
    }

    /// This server has not got what the job asks for.
    pub fn lacking(message: impl Display) -> Self {
        Self::new(Cause::Lacking, message)
    }

    /// The process that ran the job ended without the job's doing.
    pub fn lost(message: impl Display) -> Self {
        Self::new(Cause::Lost, message)
    }

    pub fn internal(message: impl Display) -> Self {
        Self::new(Cause::Internal, message)
    }

    fn code(&self) -> Code {
        match self.cause() {
            Cause::Internal => Code::Internal,
            Cause::Program => Code::InvalidArgument,
            Cause::Limit => Code::ResourceExhausted,
            Cause::Lacking => Code::FailedPrecondition,
            Cause::NotLoaded => Code::NotFound,
            Cause::Lost => Code::Aborted,
            Cause::Full => Code::Unavailable,
        }
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl From<Fault> for Status {
    fn from(fault: Fault) -> Self {
        // A status travels in a header: what a program says of itself may be long.
        let message: String = fault.message.chars().take(MESSAGE_CHARS).collect();
        Status::new(fault.code(), message)
    }
}

const MESSAGE_CHARS: usize = 2_000;
