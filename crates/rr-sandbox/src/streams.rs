//! Standard streams of a command: input from bytes, output and error through one pipe or terminal.

use std::ffi::CStr;
use std::io::{self, Seek as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::Stdio;

use rustix::fs::{MemfdFlags, Mode, OFlags};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::pty::OpenptFlags;

/// What a command is given and where its output can be read.
pub(crate) struct Streams {
    /// Input, output, error.
    pub(crate) given: [Stdio; 3],
    /// Where output and error come out.
    pub(crate) output: OwnedFd,
}

impl Streams {
    /// Makes streams; `input` empty means `/dev/null` (or the terminal).
    ///
    /// # Errors
    /// Where descriptors run out.
    pub(crate) fn new(input: &[u8], terminal: bool) -> io::Result<Self> {
        if terminal { Self::terminal() } else { Self::pipe(input) }
    }

    fn pipe(input: &[u8]) -> io::Result<Self> {
        let (output, theirs) = pipe_with(PipeFlags::CLOEXEC)?;
        let error = theirs.try_clone()?;
        let given = [input_of(input)?, Stdio::from(theirs), Stdio::from(error)];
        Ok(Self { given, output })
    }

    fn terminal() -> io::Result<Self> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let ours = rustix::pty::openpt(flags)?;
        rustix::pty::unlockpt(&ours)?;
        let name = rustix::pty::ptsname(&ours, Vec::new())?;
        let theirs = open_terminal(&name)?;
        let size = rustix::termios::Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(&theirs, size)?;
        let given = [theirs.try_clone()?.into(), theirs.try_clone()?.into(), Stdio::from(theirs)];
        Ok(Self { given, output: ours })
    }
}

fn open_terminal(name: &CStr) -> io::Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(name, flags, Mode::empty())?)
}

/// An unnamed file rather than a pipe: nobody has to feed it.
fn input_of(bytes: &[u8]) -> io::Result<Stdio> {
    if bytes.is_empty() {
        return Ok(Stdio::null());
    }
    let file = rustix::fs::memfd_create(c"stdin", MemfdFlags::CLOEXEC)?;
    let mut file = std::fs::File::from(file);
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(Stdio::from(file))
}
