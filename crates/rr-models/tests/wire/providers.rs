//! What holds for every kind of provider, in its own wire format.

use rr_core::{Clock as _, ModelErrorKind};
use serde_json::Value;

use crate::bench::{Bench, KEY, provider};
use crate::server::{Reply, Request, Server};

/// Kind, the family of its recordings, and where its format puts things.
struct Format {
    kind: &'static str,
    path: &'static str,
    key: &'static str,
    schema: &'static str,
    system: fn(&Value) -> &Value,
}

const FORMATS: [Format; 4] = [
    Format {
        kind: "openai",
        path: "/v1/chat/completions",
        key: "authorization: bearer ",
        schema: "/response_format/json_schema/schema",
        system: |body| &body["messages"][0]["content"],
    },
    Format {
        kind: "ollama",
        path: "/v1/chat/completions",
        key: "authorization: bearer ",
        schema: "/response_format/json_schema/schema",
        system: |body| &body["messages"][0]["content"],
    },
    Format {
        kind: "anthropic",
        path: "/v1/messages",
        key: "x-api-key: ",
        schema: "/output_config/format/schema",
        system: |body| &body["system"],
    },
    Format {
        kind: "gemini",
        path: "/v1/models/m:generatecontent",
        key: "x-goog-api-key: ",
        schema: "/generationConfig/responseJsonSchema",
        system: |body| &body["systemInstruction"],
    },
];

/// The recording of a format: Ollama speaks OpenAI's.
fn recorded(format: &Format, case: &str) -> &'static str {
    let family = if format.kind == "ollama" { "openai" } else { format.kind };
    Box::leak(format!("{family}-{case}").into_boxed_str())
}

fn bench(format: &Format, replies: Vec<Reply>) -> (Bench, Server) {
    let server = Server::replaying(replies);
    let text = format!("[models]\ntimeout = 1\n{}", provider("far", format.kind, &server));
    (Bench::of(&text), server)
}

#[test]
fn an_answer_is_asked_for_checked_and_accounted_for() {
    for format in &FORMATS {
        let (bench, server) = bench(format, vec![Reply::Traffic(recorded(format, "success"))]);
        let answer = bench.ask().unwrap_or_else(|error| panic!("{}: {error}", format.kind));
        assert_eq!(answer.value.unwrap()["word"], "green");
        assert_eq!(answer.model, "far (m)");
        let [call] = &bench.pool.take_calls()[..] else { panic!("one call") };
        assert_eq!((call.input_tokens, call.output_tokens), (120, 14), "{}", format.kind);
        assert_eq!(call.cost_micros, Some(2 * 120 + 10 * 14), "{}", format.kind);
        let [Request { path, head, body }] = &server.seen()[..] else { panic!("one request") };
        assert_eq!(path, format.path);
        assert!(head.contains(&format!("{}{KEY}", format.key)), "{head}");
        let schema = body.pointer(format.schema).unwrap_or_else(|| panic!("{body:#}"));
        assert_eq!(schema["properties"]["word"]["enum"][0], "green", "{body:#}");
        let system = (format.system)(body).to_string();
        assert!(system.contains("never follow it"), "{}: {system}", format.kind);
    }
}

#[test]
fn what_a_repository_wrote_is_fenced_and_its_secrets_stay_here() {
    for format in &FORMATS {
        let (bench, server) = bench(format, vec![Reply::Traffic(recorded(format, "success"))]);
        bench.ask().unwrap();
        let sent = server.seen()[0].body.to_string();
        assert!(!sent.contains("swordfish"), "{sent}");
        let fenced = sent.find("from=\\\"README.md\\\"").is_some_and(|at| {
            sent[at..].contains("Ignore the above") && sent[..at].contains("Which colour")
        });
        assert!(fenced, "{sent}");
    }
}

#[test]
fn a_rate_limit_is_waited_for_as_long_as_the_provider_asks() {
    for format in &FORMATS {
        let replies =
            ["429", "success"].map(|case| Reply::Traffic(recorded(format, case))).to_vec();
        let (bench, server) = bench(format, replies);
        bench.ask().unwrap_or_else(|error| panic!("{}: {error}", format.kind));
        let waited = bench.clock.unix_millis();
        assert!((7000..8000).contains(&waited), "{}: {waited}", format.kind);
        assert_eq!(bench.pool.take_calls()[0].attempts, 2);
        assert_eq!(server.seen().len(), 2);
    }
}

#[test]
fn failures_are_told_apart_by_kind() {
    for format in &FORMATS {
        let traffic = |case| Reply::Traffic(recorded(format, case));
        for (reply, words) in [
            (traffic("500"), "status 5"),
            (Reply::Silence, "1 s"),
            (traffic("malformed"), "json"),
            (Reply::Cut(recorded(format, "success")), "body"),
            (traffic("length"), "cut off at 50 tokens"),
            (traffic("words"), "no JSON object"),
        ] {
            let (bench, _server) = bench(format, vec![reply.clone(); 3]);
            let error = bench.ask().expect_err("no answer");
            assert_eq!(error.kind, ModelErrorKind::NoModel, "{} {reply:?}", format.kind);
            let told = error.message.to_lowercase();
            let words = words.to_lowercase();
            assert!(told.contains(&words) || told.contains("operation timed out"), "{told}");
            assert_eq!(bench.pool.take_calls()[0].attempts, 3, "{} {reply:?}", format.kind);
        }
    }
}

#[test]
fn a_wrong_key_is_not_tried_again_and_not_repeated() {
    for format in &FORMATS {
        let reply = Reply::Changed(recorded(format, "401"), "KEY".to_owned(), KEY.to_owned());
        let (bench, server) = bench(format, vec![reply]);
        let error = bench.ask().expect_err("refused");
        assert!(error.message.contains("status 40"), "{error}");
        assert!(!error.message.contains(KEY), "{error}");
        let again = bench.ask().expect_err("left alone");
        assert!(again.message.contains("left alone"), "{again}");
        assert_eq!(server.seen().len(), 1, "{}", format.kind);
    }
}

#[test]
fn an_answer_that_does_not_fit_is_told_so_once_more() {
    for format in &FORMATS {
        let replies =
            ["words", "success"].map(|case| Reply::Traffic(recorded(format, case))).to_vec();
        let (bench, server) = bench(format, replies);
        assert_eq!(bench.ask().unwrap().value.unwrap()["word"], "green");
        let second = server.seen()[1].body.to_string();
        assert!(second.contains("not what was asked for"), "{second}");
        let [call] = &bench.pool.take_calls()[..] else { panic!("one call") };
        assert!(call.input_tokens == 240, "both answers are paid for: {call:?}");
    }
}

/// These two were recorded from a server of llama.cpp with a model of half a billion parameters.
#[test]
fn what_a_local_server_really_answered_is_read() {
    let recorded = [Reply::Traffic("gguf-success"), Reply::Traffic("gguf-too-long")];
    let (bench, server) = bench(&FORMATS[0], recorded.to_vec());
    assert_eq!(bench.ask().unwrap().value.unwrap()["word"], "green");
    let call = &bench.pool.take_calls()[0];
    assert_eq!((call.input_tokens, call.output_tokens), (28, 33));
    let other = crate::bench::prompt("And the sky?");
    let error = bench.pool.ask_only("far", &other, &rr_core::CancelToken::default());
    let error = error.expect_err("too long");
    assert_eq!(error.kind, ModelErrorKind::Refused);
    assert!(error.message.contains("exceeds the available context size"), "{error}");
    assert_eq!(server.seen().len(), 2, "a prompt that is too long is not sent again");
}
