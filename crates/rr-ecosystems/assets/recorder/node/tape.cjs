// Records tape's assertions from the events of its tests, whatever becomes of its TAP output.
'use strict';

const path = require('path');
const writer = require('./writer.cjs');
const adapted = new WeakMap();
const parents = new WeakMap();
let out = null;
let failed = false;

function adapt(exported, request, becomeRunner) {
  if (typeof exported !== 'function') return exported;
  if (adapted.has(exported)) return adapted.get(exported);
  becomeRunner();
  let replacement = exported;
  if (request === './lib/test') adaptTest(exported);
  else if (typeof exported.prototype.close === 'function') adaptResults(exported);
  else replacement = adaptFactory(exported);
  adapted.set(exported, replacement);
  return replacement;
}

function recorder() {
  if (out === null) out = writer.open('tape');
  return out;
}

function adaptTest(Test) {
  const emit = Test.prototype.emit;
  Test.prototype.emit = function (event, value) {
    if (event === 'test' && value && typeof value === 'object') parents.set(value, this);
    if (event === 'result' && value && typeof value === 'object') assertion(this, value);
    return emit.apply(this, arguments);
  };
}

function assertion(test, result) {
  const titles = [result.name || '(unnamed assert)'];
  for (let at = test; at; at = parents.get(at)) titles.unshift(at.name || '(anonymous)');
  const script = process.argv[1] || '';
  if (path.basename(script) !== 'tape') titles.unshift(writer.show(script));
  const id = recorder().unique(titles.join(' > '));
  let outcome = result.ok ? 'passed' : 'failed';
  if (result.skip || (result.todo && !result.ok)) outcome = 'skipped';
  else if (!result.ok && result.exiting) outcome = 'errored';
  if (outcome === 'failed' || outcome === 'errored') failed = true;
  recorder().result(id, outcome, 0, result.ok ? '' : message(result));
}

function message(result) {
  const lines = ['operator: ' + result.operator];
  ['expected', 'actual'].forEach(function (name) {
    try {
      if (result[name] !== undefined) lines.push(name + ': ' + JSON.stringify(result[name]));
    } catch (error) {
      lines.push(name + ': (cannot be shown)');
    }
  });
  if (result.error) lines.push(writer.describe(result.error));
  return lines.join('\n');
}

function adaptResults(Results) {
  const close = Results.prototype.close;
  Results.prototype.close = function () {
    if (!this.closed) recorder().end(!failed);
    return close.apply(this, arguments);
  };
}

// Before version 2 its results were a stream that a function makes, and that ends after the last.
function adaptFactory(createResults) {
  return function () {
    const stream = createResults.apply(this, arguments);
    stream.on('end', function () { recorder().end(!failed); });
    return stream;
  };
}

module.exports = { adapt: adapt };
