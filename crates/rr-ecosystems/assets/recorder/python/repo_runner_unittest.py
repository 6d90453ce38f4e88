"""Records outcomes of `unittest` suites, whichever runner drives them.

The outermost call of a suite (or of a lone test case) starts a record and its return ends it.
Outcomes are taken at the result object itself, so that runners with result classes of their own
are seen too. Suites that run inside a recorded pytest session or inside another suite are not
recorded: they are what is being tested.
"""
import functools
import time
import traceback

import repo_runner_writer as record

_active = {"result": None, "suite": None}


def install(suite_module, case_module):
    """Wraps the two ways into a suite."""
    _wrap(suite_module.BaseTestSuite, suite=True)
    _wrap(case_module.TestCase, suite=False)


def _wrap(owner, suite):
    original = owner.__call__

    @functools.wraps(original)
    def call(self, *args, **kwargs):
        result = args[0] if args else kwargs.get("result")
        suite_record = _open(self, result) if result is not None else None
        if suite_record is None:
            return original(self, *args, **kwargs)
        value = original(self, *args, **kwargs)
        # Reached only where the suite returned by itself: an exception leaves no end record.
        suite_record.close()
        return value

    owner.__call__ = call


@record.guarded
def _open(test, result):
    if record.recording() or _active["suite"] is not None:
        return None
    writer = record.claim("unittest")
    if writer is None:
        return None
    suite = _SuiteRecord(writer, result)
    _active["suite"] = suite
    writer.found(test.countTestCases())
    return suite


class _SuiteRecord(object):
    def __init__(self, writer, result):
        self.writer = writer
        self.result = result
        self.tests = {}
        self.seen = {}
        self.hooked = []
        for name, handler in (
            ("startTest", self.started),
            ("stopTest", self.stopped),
            ("addSuccess", self.success),
            ("addError", self.error),
            ("addFailure", self.failure),
            ("addSkip", self.skip),
            ("addExpectedFailure", self.expected_failure),
            ("addUnexpectedSuccess", self.unexpected_success),
            ("addSubTest", self.subtest),
        ):
            self.hook(name, record.guarded(handler))

    def hook(self, name, handler):
        original = getattr(self.result, name, None)
        if original is None:
            return

        def call(*args, **kwargs):
            handler(*args, **kwargs)
            return original(*args, **kwargs)

        try:
            setattr(self.result, name, call)
            self.hooked.append(name)
        except AttributeError:
            pass

    @record.guarded
    def close(self):
        for test in list(self.tests):
            self.stopped_id(test)
        for name in self.hooked:
            try:
                delattr(self.result, name)
            except AttributeError:
                pass
        _active["suite"] = None
        record.release(self.writer, self.result.wasSuccessful())

    def name(self, test):
        return test.id() if hasattr(test, "id") else "%s" % (test,)

    def started(self, test, *_):
        if not record.mine(self.writer):
            return
        name = self.name(test)
        count = self.seen.get(name, 0)
        self.seen[name] = count + 1
        # The same id twice in one suite: two cases, both counted.
        unique = name if count == 0 else "%s#%d" % (name, count + 1)
        self.tests[name] = {"id": unique, "o": None, "m": "", "t": time.time()}
        self.writer.begin(unique)

    def stopped(self, test, *_):
        if record.mine(self.writer):
            self.stopped_id(self.name(test))

    def stopped_id(self, name):
        test = self.tests.pop(name, None)
        if test is not None:
            outcome = test["o"] or "errored"
            self.writer.case(test["id"], outcome, time.time() - test["t"], test["m"])

    def set(self, test, outcome, message=""):
        if not record.mine(self.writer):
            return
        name = self.name(test)
        entry = self.tests.get(name)
        if entry is None:
            # Class and module fixtures report without startTest.
            self.writer.case(name, outcome, 0.0, message)
        elif entry["o"] not in ("failed", "errored"):
            entry.update(o=outcome, m=message)

    def success(self, test, *_):
        entry = self.tests.get(self.name(test))
        if entry is not None and entry["o"] is None:
            entry["o"] = "passed"

    def error(self, test, err=None, *_, **extra):
        if hasattr(test, "test_case"):
            return
        if type(test).__name__ in ("_FailedTest", "ModuleImportFailure", "LoadTestsFailure"):
            self.writer.doubt("collection error: %s" % self.name(test))
        self.set(test, "errored", _trace(err))

    def failure(self, test, err=None, *_, **extra):
        self.set(test, "failed", _trace(err))

    def skip(self, test, reason="", *_, **extra):
        if hasattr(test, "test_case"):
            return
        self.set(test, "skipped", "%s" % (reason,))

    def expected_failure(self, test, err=None, *_, **extra):
        self.set(test, "skipped", "expected failure: " + _trace(err))

    def unexpected_success(self, test, *_, **extra):
        self.set(test, "failed", "unexpected success")

    def subtest(self, test, subtest, err, *_):
        if err is not None:
            failed = issubclass(err[0], test.failureException)
            self.set(test, "failed" if failed else "errored", _trace(err))


def _trace(err):
    if not err:
        return ""
    try:
        return "".join(traceback.format_exception(*err))
    except Exception:
        return "%s" % (err,)
