//! ServiceManager: which databases and brokers a run starts, and in which order.

use rr_core::{AgentName, Decision, ManagerName, ServiceRequirement};
use rr_models::DecisionChain;

use crate::desk::{Desk, manager};

/// Decides on services.
pub struct ServiceManager {
    desk: Desk,
}

manager!(ServiceManager);

impl ServiceManager {
    /// A manager that asks this chain.
    #[must_use]
    pub fn new(chain: DecisionChain) -> Self {
        const AGENTS: &[AgentName] = &[AgentName::DatabaseAgent];
        Self { desk: Desk::new(ManagerName::ServiceManager, AGENTS, chain) }
    }

    /// The services in the order in which they start: by kind, databases before brokers, so that
    /// one plan always starts them alike.
    pub fn order(&self, services: &[ServiceRequirement]) -> Vec<ServiceRequirement> {
        let mut ordered = services.to_vec();
        ordered.sort_by_key(|service| service.kind);
        for service in &ordered {
            self.desk.record(Decision {
                topic: "provision-service".to_owned(),
                question: "is this service provisioned?".to_owned(),
                options: vec!["provision".to_owned(), "leave out".to_owned()],
                choice: "provision".to_owned(),
                confidence: 1.0,
                rationale: service.evidence.first().map_or_else(
                    || format!("a remedy asked for {}", service.kind.as_str()),
                    |e| format!("{} asks for {}", e.path, service.kind.as_str()),
                ),
                model: "rules".to_owned(),
                manager: ManagerName::ServiceManager.to_string(),
            });
        }
        ordered
    }
}
