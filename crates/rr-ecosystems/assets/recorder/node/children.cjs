// Gives child processes the recorder's variables, which hook.cjs has taken out of this process,
// until a test runner is at work here.
'use strict';

const childProcess = require('child_process');

const HOOK = '--require ' + require('path').join(__dirname, 'hook.cjs');
const GIVEN = /(^|[\s;&|(])NODE_OPTIONS=('[^']*'|"[^"]*"|[^\s;&|)'"]*)/g;

// `cross-env NODE_OPTIONS=--x mocha` would take the recorder from the runner that it starts.
function withHook(word, inShell) {
  if (typeof word !== 'string' || word.indexOf('NODE_OPTIONS=') < 0 || word.indexOf(HOOK) >= 0) {
    return word;
  }
  if (!inShell) return word.replace(/^NODE_OPTIONS=/, 'NODE_OPTIONS=' + HOOK + ' ');
  return word.replace(GIVEN, function (whole, before, value) {
    const quote = /^['"]/.test(value) ? value[0] : '"';
    const bare = /^['"]/.test(value) ? value.slice(1, -1) : value;
    return before + 'NODE_OPTIONS=' + quote + HOOK + ' ' + bare + quote;
  });
}

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
        if (Array.isArray(options.args)) {
          const inShell = options.args[1] === '-c';
          options.args = options.args.map(function (word) { return withHook(word, inShell); });
        }
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
