//! Miners: read what the repository itself says about how it is built, tested and run.
