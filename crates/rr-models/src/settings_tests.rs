use super::*;

fn read(text: &str) -> Result<Option<ModelSettings>, SettingsError> {
    ModelSettings::read(Path::new("/home/me/config.toml"), text)
}

fn refused(text: &str) -> String {
    let error = read(text).expect_err("refused");
    format!("{error} | {}", error.hint)
}

const FILE: &str = r#"
[models]
order = ["far", "here"]
timeout = 20

[models.budget]
run = { tokens = 5000, cost = 0.25 }

[models.providers.here]
kind = "gguf"
file = "/models/small-q4.gguf"

[models.providers.far]
kind = "anthropic"
model = "some-model"
input-price = 3
output-price = 15.0

[models.providers.unused]
kind = "ollama"
model = "m"
"#;

#[test]
fn a_whole_file_is_read_in_its_order() {
    let settings = read(FILE).expect("reads").expect("models");
    let names: Vec<&str> = settings.providers.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["far", "here"]);
    assert_eq!(settings.providers[0].key_env.as_deref(), Some("ANTHROPIC_API_KEY"));
    assert_eq!(settings.providers[1].model, "small-q4");
    assert_eq!(settings.per_run, Spending { tokens: Some(5000), cost_micros: Some(250_000) });
    assert_eq!(settings.providers[0].cost_micros(1000, 100), Some(4500));
    assert_eq!(settings.providers[1].cost_micros(1000, 100), Some(0));
}

#[test]
fn a_file_without_models_changes_nothing() {
    assert_eq!(read(""), Ok(None));
    let settings = read("[models.providers.a]\nkind = \"ollama\"\nmodel = \"m\"\n");
    let settings = settings.expect("reads").expect("models");
    assert_eq!(settings.per_run.tokens, Some(RUN_TOKENS), "a run is always bounded");
    assert_eq!(settings.providers[0].key_env, None);
}

#[test]
fn errors_name_file_line_value_and_the_way_out() {
    let error = refused("[models]\norder = []\ntimout = 3\n");
    assert!(error.contains("/home/me/config.toml` line 3"), "{error}");
    assert!(error.contains("timout"), "{error}");
    let error = refused("[models.providers.a]\nkind = \"openia\"\n");
    assert!(error.contains("openia") && error.contains("line 2"), "{error}");
    let error = refused("[models]\n");
    assert!(error.contains("no provider"), "{error}");
    let error = refused(&FILE.replace("\"here\"]", "\"her\"]"));
    assert!(error.contains("`her`"), "{error}");
    let error = refused(&FILE.replace("input-price = 3\n", ""));
    assert!(error.contains("models.providers.far") && error.contains("input-price"), "{error}");
    let error = refused("[models.providers.a]\nkind=\"openai\"\nmodel=\"m\"\nbase-url=\"x\"\n");
    assert!(error.contains("base-url = \"x\""), "{error}");
}

#[test]
fn keys_are_refused_in_the_file_and_never_repeated() {
    let provider = "[models.providers.a]\nkind = \"openai\"\nmodel = \"m\"\n";
    let error = refused(&format!("{provider}key = \"sk-very-secret\"\n"));
    assert!(error.contains("key-env") && !error.contains("very-secret"), "{error}");
    let error = refused(&format!("{provider}key-env = \"sk-very-secret\"\n"));
    assert!(error.contains("variable") && !error.contains("very-secret"), "{error}");
    let error = refused(&format!("{provider}base-url = \"https://me:very-secret@x.example/\"\n"));
    assert!(!error.contains("very-secret"), "{error}");
}
