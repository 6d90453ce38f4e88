// Preloaded into every Node process of a test step (NODE_OPTIONS=--require). It waits until a
// test runner is loaded and then lets that runner's adapter record the outcomes. It changes
// nothing else: no reporter, no output, no exit status.
'use strict';

const settings = {
  nonce: process.env.REPO_RUNNER_NONCE || '',
  folder: process.env.REPO_RUNNER_REPORTS || '',
  root: process.env.REPO_RUNNER_ROOT || ''
};
const OURS = ['REPO_RUNNER_NONCE', 'REPO_RUNNER_REPORTS', 'REPO_RUNNER_ROOT'];

function isWorkerThread() {
  try {
    return !require('worker_threads').isMainThread;
  } catch (error) {
    return false; // Node before 10.5 has no worker threads.
  }
}

function withoutOurOptions(options) {
  return (options || '')
    .split(/\s+(?=--)/)
    .filter(function (option) {
      return !/recorder[\\/]node[\\/]/.test(option) && !/^--test-reporter(-destination)?=/.test(option);
    })
    .join(' ')
    .trim();
}

if (settings.nonce && settings.folder && !isWorkerThread()) install();

function install() {
  const Module = require('module');
  require('./writer.cjs').configure(settings);
  // The code under test sees none of our variables; child processes that may still turn out to
  // be the real runner (`npm`, `nyc`, `mocha` with Node flags) get them back when they start.
  OURS.forEach(function (name) { delete process.env[name]; });
  const handOn = require('./children.cjs').handOn(settings);
  const isTestParent = process.execArgv.indexOf('--test') >= 0;
  if (isTestParent || process.env.NODE_TEST_CONTEXT) becomeRunner();
  global[Symbol.for('repo-runner.recorder')] = { becomeRunner: becomeRunner };

  const adapters = [
    {
      matches: function (request, parent) {
        // Mocha 12 is made of ES modules, but for its centre.
        return /^\.\/runner(\.js)?$/.test(request) &&
          /[\\/]mocha[^\\/]*[\\/]lib[\\/]mocha\.c?js$/.test(parent);
      },
      file: './mocha.cjs'
    },
    { matches: function (request) { return request === '@jest/core'; }, file: './jest.cjs' },
    {
      matches: function (request, parent) {
        return /^\.\/lib\/(test|results|render)$/.test(request) &&
          /[\\/]tape[^\\/]*[\\/]index\.js$/.test(parent);
      },
      file: './tape.cjs'
    },
    { matches: function (request) { return request === 'jasmine-core'; }, file: './jasmine.cjs' }
  ];

  if (process.argv.some(function (word) { return /[\\/]uvu([\\/]bin\.js)?$/.test(word); })) {
    require('./uvu.cjs').watch(becomeRunner);
  }

  const load = Module._load;
  Module._load = function (request, parent) {
    const exported = load.apply(this, arguments);
    if (typeof request !== 'string') return exported;
    const from = (parent && parent.filename) || '';
    for (let at = 0; at < adapters.length; at += 1) {
      if (adapters[at].matches(request, from)) {
        return require(adapters[at].file).adapt(exported, request, becomeRunner);
      }
    }
    return exported;
  };

  // From here on child processes are the tests' own business: they inherit nothing of ours.
  function becomeRunner() {
    handOn.stop();
    const left = withoutOurOptions(process.env.NODE_OPTIONS);
    if (left) process.env.NODE_OPTIONS = left;
    else delete process.env.NODE_OPTIONS;
  }
}
