//! How a service is asked, from outside, whether it is up.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What to ask and what to expect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HealthProbe {
    /// How to ask.
    pub kind: ProbeKind,
    /// Port the repository names; the one really listened on rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_port: Option<u16>,
    /// Seconds to wait for the first answer.
    pub start_seconds: u32,
}

/// Kinds of probes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ProbeKind {
    /// `GET` each path in turn with `Host: localhost`; a status below 500 from any proves life,
    /// 5xx from all of them does not.
    Http {
        /// Paths, the most telling first.
        paths: Vec<String>,
    },
    /// A connection is accepted and not closed at once.
    Tcp,
    /// gRPC health checking protocol, or any HTTP/2 answer.
    Grpc,
    /// A line of output matches this regular expression.
    LogLine {
        /// The expression.
        pattern: String,
    },
    /// The program ends by itself with exit status 0.
    ExitCode,
    /// A program of which only the start command is known. What it does decides: once it listens
    /// it is asked as a service (`GET` each path, else TCP), an end with exit status 0 is a run to
    /// its end, and one that still lives without listening when the time is up is a worker.
    Program {
        /// Paths, the most telling first.
        paths: Vec<String>,
    },
}

/// What a probe found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProbeResult {
    /// Whether life was proved.
    pub healthy: bool,
    /// Protocol that answered: `http`, `tcp`, `grpc`, `log`, `exit`, or `alive` for a worker that
    /// does not listen.
    pub protocol: String,
    /// Port asked, inside the run's network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Path that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// HTTP status, where HTTP answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Milliseconds until the answer to the last question.
    pub latency_millis: u64,
    /// One line: what was asked and what came back.
    pub detail: String,
}
