//! Line protocols, as far as proving a connection needs them.

use std::io::{BufRead as _, BufReader, Error, Read, Result, Write};

/// Longest line that is read, in bytes.
const LINE: u64 = 64 << 10;

/// Writes something and reads one line of the answer, without its end.
///
/// # Errors
/// Where the connection breaks or ends.
pub(super) fn ask(stream: &mut (impl Read + Write), request: &str) -> Result<String> {
    stream.write_all(request.as_bytes())?;
    read_line(&mut BufReader::new(stream))
}

/// Reads one line, without its end.
///
/// # Errors
/// Where the connection breaks or ends.
pub(super) fn read_line(stream: &mut BufReader<impl Read>) -> Result<String> {
    let mut line = Vec::new();
    stream.take(LINE).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Err(Error::other("the connection was closed"));
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

/// An answer that is not the expected one.
pub(super) fn unexpected(answer: &str) -> Error {
    Error::other(format!("unexpected answer `{}`", answer.chars().take(200).collect::<String>()))
}
