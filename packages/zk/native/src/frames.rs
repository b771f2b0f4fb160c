use std::io::{self, Read, Write};

use prost::Message;
use tokio_util::codec::LengthDelimitedCodec;

use crate::wire::MESSAGE_BYTES;

/// Frames on the pipes: four bytes of length, big end first, then the message.
pub fn codec() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().max_frame_length(MESSAGE_BYTES).new_codec()
}

/// Reads one message; nothing where the other side closed its end between two.
pub fn read<M: Message + Default>(from: &mut impl Read) -> io::Result<Option<M>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > MESSAGE_BYTES {
        return Err(io::Error::other(format!("a frame of {length} bytes")));
    }
    let mut frame = vec![0; length];
    from.read_exact(&mut frame)?;
    Ok(Some(M::decode(frame.as_slice())?))
}

pub fn write(to: &mut impl Write, message: &impl Message) -> io::Result<()> {
    let length = message.encoded_len();
    if length > MESSAGE_BYTES {
        return Err(io::Error::other(format!("a message of {length} bytes: {MESSAGE_BYTES} are the most")));
    }
    let mut frame = Vec::with_capacity(4 + length);
    frame.extend_from_slice(&(length as u32).to_be_bytes());
    message.encode(&mut frame).map_err(io::Error::other)?;
    to.write_all(&frame)?;
    to.flush()
}
