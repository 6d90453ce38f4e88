// A reporter for Node's own test runner that writes the recorder's lines and prints nothing.
// hook.cjs has taken the step's secret before any test was loaded.
import { createRequire } from 'node:module';

const writer = createRequire(import.meta.url)('./writer.cjs');
const FILE = /\.[cm]?[jt]sx?$/;

export default async function* record(source) {
  globalThis[Symbol.for('repo-runner.recorder')]?.becomeRunner();
  const out = writer.open('node:test');
  const stack = [];
  const broken = [];
  const waiting = new Map();
  let failed = false;
  let tests = 0;
  for await (const { type, data } of source) {
    if (type === 'test:enqueue') {
      expect(data, 1);
    } else if (type === 'test:start') {
      stack.length = data.nesting;
      stack[data.nesting] = data.name;
    } else if (type === 'test:pass' || type === 'test:fail') {
      expect(data, -1);
      failed = failed || (type === 'test:fail' && data.todo === undefined);
      if (data.details?.type === 'suite') {
        if (hasOwnError(data)) report(data, type);
      } else if (isFile(data)) {
        // Node before 22 reports each file as a test around the tests in it.
        if (hasOwnError(data)) broken.push(data);
      } else {
        tests += 1;
        report(data, type);
      }
    }
  }
  for (const data of broken) {
    const error = data.details?.error;
    out.result(out.unique(writer.show(data.name)), 'errored', 0, text(error));
  }
  // A file that calls `process.exit` takes its other tests with it, and Node calls that a pass.
  let lost = 0;
  for (const { data, count } of waiting.values()) {
    for (let at = 0; at < count && !isFile(data); at += 1) {
      lost += 1;
      out.begin(out.unique([writer.show(data.file), data.name].filter(Boolean).join(' > ')));
    }
  }
  out.found(tests + lost);
  out.end(!failed);

  function expect(data, change) {
    const key = JSON.stringify([data.file, data.nesting, data.name]);
    const entry = waiting.get(key) ?? { data, count: 0 };
    entry.count += change;
    waiting.set(key, entry);
  }

  function isFile(data) {
    return data.nesting === 0 && FILE.test(data.name) && (data.file === undefined ||
      writer.show(data.file) === writer.show(data.name) || data.name.startsWith('/'));
  }

  function report(data, type) {
    const titles = stack.slice(0, data.nesting).concat(data.name);
    if (titles.length > 1 && FILE.test(titles[0]) && titles[0].startsWith('/')) {
      titles[0] = writer.show(titles[0]);
    } else if (data.file && FILE.test(data.file)) {
      titles.unshift(writer.show(data.file));
    }
    const id = out.unique(titles.join(' > '));
    const skipped = data.skip !== undefined || (data.todo !== undefined && type === 'test:fail');
    const kind = data.details?.error?.failureType;
    let outcome = 'passed';
    if (skipped) outcome = 'skipped';
    else if (type === 'test:fail') outcome = kind === 'testCodeFailure' ? 'failed' : 'errored';
    const seconds = (data.details?.duration_ms ?? 0) / 1000;
    out.result(id, outcome, seconds, outcome === 'passed' ? '' : text(data.details?.error));
  }
}

// A suite or file that failed although none of its tests did: its own code threw.
function hasOwnError(data) {
  const kind = data.details?.error?.failureType;
  return kind !== undefined && kind !== 'subtestsFailed';
}

function text(error) {
  return writer.describe(error?.cause ?? error);
}
