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
