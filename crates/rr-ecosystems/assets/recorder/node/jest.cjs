// Records jest's outcomes from what `runCLI` of @jest/core resolves to. Every front of jest
// (its own command, react-scripts, craco, nx) ends in that call, in the parent process, where
// the code under test never runs.
'use strict';

const writer = require('./writer.cjs');
const copies = new WeakMap();
const OUTCOMES = { passed: 'passed', failed: 'failed' };

function adapt(core, request, becomeRunner) {
  if (!core || typeof core.runCLI !== 'function') return core;
  if (copies.has(core)) return copies.get(core);
  const copy = Object.create(core);
  const runCLI = core.runCLI;
  Object.defineProperty(copy, 'runCLI', {
    configurable: true,
    enumerable: true,
    writable: true,
    value: function () {
      becomeRunner();
      const out = writer.open('jest');
      return runCLI.apply(core, arguments).then(function (value) {
        if (value && value.results) record(out, value.results);
        return value;
      });
    }
  });
  copies.set(core, copy);
  return copy;
}

function record(out, results) {
  results.testResults.forEach(function (file) {
    const name = writer.show(file.testFilePath);
    if (file.skipped) return;
    let failing = 0;
    file.testResults.forEach(function (test) {
      const outcome = OUTCOMES[test.status] || 'skipped';
      if (outcome === 'failed') failing += 1;
      const titles = (test.ancestorTitles || []).concat(test.title);
      const id = out.unique([name].concat(titles).join(' > '));
      const message = (test.failureMessages || []).join('\n');
      out.result(id, outcome, (test.duration || 0) / 1000, message);
    });
    // A file that could not be loaded, or that failed outside any test.
    const broken = file.testExecError || (file.failureMessage && failing === 0);
    if (broken) {
      const message = file.failureMessage || writer.describe(file.testExecError);
      out.result(out.unique(name), 'errored', 0, message);
    }
  });
  (results.runExecError ? [results.runExecError] : []).forEach(function (error) {
    out.result(out.unique('jest'), 'errored', 0, writer.describe(error));
  });
  if (results.wasInterrupted) {
    out.doubt('jest was interrupted before its end');
    return;
  }
  const snapshot = results.snapshot;
  if (snapshot && snapshot.failure && !results.numFailedTests) {
    out.doubt('jest failed for its snapshots: ' + (snapshot.unchecked || 0) + ' obsolete');
  }
  out.end(results.success);
}

module.exports = { adapt: adapt };
