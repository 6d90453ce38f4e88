//! Descriptions of machines, and builds that other tools run: Nix, Terraform, Ansible, Helm,
//! Bazel. Their own checks are run; nothing is ever applied to a machine.

use rr_core::UnitKind;

use super::super::{Declared, NOTHING, Report, build, exact, install, range, test};

#[rustfmt::skip]
pub(crate) static NIX: Declared = Declared {
    id: "nix",
    tool: "nix",
    get: "install Nix, https://nixos.org/download",
    manifests: &[("flake.nix", "nix"), ("default.nix", "nix")],
    env: &[("NIX_CONFIG", "experimental-features = nix-command flakes")],
    steps: &[
        build("flake.nix", "nix build --no-link"),
        build("default.nix&!flake.nix", "nix-build --no-out-link"),
        test("flake.nix:checks", "nix flake check", "nix-flake-check", Report::Exit),
    ],
    ..NOTHING
};

#[rustfmt::skip]
pub(crate) static TERRAFORM: Declared = Declared {
    id: "terraform",
    tool: "terraform",
    get: "install Terraform, https://developer.hashicorp.com/terraform/install, or OpenTofu, https://opentofu.org/docs/intro/install",
    manifests: &[("main.tf", "terraform"), ("versions.tf", "terraform"), ("providers.tf", "terraform"), ("terragrunt.hcl", "terragrunt")],
    sources: &["tf", "hcl"],
    versions: &[exact(".terraform-version", r"^(\d\S*)"), exact(".tool-versions", r"^(?:terraform|opentofu)\s+(\S+)"), range("versions.tf", r#"required_version\s*=\s*"([^"]+)""#), range("main.tf", r#"required_version\s*=\s*"([^"]+)""#)],
    env: &[("TF_IN_AUTOMATION", "1"), ("TF_INPUT", "0"), ("TF_PLUGIN_CACHE_DIR", "@{env}/terraform")],
    test_programs: &["terraform", "tofu"],
    steps: &[
        install("!terragrunt.hcl|main.tf", "mkdir -p \"@{env}/terraform\" && terraform init -backend=false"),
        build("!terragrunt.hcl|main.tf", "terraform validate"),
        test("***/.tftest.hcl", "terraform test", "terraform-test", Report::Exit),
    ],
    ..NOTHING
};

#[rustfmt::skip]
pub(crate) static ANSIBLE: Declared = Declared {
    id: "ansible",
    tool: "ansible-core",
    also: &["python"],
    manifests: &[("ansible.cfg", "ansible"), ("playbook.yml:hosts:", "ansible"), ("site.yml:hosts:", "ansible"), ("site.yaml:hosts:", "ansible"), ("main.yml:hosts:", "ansible"), ("galaxy.yml", "ansible-galaxy")],
    sources: &["yml", "yaml"],
    frameworks: &[("***/molecule.yml", "molecule")],
    env: &[("ANSIBLE_HOME", "@{home}/ansible"), ("ANSIBLE_LOCAL_TEMP", "@{home}/ansible-tmp"), ("ANSIBLE_NOCOLOR", "1"), ("LC_ALL", "C.UTF-8")],
    test_programs: &["ansible-playbook", "molecule"],
    steps: &[
        install("requirements.yml", "ansible-galaxy install -r requirements.yml"),
        build("playbook.yml:hosts:|site.yml:hosts:|site.yaml:hosts:|main.yml:hosts:", "ansible-playbook --syntax-check -i localhost, {}"),
    ],
    ..NOTHING
};

#[rustfmt::skip]
pub(crate) static HELM: Declared = Declared {
    id: "helm",
    tool: "helm",
    get: "install Helm, https://helm.sh/docs/intro/install",
    manifests: &[("Chart.yaml", "helm")],
    sources: &["yaml", "yml", "tpl"],
    env: &[("HELM_CACHE_HOME", "@{caches}/helm"), ("HELM_CONFIG_HOME", "@{home}/helm")],
    test_programs: &["helm", "ct"],
    steps: &[
        install("Chart.yaml:dependencies:", "helm dependency build ."),
        build("", "helm lint . && helm template check . > /dev/null"),
        test("tests/", "helm unittest --output-file \"@{reports}/helm.xml\" --output-type JUnit .", "helm-unittest", Report::Junit("@{reports}/helm.xml")),
    ],
    ..NOTHING
};

#[rustfmt::skip]
pub(crate) static BAZEL: Declared = Declared {
    id: "bazel",
    tool: "bazel",
    get: "install Bazelisk as `bazel`, https://bazel.build/install/bazelisk",
    manifests: &[("MODULE.bazel", "bazel"), ("WORKSPACE.bazel", "bazel"), ("WORKSPACE:workspace(", "bazel")],
    versions: &[exact(".bazelversion", r"^(\d\S*)")],
    frameworks: &[("***/BUILD.bazel:cc_test|***/BUILD:cc_test", "cc_test"), ("***/BUILD.bazel:java_test|***/BUILD:java_test", "java_test"), ("***/BUILD.bazel:go_test|***/BUILD:go_test", "go_test"), ("***/BUILD.bazel:py_test|***/BUILD:py_test", "py_test")],
    kinds: &[("", UnitKind::Workspace)],
    test_programs: &["bazel", "bazelisk"],
    env: &[("BAZELISK_HOME", "@{caches}/bazelisk")],
    steps: &[
        build("", "bazel build //..."),
        test("***/BUILD.bazel:_test(|***/BUILD:_test(", BAZEL_TEST, "bazel-test", Report::Junit("@{reports}/bazel/**/*.xml")),
    ],
    ..NOTHING
};

const BAZEL_TEST: &str = "bazel test //... --test_output=errors; status=$?
mkdir -p \"@{reports}/bazel\"
(cd -P bazel-testlogs && find . -name test.xml -exec cp --parents {} \"@{reports}/bazel\" \\;)
exit $status";
