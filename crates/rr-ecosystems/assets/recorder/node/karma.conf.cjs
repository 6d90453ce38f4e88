// Stands in for a repository's Karma configuration: takes it over as it is, drives the installed
// Chromium without a window, runs once, and records the outcomes through a reporter of its own.
'use strict';

const path = require('path');
const writer = require('./writer.cjs');

module.exports = function (config) {
  const file = path.resolve(process.env.REPO_RUNNER_KARMA || 'karma.conf.js');
  const found = require(file);
  const theirs = typeof found === 'function' ? found : found.default;
  return Promise.resolve(theirs(config)).then(function () {
    const launchers = Object.assign({}, config.customLaunchers);
    launchers.RepoRunnerChrome = { base: 'ChromeHeadless', flags: flagsOf(launchers) };
    config.set({
      basePath: path.resolve(path.dirname(file), config.basePath || ''),
      browsers: ['RepoRunnerChrome'],
      customLaunchers: launchers,
      plugins: (config.plugins || ['karma-*']).concat([
        { 'reporter:repo-runner': ['factory', reporter] }
      ]),
      reporters: (config.reporters || []).concat(['repo-runner']),
      singleRun: true,
      autoWatch: false
    });
  });
};

// The repository's own flags for Chrome; the run's sandbox stands in for Chrome's.
function flagsOf(launchers) {
  const own = Object.keys(launchers)
    .filter(function (name) { return /Chrom/.test(launchers[name].base || ''); })
    .map(function (name) { return launchers[name].flags || []; });
  return ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'].concat(own[0] || []);
}

function reporter() {
  const recorder = global[Symbol.for('repo-runner.recorder')];
  if (recorder) recorder.becomeRunner();
  const out = writer.open('karma');
  return {
    adapters: [],
    onBrowserStart: function (browser, info) {
      if (info && info.total) out.found(info.total);
    },
    onSpecComplete: function (browser, result) {
      const id = out.unique((result.suite || []).concat([result.description]).join(' > '));
      const outcome = result.skipped ? 'skipped' : result.success ? 'passed' : 'failed';
      out.result(id, outcome, (result.time || 0) / 1000, (result.log || []).join('\n'));
    },
    onBrowserError: function (browser, error) {
      const text = (error && (error.message || error)) || 'an error outside of tests';
      out.result(out.unique('browser'), 'errored', 0, String(text));
    },
    onRunComplete: function (browsers, results) {
      if (results.disconnected) out.doubt('the browser was disconnected');
      out.end(results.exitCode === 0 && !results.disconnected);
    }
  };
}
