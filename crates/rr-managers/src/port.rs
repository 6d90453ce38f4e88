//! PortManager: which port is a service's own, and where it is reached from outside.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};

use rr_core::{
    AgentName, Decision, DecisionOption, DecisionQuestion, ListeningSocket, ManagerName,
};
use rr_models::DecisionChain;

use crate::desk::{Desk, manager};

/// Decides on ports. Inside a run every port is free unless the run itself took it, because each
/// run has its own loopback; on the host the kernel gives a free one.
pub struct PortManager {
    desk: Desk,
}

manager!(PortManager);

impl PortManager {
    /// A manager that asks this chain.
    #[must_use]
    pub fn new(chain: DecisionChain) -> Self {
        const AGENTS: &[AgentName] = &[AgentName::RunnerAgent, AgentName::HealthAgent];
        Self { desk: Desk::new(ManagerName::PortManager, AGENTS, chain) }
    }

    /// A port for `PORT`: the one the repository names, or the first from 8000 on that no
    /// service of the run has.
    pub fn assign(&self, expected: Option<u16>, taken: &[u16]) -> u16 {
        let free = |port: &u16| !taken.contains(port);
        let port = expected.filter(free).or_else(|| (8000..9000).find(free)).unwrap_or(8000);
        let rationale = match expected {
            Some(wanted) if wanted == port => format!("the repository names {wanted}"),
            Some(wanted) => format!("{wanted} is taken by another service of the run"),
            None => "nothing names a port".to_owned(),
        };
        self.record("assign-port", "which port is offered as PORT?", port, rationale);
        port
    }

    /// The port that is the service's own, among those that its process tree listens on. Ports in
    /// `others` belong to databases of the run.
    pub fn choose(
        &self,
        listening: &[ListeningSocket],
        expected: Option<u16>,
        others: &[u16],
    ) -> Option<u16> {
        let mut ports: Vec<u16> =
            listening.iter().map(|s| s.port).filter(|p| !others.contains(p)).collect();
        ports.sort_unstable();
        ports.dedup();
        if ports.len() < 2 {
            return ports.first().copied();
        }
        let options = ports.iter().map(|port| option(*port, expected)).collect();
        let decision = self.desk.decide(&DecisionQuestion {
            topic: "choose-port".to_owned(),
            question: "which of the ports it listens on is the service's own?".to_owned(),
            options,
            context: BTreeMap::new(),
        });
        decision.choice.parse().ok()
    }

    /// A free port of the host's loopback: `wanted` where it is free, else any. It is free at
    /// the time of asking; who binds it must still handle its loss.
    pub fn host_port(&self, wanted: u16) -> u16 {
        let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok();
        let found = bind(wanted).or_else(|| bind(0));
        let port = found.and_then(|l| l.local_addr().ok()).map_or(0, |address| address.port());
        let rationale = if port == wanted {
            "free on this host".to_owned()
        } else {
            format!("{wanted} is in use on this host")
        };
        self.record("host-port", "where is the service reached from outside?", port, rationale);
        port
    }

    /// What was decided so far.
    #[must_use]
    pub fn decisions(&self) -> Vec<Decision> {
        self.desk.decisions()
    }

    fn record(&self, topic: &str, question: &str, port: u16, rationale: String) {
        self.desk.record(Decision {
            topic: topic.to_owned(),
            question: question.to_owned(),
            options: vec![port.to_string()],
            choice: port.to_string(),
            confidence: 1.0,
            rationale,
            model: "rules".to_owned(),
            manager: ManagerName::PortManager.to_string(),
        });
    }
}

fn option(port: u16, expected: Option<u16>) -> DecisionOption {
    // Debuggers and live-reload sockets sit on high ephemeral ports.
    let prior = match port {
        _ if Some(port) == expected => 1.0,
        80 | 3000 | 4200 | 5000 | 5173 | 8000 | 8080 | 8081 | 8888 => 0.6,
        9229 => 0.05,
        _ if port >= 32_768 => 0.1,
        _ => 0.3,
    };
    DecisionOption {
        name: port.to_string(),
        description: if Some(port) == expected {
            format!("{port} is the port that the repository names")
        } else {
            format!("{port} is listened on by the service's own process tree")
        },
        features: BTreeMap::from([("prior".to_owned(), prior)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket(port: u16) -> ListeningSocket {
        ListeningSocket { address: "127.0.0.1".into(), port, pid: 1 }
    }

    #[test]
    fn named_port_wins_else_the_likeliest_and_databases_never() {
        let manager = PortManager::new(DecisionChain::new(Vec::new()));
        let sockets = [socket(5432), socket(9229), socket(3000), socket(41_000)];
        assert_eq!(manager.choose(&sockets, Some(41_000), &[5432]), Some(41_000));
        assert_eq!(manager.choose(&sockets, Some(7), &[5432]), Some(3000));
        assert_eq!(manager.choose(&[socket(5432)], None, &[5432]), None);
    }

    #[test]
    fn two_services_of_a_run_do_not_get_one_port() {
        let manager = PortManager::new(DecisionChain::new(Vec::new()));
        assert_eq!(manager.assign(Some(5000), &[]), 5000);
        assert_ne!(manager.assign(Some(5000), &[5000]), 5000);
    }
}
