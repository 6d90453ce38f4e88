use rr_core::{Ecosystem, EnvironmentReport, MemoryRepo, PlanContext, UnitPlan};

use crate::analysis::analyze_view;

fn plan(files: &[(&str, &str)]) -> UnitPlan {
    let repo = MemoryRepo::new(files.iter().copied());
    let analysis = analyze_view(&repo);
    let environment = EnvironmentReport::default();
    let unit = analysis.units.iter().find(|unit| unit.ecosystem.as_str() == "ruby").unwrap();
    let context = PlanContext { analysis: &analysis, environment: &environment };
    super::Ruby.plan(&repo, unit, &context)
}

fn commands(plan: &UnitPlan) -> Vec<String> {
    plan.steps.iter().map(|step| step.command.to_string()).collect()
}

#[test]
fn a_bare_rake_of_ci_is_narrowed_to_the_test_task() {
    let workflow = "on: push\njobs:\n  t:\n    runs-on: ubuntu-latest\n    env:\n      CI: spec\n    steps:\n      - run: bundle exec rake\n";
    let plan = plan(&[
        ("Gemfile", "source 'https://rubygems.org'\ngemspec\ngem 'webrick'\n"),
        ("frob.gemspec", "s.required_ruby_version = '>= 2.7.3'\n"),
        (
            "Rakefile",
            "require 'rake/testtask'\nRake::TestTask.new do |t|\nend\ntask default: [:rubocop, :test]\n",
        ),
        ("lib/frob.rb", ""),
        ("test/spec_frob.rb", ""),
        (".github/workflows/ci.yml", workflow),
    ]);
    assert_eq!(
        commands(&plan),
        [
            "bundle install",
            "bundle exec ruby -Ilib -e 'require '\\''frob'\\'''",
            "bundle exec rake test"
        ]
    );
    assert_eq!(plan.env.get("BUNDLE_PATH").map(String::as_str), Some("@{env}/bundle"));
}

#[test]
fn rspec_is_found_by_its_files() {
    let plan = plan(&[("Gemfile", "gem 'rspec'"), ("lib/a.rb", ""), ("spec/a_spec.rb", "")]);
    assert_eq!(commands(&plan), ["bundle install", "bundle exec rspec"]);
    assert_eq!(plan.steps[1].test.as_ref().unwrap().runner, "rspec");
}

#[test]
fn rack_applications_start() {
    let plan = plan(&[("Gemfile", "gem 'sinatra'"), ("config.ru", "run App"), ("app.rb", "")]);
    assert_eq!(commands(&plan)[1], "bundle exec rackup -o 127.0.0.1 -p 9292");
}

#[test]
fn a_rakefile_alone_is_a_tool_of_something_else() {
    let repo = MemoryRepo::new([("Rakefile", "task :sass"), ("index.html", ""), ("x.rb", "")]);
    assert!(super::Ruby.detect(&repo).is_empty());
}

#[test]
fn gems_are_called_otherwise_by_the_distribution() {
    assert_eq!(
        super::gems::debian_package("minitest-global_expectations"),
        "ruby-minitest-global-expectations"
    );
    assert_eq!(super::gems::debian_package("rake"), "rake");
}

/// The remedies of the first diagnosis of a failed `bundle install`, as commands.
fn cures(output: &str) -> Vec<Vec<String>> {
    let id = rr_core::EcosystemId::new("ruby");
    let step = |name: &str, kind, line: &str| {
        rr_core::Step::new(name, &id, "", kind, "x", rr_core::Command::argv(line.split(' ')))
    };
    let install = step("ruby-install", rr_core::StepKind::Install, "bundle install");
    let test = step("ruby-test", rr_core::StepKind::Test, "bundle exec rake test");
    let plan = rr_core::RunPlan { steps: vec![install.clone(), test], ..Default::default() };
    let outcome = rr_core::Outcome {
        exit: rr_core::Exit::Code(17),
        seconds: 1.0,
        output_bytes: 0,
        tail: String::new(),
        head: String::new(),
        peak_memory: None,
        left_processes: false,
    };
    let (analysis, environment) = (rr_core::Analysis::default(), EnvironmentReport::default());
    let failed = rr_core::FailedStep {
        step: &install,
        outcome: &outcome,
        output,
        tests: None,
        plan: &plan,
        analysis: &analysis,
        environment: &environment,
        treated: &[],
    };
    let repo = MemoryRepo::new([("Gemfile", "gem 'rake'\ngem 'minitest'")]);
    let found = super::Ruby.diagnose(&repo, &failed).into_iter().next().unwrap();
    let lines = |remedy: &rr_core::Remedy| {
        let mut plan = plan.clone();
        for edit in &remedy.edits {
            edit.apply(&mut plan);
        }
        plan.steps.iter().map(|step| step.command.to_string()).collect()
    };
    found.remedies.iter().map(lines).collect()
}

#[test]
fn an_unreachable_registry_gives_way_to_the_distributions_gems_then_to_no_bundler() {
    let found = cures(
        "Could not reach host index.rubygems.org. Check your network connection and try\nagain.\n",
    );
    assert_eq!(
        found,
        [
            vec![
                "env -u BUNDLE_PATH bundle install --local".to_owned(),
                "env -u BUNDLE_PATH bundle exec rake test".to_owned(),
            ],
            vec!["rake test".to_owned()],
        ]
    );
}

#[test]
fn the_default_task_tells_which_task_tests() {
    let task = |text: &str| super::gems::test_task(&MemoryRepo::new([("Rakefile", text)]), "");
    let document = "desc 'Generate the specification'\ntask \"spec\" do\nend\ntask default: :test\nRake::TestTask.new(\"test:regular\") do |t|\nend\n";
    assert_eq!(task(document).as_deref(), Some("test"));
    assert_eq!(task("Rake::TestTask.new do |t|\nend\n").as_deref(), Some("test"));
    assert_eq!(
        task(
            "require 'rspec/core/rake_task'\nRSpec::Core::RakeTask.new(:spec)\ntask default: :spec\n"
        ),
        None
    );
    assert_eq!(task("task :sass\n"), None);
}

#[test]
fn an_application_is_started_by_its_own_server_after_its_database_is_ready() {
    let rack =
        plan(&[("Gemfile", "gem 'sinatra'\ngem \"puma\""), ("config.ru", ""), ("a.rb", "x")]);
    assert!(commands(&rack).iter().any(|line| line.contains("puma --bind tcp://127.0.0.1:9292")));
    let rails = plan(&[
        ("Gemfile", "gem 'rails'\ngem 'sqlite3'"),
        ("bin/rails", ""),
        ("config/database.yml", "test:\n"),
        ("config.ru", ""),
        ("app/a.rb", "x"),
    ]);
    let lines = commands(&rails);
    let at = |text: &str| lines.iter().position(|line| line.contains(text)).expect("a step");
    assert!(at("rails db:prepare") < at("rails server"), "{lines:?}");
}
