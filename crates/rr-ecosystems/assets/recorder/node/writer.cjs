// Writes the recorder's line format (see reports/recorder.rs). Runs on Node 6 and later, so it
// keeps to the syntax of that time. Every record is written at once: a process that is killed
// leaves what it had, and no end record.
'use strict';

const fs = require('fs');
const path = require('path');
const crypto = require('crypto');

const MESSAGE_LIMIT = 4000;

// The step's secret, taken out of the environment by hook.cjs before any other code runs.
let nonce = '';
let folder = '';
let root = '';

function configure(settings) {
  nonce = settings.nonce;
  folder = settings.folder;
  root = settings.root;
}

// Starts one suite's record. Failing to write must never change what the tests do.
function open(runner) {
  const file = path.join(folder, 'recorder-' + crypto.randomBytes(8).toString('hex') + '.jsonl');
  const seen = new Map();
  const outcomes = new Map();
  const pid = process.pid;
  let number = 0;
  let ended = false;
  let descriptor = null;

  function write(record) {
    if (!folder || process.pid !== pid) return;
    try {
      if (descriptor === null) descriptor = fs.openSync(file, 'a', 0o644);
      number += 1;
      record['n#'] = number;
      fs.writeSync(descriptor, JSON.stringify(record) + '\n');
    } catch (error) {
      number = 0; // The reader sees the gap and does not believe the file.
    }
  }

  write({ v: 1, e: 'start', runner: runner, nonce: nonce });
  return {
    // An id that no other test of this suite has: `name`, `name (2)`, …
    unique: function (id) {
      const count = (seen.get(id) || 0) + 1;
      seen.set(id, count);
      return count === 1 ? id : id + ' (' + count + ')';
    },
    found: function (count) {
      write({ e: 'found', n: count });
    },
    begin: function (id) {
      write({ e: 'begin', id: id });
    },
    result: function (id, outcome, seconds, message) {
      if (ended) return;
      outcomes.set(id, outcome);
      write({
        e: 'case',
        id: id,
        o: outcome,
        s: Number.isFinite(seconds) ? seconds : 0,
        m: String(message || '').slice(0, MESSAGE_LIMIT)
      });
    },
    doubt: function (message) {
      write({ e: 'doubt', m: String(message).slice(0, MESSAGE_LIMIT) });
    },
    end: function (ok) {
      if (ended) return;
      ended = true;
      const counts = {};
      outcomes.forEach(function (outcome) {
        counts[outcome] = (counts[outcome] || 0) + 1;
      });
      write({ e: 'end', ok: Boolean(ok), counts: counts, nonce: nonce });
      try {
        if (descriptor !== null) fs.closeSync(descriptor);
      } catch (error) {
        descriptor = null;
      }
    }
  };
}

// A path as ids show it: below the workspace where it lies there.
function show(file) {
  if (!file) return '';
  let text = String(file);
  if (text.indexOf('file://') === 0) text = decodeURIComponent(text.slice(7));
  const from = root || process.cwd();
  return path.relative(from, path.resolve(text)).split(path.sep).join('/');
}

// One message from an error: its name and text, then where it happened.
function describe(error) {
  if (!error) return '';
  if (typeof error !== 'object') return String(error);
  const first = error.message ? String(error.message) : '';
  const stack = error.stack ? String(error.stack) : '';
  if (stack.indexOf(first) >= 0 && stack) return stack;
  return [error.name, first, stack].filter(Boolean).join(': ');
}

module.exports = { configure: configure, open: open, show: show, describe: describe };
