//! Order, circuits, budgets, and answers that are kept.

use rr_core::{CancelToken, GenerativeModel as _, ModelErrorKind};

use crate::bench::{Bench, prompt, provider};
use crate::server::{Reply, Server};

#[test]
fn the_next_model_is_asked_where_one_fails_and_the_failing_one_is_left_alone() {
    let broken = Server::replaying(vec![Reply::Traffic("openai-500"); 9]);
    let healthy = Server::replaying(vec![Reply::Traffic("anthropic-success"); 9]);
    let text = format!(
        "[models]\norder = [\"first\", \"second\"]\ncache = false\n{}{}",
        provider("second", "anthropic", &healthy),
        provider("first", "openai", &broken)
    );
    let bench = Bench::of(&text);
    assert_eq!(bench.ask().unwrap().model, "second (m)");
    let calls = bench.pool.take_calls();
    let told: Vec<(&str, bool)> =
        calls.iter().map(|c| (c.provider.as_str(), c.error.is_some())).collect();
    assert_eq!(told, [("first", true), ("second", false)]);
    assert_eq!(broken.seen().len(), 3, "as often as is tried");
    bench.ask().unwrap();
    assert_eq!(broken.seen().len(), 3, "its circuit is open");
    let (_, state) = bench.pool.states().remove(0);
    assert!(state.is_some_and(|why| why.contains("left alone")));
}

#[test]
fn the_same_prompt_is_not_paid_for_twice_and_another_is_asked() {
    let server = Server::replaying(vec![Reply::Traffic("openai-success"); 9]);
    let bench = Bench::of(&provider("far", "openai", &server));
    let first = bench.ask().unwrap();
    assert_eq!(bench.ask().unwrap(), first);
    assert_eq!(server.seen().len(), 1);
    let calls = bench.pool.take_calls();
    assert!(!calls[0].cached && calls[1].cached);
    assert_eq!((calls[1].input_tokens, calls[1].cost_micros), (0, Some(0)));
    bench.pool.generate(&prompt("And the sky?"), &CancelToken::default()).unwrap();
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn a_recorded_conversation_is_played_again_without_any_model() {
    let server = Server::replaying(vec![Reply::Traffic("openai-success")]);
    let text = provider("far", "openai", &server);
    let recorded = Bench::of(&text);
    let answer = recorded.ask().unwrap();
    let folder = recorded.home.path().join("answers");
    let replayed = Bench::of(&format!("[models]\nreplay = {folder:?}\n{text}"));
    assert_eq!(replayed.ask().unwrap(), answer);
    let other = replayed.pool.generate(&prompt("And the sky?"), &CancelToken::default());
    let error = other.expect_err("was not recorded");
    assert_eq!(error.kind, ModelErrorKind::NoModel);
    assert!(error.message.contains("holds no answer"), "{error}");
    assert_eq!(server.seen().len(), 1, "nothing was sent");
}

#[test]
fn nothing_is_sent_that_a_budget_may_not_cover() {
    let server = Server::replaying(vec![Reply::Traffic("openai-success"); 9]);
    let text = provider("far", "openai", &server);
    let tokens = format!("[models]\ncache = false\nbudget.run = {{ tokens = 700 }}\n{text}");
    let bench = Bench::of(&tokens);
    bench.ask().unwrap();
    let mut asked = 1;
    let error = loop {
        match bench.ask() {
            Ok(_) => asked += 1,
            Err(error) => break error,
        }
        assert!(asked < 9, "the budget never ends");
    };
    assert_eq!(error.kind, ModelErrorKind::Budget);
    assert!(error.message.contains("budget of 700 tokens"), "{error}");
    assert!(bench.pool.account().spent().tokens <= 700);
    assert_eq!(server.seen().len(), asked);
    let cost = format!("[models]\nbudget.run = {{ cost = 0.000001 }}\n{text}");
    let error = Bench::of(&cost).ask().expect_err("too dear");
    assert!(error.message.contains("budget of 0.000001 cost"), "{error}");
    assert_eq!(server.seen().len(), asked, "nothing more was sent");
}

#[test]
fn a_model_that_obeys_a_readme_says_nothing_that_is_heard() {
    let server = Server::replaying(vec![Reply::Traffic("openai-obeys-a-readme"); 9]);
    let bench = Bench::of(&provider("far", "openai", &server));
    let error = bench.ask().expect_err("no answer");
    assert!(error.message.contains("not allowed"), "{error}");
}

#[test]
fn a_page_in_place_of_an_answer_and_nobody_at_all_are_failures() {
    let server = Server::replaying(vec![Reply::Traffic("openai-page"); 3]);
    let bench = Bench::of(&provider("far", "openai", &server));
    assert!(bench.ask().is_err());
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let text = format!(
        "[models.providers.gone]\nkind = \"openai\"\nmodel = \"m\"\nbase-url = \"http://{nobody}/v1\"\n"
    );
    let error = Bench::of(&text).ask().expect_err("nobody listens");
    assert!(error.message.to_lowercase().contains("connect"), "{error}");
}

#[test]
fn a_run_that_is_stopped_does_not_wait_for_an_answer() {
    let server = Server::replaying(vec![Reply::Silence]);
    let bench =
        Bench::of(&format!("[models]\ntimeout = 600\n{}", provider("a", "openai", &server)));
    let cancel = CancelToken::default();
    let asked = cancel.clone();
    std::thread::spawn(move || {
        while server.seen().is_empty() {
            std::thread::yield_now();
        }
        asked.cancel();
    });
    let error = bench.pool.generate(&prompt("?"), &cancel).expect_err("stopped");
    assert_eq!(error.kind, ModelErrorKind::Cancelled);
}

#[test]
fn a_key_that_is_not_set_is_named_and_nothing_is_sent() {
    let server = Server::replaying(Vec::new());
    let text = provider("far", "openai", &server).replace("TEST_KEY", "NO_SUCH_KEY");
    let error = Bench::of(&text).ask().expect_err("no key");
    assert!(error.message.contains("`NO_SUCH_KEY` is not set"), "{error}");
    assert!(server.seen().is_empty());
}
