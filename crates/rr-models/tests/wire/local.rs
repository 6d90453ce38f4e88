//! A model on this machine, behind a server that the pool starts.

use rr_core::ModelErrorKind;

use crate::bench::Bench;

#[test]
fn what_is_missing_is_named_and_a_server_that_dies_is_told_with_its_last_words() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tiny.gguf");
    let text = |server: &str| {
        format!(
            "[models.providers.here]\nkind = \"gguf\"\nfile = {file:?}\nserver = \"{server}\"\n"
        )
    };
    let error = Bench::of(&text("no-such-llama-server")).ask().expect_err("no program");
    assert!(error.message.contains("no program `no-such-llama-server`"), "{error}");
    let error = Bench::of(&text("/bin/ls")).ask().expect_err("no file");
    assert!(error.message.contains("tiny.gguf"), "{error}");
    std::fs::write(&file, "not a model").unwrap();
    // `ls -m FILE --host …` ends at once with a complaint.
    let error = Bench::of(&text("/bin/ls")).ask().expect_err("it ended");
    assert_eq!(error.kind, ModelErrorKind::NoModel);
    assert!(error.message.contains("the model's server ended: exit status 2"), "{error}");
}

/// Needs a real model: `LLAMA_SERVER` and `GGUF_FILE` name a server and a file.
/// `cargo test -p rr-models --test wire -- --ignored --nocapture`
#[test]
#[ignore = "needs a llama-server and a GGUF file, which the product does not bring"]
#[expect(clippy::disallowed_methods, reason = "an opt-in test is configured from outside")]
fn a_real_local_model_answers_in_the_asked_shape_twice_the_same() {
    let named = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("`{name}` is not set"));
    let text = format!(
        "[models]\ntimeout = 600\ncache = false\n[models.providers.here]\nkind = \"gguf\"\n\
         file = {:?}\nserver = {:?}\ncontext = 4096\n",
        named("GGUF_FILE"),
        named("LLAMA_SERVER"),
    );
    let bench = Bench::of(&text);
    let first = bench.ask().unwrap();
    let word = first.value.clone().unwrap()["word"].clone();
    assert!(word == "green" || word == "red", "{first:?}");
    assert!(first.input_tokens > 100 && first.output_tokens > 5, "{first:?}");
    let second = bench.ask().unwrap();
    assert_eq!(second.value, first.value, "the same question gets the same answer");
    println!("{first:?}");
}
