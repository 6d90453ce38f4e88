//! Durable execution over a journal.
