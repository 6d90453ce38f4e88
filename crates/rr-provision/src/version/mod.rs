//! Versions, ranges of every ecosystem's syntax, and the policy that chooses among candidates.
//! Pure: it must not know where candidates come from.

mod choice;
mod number;
mod range;

pub use choice::{Choice, choose};
pub use number::Version;
pub use range::{Dialect, Range};
