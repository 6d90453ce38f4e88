// A reporter for vitest that writes the recorder's lines and prints nothing. It lives in
// vitest's parent process, where the code under test does not run.
import { createRequire } from 'node:module';

const writer = createRequire(import.meta.url)('./writer.cjs');
const OUTCOMES = { pass: 'passed', passed: 'passed', fail: 'failed', failed: 'failed' };

const settings = {
  nonce: process.env.REPO_RUNNER_NONCE ?? '',
  folder: process.env.REPO_RUNNER_REPORTS ?? '',
  root: process.env.REPO_RUNNER_ROOT ?? '',
};
for (const name of ['REPO_RUNNER_NONCE', 'REPO_RUNNER_REPORTS', 'REPO_RUNNER_ROOT']) {
  delete process.env[name];
}
if (settings.nonce) writer.configure(settings);

export default class Recorder {
  onInit() {
    this.out = settings.folder ? writer.open('vitest') : null;
    this.done = false;
  }

  // vitest before 3.
  onFinished(files = [], errors = []) {
    this.finish(files, errors, undefined);
  }

  // vitest 3 and later, which may call both.
  onTestRunEnd(modules, errors, reason) {
    this.finish(modules.map((module) => module.task ?? module), errors, reason);
  }

  finish(files, errors, reason) {
    if (!this.out || this.done) return;
    this.done = true;
    for (const file of files) this.file(file);
    for (const error of errors) {
      const id = this.out.unique(`unhandled ${error?.type ?? error?.name ?? 'error'}`);
      this.out.result(id, 'errored', 0, writer.describe(error));
    }
    if (reason === 'interrupted') this.out.doubt('vitest was interrupted before its end');
    else this.out.end(reason ? reason === 'passed' : true);
  }

  file(file) {
    const project = file.projectName ? `[${file.projectName}] ` : '';
    const name = project + writer.show(file.filepath ?? file.name);
    const failing = this.suite(file, [name]);
    const errors = file.result?.errors ?? (file.result?.error ? [file.result.error] : []);
    const failed = file.result?.state === 'fail' && !failing;
    if (errors.length > 0 || failed) {
      const message = errors.map((error) => writer.describe(error)).join('\n');
      this.out.result(this.out.unique(name), 'errored', 0, message);
    }
  }

  // Records a suite's tests; returns whether something in it failed.
  suite(suite, titles) {
    let failing = false;
    for (const task of suite.tasks ?? []) {
      const path = [...titles, task.name];
      if (task.type === 'suite') {
        failing = this.suite(task, path) || failing;
        const errors = task.result?.errors ?? [];
        if (errors.length > 0) {
          failing = true;
          const message = errors.map((error) => writer.describe(error)).join('\n');
          this.out.result(this.out.unique(path.join(' > ')), 'errored', 0, message);
        }
        continue;
      }
      failing = this.test(task, path) || failing;
    }
    return failing;
  }

  test(task, path) {
    const skipped = task.mode === 'skip' || task.mode === 'todo';
    const state = task.result?.state;
    let outcome = OUTCOMES[state] ?? (skipped || state === 'skip' ? 'skipped' : 'errored');
    if (skipped) outcome = 'skipped';
    const errors = task.result?.errors ?? (task.result?.error ? [task.result.error] : []);
    const message = outcome === 'passed'
      ? ''
      : errors.map((error) => writer.describe(error)).join('\n') ||
        (outcome === 'errored' ? 'did not run' : '');
    const id = this.out.unique(path.join(' > '));
    this.out.result(id, outcome, (task.result?.duration ?? 0) / 1000, message);
    return outcome === 'failed' || outcome === 'errored';
  }
}
