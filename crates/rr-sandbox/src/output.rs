//! Takes a command's output: passes it on, keeps its start and its end, counts it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use rr_core::OutputSink;

/// Bytes kept of the start.
const HEAD: usize = 16 << 10;

/// Bytes kept of the end.
const TAIL: usize = 64 << 10;

/// The output of one command so far.
pub(crate) struct Output {
    sink: Arc<dyn OutputSink>,
    /// Bytes passed to the sink at most.
    cap: u64,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    total: u64,
}

impl Output {
    /// Passes at most `cap` bytes to the sink.
    pub(crate) fn new(sink: Arc<dyn OutputSink>, cap: u64) -> Self {
        Self { sink, cap, kept: Mutex::default() }
    }

    /// Takes a chunk.
    pub(crate) fn take(&self, chunk: &[u8]) {
        let before = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let before = kept.total;
            kept.total += chunk.len() as u64;
            let room = HEAD.saturating_sub(kept.head.len()).min(chunk.len());
            kept.head.extend_from_slice(&chunk[..room]);
            kept.tail.extend(&chunk[chunk.len().saturating_sub(TAIL)..]);
            let over = kept.tail.len().saturating_sub(TAIL);
            kept.tail.drain(..over);
            before
        };
        let room = usize::try_from(self.cap.saturating_sub(before)).unwrap_or(usize::MAX);
        let passed = &chunk[..room.min(chunk.len())];
        if !passed.is_empty() {
            self.sink.write(passed);
        }
    }

    /// Bytes so far.
    pub(crate) fn total(&self) -> u64 {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).total
    }

    /// The end, at most 64 KiB.
    pub(crate) fn tail(&self) -> String {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(kept.tail.make_contiguous()).into_owned()
    }

    /// The start, at most 16 KiB; empty where the tail holds everything.
    pub(crate) fn head(&self) -> String {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.total <= TAIL as u64 {
            return String::new();
        }
        String::from_utf8_lossy(&kept.head).into_owned()
    }
}
