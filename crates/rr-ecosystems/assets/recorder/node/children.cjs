// Gives child processes the recorder's variables, which hook.cjs has taken out of this process,
// until a test runner is at work here.
'use strict';

const childProcess = require('child_process');

function handOn(settings) {
  let active = true;
  const variables = {
    REPO_RUNNER_NONCE: settings.nonce,
    REPO_RUNNER_REPORTS: settings.folder,
    REPO_RUNNER_ROOT: settings.root
  };

  const prototype = childProcess.ChildProcess && childProcess.ChildProcess.prototype;
  if (prototype && prototype.spawn) {
    const spawn = prototype.spawn;
    prototype.spawn = function (options) {
      if (active && options && Array.isArray(options.envPairs)) {
        Object.keys(variables).forEach(function (name) {
          options.envPairs.push(name + '=' + variables[name]);
        });
      }
      return spawn.apply(this, arguments);
    };
  }

  ['spawnSync', 'execFileSync', 'execSync'].forEach(function (name) {
    const original = childProcess[name];
    if (typeof original !== 'function') return;
    childProcess[name] = function () {
      if (!active) return original.apply(this, arguments);
      const given = Array.prototype.slice.call(arguments);
      const at = given.findIndex(function (value, index) {
        return index > 0 && value && typeof value === 'object' && !Array.isArray(value);
      });
      const options = Object.assign({}, at > 0 ? given[at] : {});
      options.env = Object.assign({}, options.env || process.env, variables);
      if (at > 0) given[at] = options;
      else given.push(options);
      return original.apply(this, given);
    };
  });
  const builtin = require('module').syncBuiltinESMExports;
  if (builtin) builtin();

  return { stop: function () { active = false; } };
}

module.exports = { handOn: handOn };
