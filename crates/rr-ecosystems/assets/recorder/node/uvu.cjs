// Records uvu's outcomes. uvu has neither reporters nor events: its suites queue up in a global
// array, and each gives back how many of its tests passed. So tests are numbered, not named.
'use strict';

const writer = require('./writer.cjs');

// Puts a queue in place that watches what uvu puts into it.
function watch(becomeRunner) {
  let out = null;
  let queued = 0;
  let done = 0;
  let failed = false;

  function watched(run, file, number) {
    queued += 1;
    return function () {
      return Promise.resolve(run()).then(function (result) {
        done += 1;
        const place = [writer.show(file), number ? 'suite ' + (number + 1) : '']
          .filter(Boolean).join(' > ');
        record(place, result);
        return result;
      });
    };
  }

  function record(place, result) {
    const errors = typeof result[0] === 'string' ? result[0] : '';
    const counts = [['passed', result[1]], ['failed', result[3] - result[1]], ['skipped', result[2]]];
    failed = failed || Boolean(errors);
    counts.forEach(function (pair) {
      for (let at = 0; at < pair[1]; at += 1) {
        const id = out.unique([place, pair[0] === 'failed' ? 'failed test' : 'test'].filter(Boolean).join(' > '));
        out.result(id, pair[0], 0, pair[0] === 'failed' ? errors : '');
      }
    });
  }

  function group(list) {
    if (!Array.isArray(list)) return list;
    const file = list[0];
    const push = list.push;
    let suites = 0;
    Object.defineProperty(list, 'push', {
      configurable: true,
      value: function (run) {
        if (out === null) start();
        return push.call(this, typeof run === 'function' ? watched(run, file, suites++) : run);
      }
    });
    return list;
  }

  function start() {
    becomeRunner();
    out = writer.open('uvu');
    process.on('exit', function () {
      if (done === queued) out.end(!failed);
    });
  }

  const queue = [];
  Object.defineProperty(queue, 'push', {
    configurable: true,
    value: function (list) { return Array.prototype.push.call(this, group(list)); }
  });
  Object.defineProperty(global, 'UVU_QUEUE', {
    configurable: true, enumerable: false, writable: true, value: queue
  });
}

module.exports = { watch: watch };
