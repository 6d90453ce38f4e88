//! Repositories of notebooks and little else: they are opened in Jupyter.

use rr_core::UnitKind;

use super::super::{Declared, NOTHING, install, start};

#[rustfmt::skip]
pub(crate) static NOTEBOOKS: Declared = Declared {
    id: "notebooks",
    tool: "uv",
    also: &["python"],
    manifests: &[(".ipynb", "jupyter")],
    frameworks: &[("***/.ipynb:\"ir\"", "r-kernel"), ("***/.ipynb:torch", "pytorch"), ("***/.ipynb:tensorflow", "tensorflow"), ("***/.ipynb:pandas", "pandas")],
    kinds: &[("", UnitKind::Site)],
    env: &[("UV_CACHE_DIR", "@{caches}/uv"), ("VIRTUAL_ENV", "@{env}/venv"), ("JUPYTER_CONFIG_DIR", "@{home}/jupyter")],
    steps: &[
        install("", "uv venv --quiet \"@{env}/venv\" && uv pip install --quiet jupyterlab ipykernel"),
        install("requirements.txt", "uv pip install --quiet -r requirements.txt"),
        start("", "exec \"@{env}/venv/bin/jupyter\" lab --no-browser --ip=127.0.0.1 --port=8888 --IdentityProvider.token='' --allow-root", 8888),
    ],
    ..NOTHING
};
