//! Machine learning: models that the code downloads, and use of a graphics processor.

use rr_core::FactKey;

use super::calls::Call;
use super::scan::{Found, Source};
use super::syntax::Language;
use super::tokens::Kind;

/// Modules whose import alone means a graphics processor.
static GPU_MODULES: &[(Language, &str)] = &[
    (Language::Python, "cupy"),
    (Language::Python, "pycuda"),
    (Language::Python, "numba.cuda"),
    (Language::Python, "cudf"),
    (Language::Python, "tensorrt"),
    (Language::Rust, "cudarc"),
    (Language::Rust, "cust"),
];

/// Models and graphics processors of a source.
pub(super) fn read(source: &Source<'_, '_>) -> Vec<Found> {
    let mut found: Vec<Found> = source
        .imports
        .iter()
        .filter(|import| {
            GPU_MODULES.iter().any(|(language, module)| {
                *language == source.language && import.module.starts_with(module)
            })
        })
        .map(|import| Found::new(FactKey::Gpu, import.module.clone(), import.line, "gpu"))
        .collect();
    if source.language == Language::Python {
        found.extend(source.calls.iter().filter_map(model));
        found.extend(source.calls.iter().filter_map(gpu));
    }
    found
}

fn model(call: &Call<'_, '_>) -> Option<Found> {
    let text = |at: usize| call.text(at).map(str::to_owned);
    let named = |name: &str| call.named(name).and_then(|a| a.text()).map(str::to_owned);
    let model = match (call.name(), call.callee.as_str()) {
        ("from_pretrained", _) => {
            format!("transformers {}", text(0).or_else(|| named("pretrained_model_name_or_path"))?)
        }
        ("pipeline", _) => format!("transformers {}", named("model").or_else(|| text(1))?),
        ("SentenceTransformer" | "CrossEncoder", _) => {
            format!("sentence-transformers {}", text(0)?)
        }
        ("hf_hub_download" | "snapshot_download", _) => {
            format!("huggingface {}", named("repo_id").or_else(|| text(0))?)
        }
        (_, "torch.hub.load") => format!("torch hub {} {}", text(0)?, text(1).unwrap_or_default()),
        (_, "spacy.load" | "spacy.cli.download") => format!("spacy {}", text(0)?),
        (_, "nltk.download") => format!("nltk {}", text(0)?),
        (_, "whisper.load_model") => format!("whisper {}", text(0)?),
        (name, callee) if callee.contains("keras.applications") && named("weights").is_some() => {
            format!("keras {name}")
        }
        (name, callee)
            if callee.starts_with("torchvision.models") || callee.starts_with("models.") =>
        {
            let pretrained = call
                .named("pretrained")
                .is_some_and(|a| a.tokens.iter().any(|t| t.says("True")))
                || call.named("weights").is_some_and(|a| !a.tokens.iter().any(|t| t.says("None")));
            pretrained.then(|| format!("torchvision {name}"))?
        }
        _ => return None,
    };
    // A path of the tree is no download.
    let local = model.contains("./") || model.ends_with(' ') && !model.contains('/');
    (!local).then(|| Found::new(FactKey::Model, model.trim_end(), call.line, "model"))
}

fn gpu(call: &Call<'_, '_>) -> Option<Found> {
    let cuda = |argument: &super::calls::Argument<'_, '_>| {
        argument
            .tokens
            .iter()
            .any(|t| t.kind == Kind::Text && (t.text == "cuda" || t.text.starts_with("cuda:")))
    };
    let method = call.name() == "cuda" && call.arguments.is_empty();
    let moved = matches!(call.name(), "to" | "device") && call.arguments.iter().any(cuda);
    let asked = call.callee.starts_with("torch.cuda.") || call.callee.starts_with("cuda.");
    if !(method || moved || asked) {
        return None;
    }
    Some(Found::new(FactKey::Gpu, call.callee.clone(), call.line, "gpu"))
}

#[cfg(test)]
mod tests {
    use super::super::scan::scan;
    use super::*;

    #[test]
    fn downloads_and_graphics_processors_are_found() {
        let source = "import torch, cupy\nm = AutoModel.from_pretrained('org/model')\nl = AutoModel.from_pretrained('./local')\nn = x.from_pretrained(path)\nm.to('cuda')\ntorch.cuda.set_device(0)\nnlp = spacy.load('en_core_web_sm')\n";
        let found = scan("a.py", source, Language::Python).found;
        let shown: Vec<_> = found.iter().map(|f| format!("{:?} {}", f.key, f.value)).collect();
        assert_eq!(
            shown,
            [
                "Gpu cupy",
                "Model transformers org/model",
                "Model spacy en_core_web_sm",
                "Gpu m.to",
                "Gpu torch.cuda.set_device",
            ]
        );
    }
}
