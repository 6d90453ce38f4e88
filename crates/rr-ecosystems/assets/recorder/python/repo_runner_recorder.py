"""The pytest plugin that records outcomes (pytest 3 and newer, Python 2.7 and 3.6 or newer).

Loaded through PYTEST_PLUGINS. Under pytest-xdist only the controller records.
"""
import pytest

import repo_runner_writer as record

_session = {"writer": None, "tests": {}, "config": None, "collected": set(), "shares": {}}


def _hook(**options):
    """`pytest.hookimpl`, which is there since pytest 2.8."""
    return pytest.hookimpl(**options)


@_hook(tryfirst=True)
def pytest_configure(config):
    if hasattr(config, "workerinput") or hasattr(config, "slaveinput"):
        return
    if _session["config"] is not None or config.getoption("collectonly", False):
        return
    writer = record.guarded(record.claim)("pytest")
    if writer is not None:
        _session.update(writer=writer, tests={}, config=config, collected=set(), shares={})


def _writer(config=None):
    if config is not None and config is not _session["config"]:
        return None
    writer = _session["writer"]
    return writer if record.mine(writer) else None


@record.guarded
def _found(config, ids):
    writer = _writer(config)
    if writer is not None:
        for nodeid in ids:
            share = _session["shares"].setdefault(nodeid, {"found": 0, "begun": 0})
            share["found"] += 1
        writer.found(len(ids))


def pytest_collection_finish(session):
    # Under xdist the controller collects nothing itself.
    if not session.config.pluginmanager.hasplugin("dsession"):
        _found(session.config, [item.nodeid for item in session.items])


@_hook(optionalhook=True)
def pytest_xdist_node_collection_finished(node, ids):
    if not _session.get("xdist"):
        _session["xdist"] = True
        _found(node.config, list(ids))


@_hook(tryfirst=True)
def pytest_collectreport(report):
    _collected(report)


@record.guarded
def _collected(report):
    writer = _writer()
    if writer is None or not report.failed or report.nodeid in _session["collected"]:
        return
    _session["collected"].add(report.nodeid)
    name = report.nodeid or "collection"
    writer.doubt("collection error: %s" % name)
    writer.case(name, "errored", 0.0, _message(report))


def pytest_runtest_logstart(nodeid):
    _started(nodeid)


@record.guarded
def _started(nodeid):
    writer = _writer()
    if writer is not None:
        name = _name(nodeid)
        _session["tests"][nodeid] = {"id": name, "o": None, "s": 0.0, "m": ""}
        writer.begin(name)


def _name(nodeid):
    """The id of the test that begins: collectors of a suite's own may give several tests one id.

    Never more names than tests were found, so that a test that is run again stays one test.
    """
    share = _session["shares"].get(nodeid, {"found": 1, "begun": 0})
    share["begun"] = min(share["begun"] + 1, share["found"])
    return nodeid if share["begun"] <= 1 else "%s#%d" % (nodeid, share["begun"])


@_hook(tryfirst=True)
def pytest_runtest_logreport(report):
    _reported(report)


# Which outcome of a test's phases and subtests rules: the worst.
_RANK = {None: 0, "passed": 1, "skipped": 2, "failed": 3, "errored": 4}


@record.guarded
def _reported(report):
    writer = _writer()
    if writer is None:
        return
    tests = _session["tests"]
    test = tests.setdefault(report.nodeid, {"id": report.nodeid, "o": None, "s": 0.0, "m": ""})
    test["s"] += getattr(report, "duration", 0.0) or 0.0
    if report.outcome == "rerun":
        # pytest-rerunfailures: only the last attempt counts, and the record says so.
        writer.doubt("run more than once by its own plugin: %s" % report.nodeid)
        test.update(o=None, m="")
        return
    outcome = _outcome(report)
    if _is_subtest(report):
        outcome = "failed" if outcome in ("failed", "errored") else None
    if _RANK[outcome] > _RANK[test["o"]]:
        test["o"] = outcome
        test["m"] = "" if outcome == "passed" else _message(report)
    if report.when == "teardown" and not _is_subtest(report):
        tests.pop(report.nodeid, None)
        writer.case(test["id"], test["o"] or "errored", test["s"], test["m"])


def _is_subtest(report):
    return "subtest" in type(report).__name__.lower()


def _outcome(report):
    if hasattr(report, "wasxfail"):
        return "passed" if report.passed else "skipped"
    if report.skipped:
        return "skipped"
    if report.failed:
        return "failed" if report.when == "call" else "errored"
    return "passed" if report.when == "call" else None


def _message(report):
    detail = report.longrepr
    if detail is None:
        return ""
    if isinstance(detail, tuple) and len(detail) == 3:
        return "%s" % (detail[2],)
    crash = getattr(detail, "reprcrash", None)
    head = "%s:%s: %s\n" % (crash.path, crash.lineno, crash.message) if crash is not None else ""
    try:
        text = "%s" % (detail,)
    except UnicodeError:
        text = repr(detail)
    return head + text + _captured(report)


def _captured(report):
    """The end of what a failing test's own programs said: it often tells the cause."""
    said = getattr(report, "capstderr", "") or ""
    return "\n[standard error]\n%s" % said[-1500:] if said.strip() else ""


@_hook(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    _finished(session.config, exitstatus)


@record.guarded
def _finished(config, exitstatus):
    writer = _writer(config)
    if writer is None:
        return
    status = int(exitstatus)
    if status == 2:
        writer.doubt("pytest was interrupted before the suite's end")
    elif status in (3, 4):
        writer.doubt("pytest ended with its own error %d" % status)
    # Statuses: 0 all passed, 1 some failed, 5 none collected; all else is not an end.
    if status in (0, 1, 5):
        record.release(writer, status == 0)
    _session.update(writer=None, config=None)
