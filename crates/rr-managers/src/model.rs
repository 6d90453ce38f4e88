//! ModelManager: which models answer.

use rr_core::ManagerName;
use rr_models::DecisionChain;

use crate::desk::{Desk, manager};

/// Keeps the chain of decision models that the other managers ask.
pub struct ModelManager {
    desk: Desk,
}

manager!(ModelManager);

impl ModelManager {
    /// A manager over this chain.
    #[must_use]
    pub fn new(chain: DecisionChain) -> Self {
        Self { desk: Desk::new(ManagerName::ModelManager, &[], chain) }
    }

    /// The chain for another manager.
    #[must_use]
    pub fn chain(&self) -> DecisionChain {
        self.desk.chain().clone()
    }
}
