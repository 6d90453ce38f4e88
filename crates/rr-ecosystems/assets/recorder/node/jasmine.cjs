// Records jasmine's outcomes through a reporter of its own that cannot be cleared away.
'use strict';

const writer = require('./writer.cjs');
const copies = new WeakMap();
const known = new WeakSet();

function adapt(core, request, becomeRunner) {
  const ready = core && core.jasmine && typeof core.jasmine.getEnv === 'function';
  if (!core || !(ready || typeof core.boot === 'function')) return core;
  if (copies.has(core)) return copies.get(core);
  const copy = Object.create(core);
  // Jasmine 6 exports a booted instance.
  if (ready) define(copy, 'jasmine', bootedInstance(core.jasmine, becomeRunner));
  ['boot', 'noGlobals'].forEach(function (name) {
    if (typeof core[name] !== 'function') return;
    define(copy, name, function () {
      becomeRunner();
      const booted = core[name].apply(core, arguments);
      const jasmine = booted && booted.jasmine ? booted.jasmine : booted;
      if (jasmine && typeof jasmine.getEnv === 'function') watch(jasmine.getEnv());
      return booted;
    });
  });
  copies.set(core, copy);
  return copy;
}

function define(target, name, value) {
  Object.defineProperty(target, name, {
    configurable: true, enumerable: true, writable: true, value: value
  });
}

function bootedInstance(jasmine, becomeRunner) {
  const copy = Object.create(jasmine);
  define(copy, 'getEnv', function () {
    becomeRunner();
    const env = jasmine.getEnv.apply(jasmine, arguments);
    watch(env);
    return env;
  });
  return copy;
}

function watch(env) {
  if (known.has(env)) return;
  known.add(env);
  const mine = reporter();
  env.addReporter(mine);
  const clear = env.clearReporters;
  // Jasmine 6 freezes it; there only `--reporter` would clear ours away, and the missing record
  // shows.
  const slot = Object.getOwnPropertyDescriptor(env, 'clearReporters');
  if (slot && !slot.writable) return;
  env.clearReporters = function () {
    const result = clear.apply(this, arguments);
    env.addReporter(mine);
    return result;
  };
}

function reporter() {
  let out = null;
  const ids = new Map();
  function id(result) {
    if (!ids.has(result.id)) {
      const file = writer.show(result.filename && /\.[cm]?[jt]sx?$/.test(result.filename)
        ? result.filename
        : '');
      ids.set(result.id, out.unique([file, result.fullName].filter(Boolean).join(' > ')));
    }
    return ids.get(result.id);
  }
  function failures(result) {
    return (result.failedExpectations || []).map(function (failure) {
      return failure.stack || failure.message;
    }).join('\n');
  }
  function outside(result, name) {
    const text = failures(result);
    if (text) out.result(out.unique(name), 'errored', 0, text);
  }
  return {
    jasmineStarted: function (info) {
      out = writer.open('jasmine');
      out.found(info.totalSpecsDefined || 0);
    },
    specStarted: function (result) { out.begin(id(result)); },
    specDone: function (result) {
      const outcome = { passed: 'passed', failed: 'failed' }[result.status] || 'skipped';
      out.result(id(result), outcome, (result.duration || 0) / 1000, failures(result));
    },
    suiteDone: function (result) { outside(result, result.fullName + ' (suite)'); },
    jasmineDone: function (result) {
      outside(result || {}, 'jasmine');
      const status = (result && result.overallStatus) || 'passed';
      if (status === 'incomplete') out.doubt('incomplete: ' + (result.incompleteReason || ''));
      out.end(status === 'passed');
    }
  };
}

module.exports = { adapt: adapt };
