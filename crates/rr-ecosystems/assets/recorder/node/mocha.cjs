// Records mocha's outcomes from the events of its Runner, whatever reporter prints them.
'use strict';

const writer = require('./writer.cjs');
const patched = new WeakSet();

function adapt(exported, request, becomeRunner) {
  const Runner = exported && exported.Runner && exported.Runner.prototype ? exported.Runner : exported;
  if (!Runner || !Runner.prototype || patched.has(Runner.prototype)) return exported;
  patched.add(Runner.prototype);
  const run = Runner.prototype.run;
  Runner.prototype.run = function () {
    if (!patched.has(this)) {
      patched.add(this);
      // Not sooner: with Node flags mocha loads itself only to start another Node.
      becomeRunner();
      record(this);
    }
    return run.apply(this, arguments);
  };
  return exported;
}

function record(runner) {
  const out = writer.open('mocha');
  const ids = new WeakMap();
  const done = new WeakSet();
  const begun = new WeakSet();
  let brokenHook = '';

  function titles(runnable) {
    const path = typeof runnable.titlePath === 'function'
      ? runnable.titlePath()
      : [typeof runnable.fullTitle === 'function' ? runnable.fullTitle() : runnable.title];
    return [writer.show(runnable.file)].concat(path).filter(Boolean).join(' > ');
  }
  function id(test) {
    if (!ids.has(test)) ids.set(test, out.unique(titles(test)));
    return ids.get(test);
  }
  function finish(test, outcome, message) {
    if (!done.has(test) && test.type !== 'hook') reported += 1;
    if (running === test) running = null;
    const name = done.has(test) ? out.unique(titles(test) + ' (again)') : id(test);
    done.add(test);
    out.result(name, outcome, (test.duration || 0) / 1000, message);
  }

  let found = 0;
  let reported = 0;
  let running = null;
  // Only now has mocha left out what `.only` leaves out.
  runner.on('start', function () {
    const counts = typeof runner.grepTotal === 'function' && runner.suite;
    found = counts ? runner.grepTotal(runner.suite) : runner.total || 0;
    out.found(found);
  });
  // A retried test is a clone with its own identity, but the same place in the suite.
  runner.on('retry', function (test) { done.add(test); });
  runner.on('test', function (test) {
    running = test;
    begun.add(test);
    const first = typeof test.retriedTest === 'function' ? test.retriedTest() : null;
    if (first && ids.has(first)) ids.set(test, ids.get(first));
    else out.begin(id(test));
  });
  runner.on('pass', function (test) { finish(test, 'passed', ''); });
  runner.on('pending', function (test) { if (!done.has(test)) finish(test, 'skipped', ''); });
  runner.on('fail', function (test, error) {
    const isTest = test.type === 'test' || test.type === undefined;
    if (isTest) {
      finish(test, done.has(test) ? 'errored' : 'failed', writer.describe(error));
    } else {
      brokenHook = titles(test);
      finish(test, 'errored', writer.describe(error));
    }
  });
  // Suites that end their process in a last hook did run all their tests.
  process.on('exit', function () {
    if (found > 0 && reported >= found && running === null) {
      out.doubt('the suite ended its process in a hook, after its last test');
      out.end(!runner.failures);
    }
  });
  runner.once('end', function () {
    found = 0;
    if (brokenHook) notRun(runner, done, begun, finish, brokenHook);
    out.end(!runner.failures);
  });
}

// A failed hook takes the rest of its suite with it; those tests could not run.
function notRun(runner, done, begun, finish, hook) {
  if (!runner.suite || typeof runner.suite.eachTest !== 'function') return;
  runner.suite.eachTest(function (test) {
    if (done.has(test) || test.state || (test.pending === true)) return;
    if (typeof test.isPending === 'function' && test.isPending()) return;
    // Old mocha reports a retried test under its clone.
    if (begun.has(test) && typeof test.retries === 'function' && test.retries() > 0) return;
    if (runner._grep) {
      const matches = runner._grep.test(test.fullTitle());
      if (matches === Boolean(runner._invert)) return;
    }
    finish(test, 'errored', 'not run: ' + hook + ' failed');
  });
}

module.exports = { adapt: adapt };
