"""Writes test outcomes as JSON lines, one file per process.

Runs inside the process under test, on Python 2.7 and 3.6 or newer. It must never change a test's
outcome: every fault of ours is swallowed at the border (`guarded`), and the missing end record
then says that the record is not whole.

Records: {"v":1,"e":"start","runner","nonce"} {"e":"found","n"} {"e":"begin","id"}
{"e":"case","id","o","s","m"} {"e":"doubt","m"} {"e":"end","counts","ok","nonce"}; every record
carries its number "n#" so that lines of other writers stand out.
"""
import json
import os

MESSAGE_LIMIT = 4096
PLUGIN = "repo_runner_recorder"
HERE = os.path.dirname(os.path.abspath(__file__))
_OWN = ("REPO_RUNNER_NONCE", "REPO_RUNNER_REPORTS")


class Writer(object):
    """One report file. Several suites may run one after the other in it."""

    def __init__(self, folder, nonce):
        self.nonce = nonce
        self.pid = os.getpid()
        self.number = 0
        self.running = None
        self.counts = {}
        self.outcomes = {}
        name = "recorder-%d-%s.jsonl" % (self.pid, _token())
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        self.handle = os.open(os.path.join(folder, name), flags, 0o600)
        if hasattr(os, "set_inheritable"):
            os.set_inheritable(self.handle, False)
        else:
            import fcntl

            fcntl.fcntl(self.handle, fcntl.F_SETFD, fcntl.FD_CLOEXEC)

    def write(self, record):
        """Appends one record at once, so that a killed process leaves whole lines."""
        self.number += 1
        record["n#"] = self.number
        line = json.dumps(record, ensure_ascii=True) + "\n"
        data = line.encode("ascii")
        while data:
            data = data[os.write(self.handle, data):]

    def start(self, runner):
        self.running = runner
        self.outcomes = {}
        self.write({"v": 1, "e": "start", "runner": runner, "nonce": self.nonce})

    def found(self, count):
        self.write({"e": "found", "n": count})

    def begin(self, test):
        self.write({"e": "begin", "id": test})

    def case(self, test, outcome, seconds, message=""):
        self.outcomes[test] = outcome
        record = {"e": "case", "id": test, "o": outcome, "s": round(seconds, 4)}
        if message:
            record["m"] = clip(message)
        self.write(record)

    def doubt(self, message):
        self.write({"e": "doubt", "m": clip(message)})

    def end(self, ok):
        counts = {}
        for outcome in self.outcomes.values():
            counts[outcome] = counts.get(outcome, 0) + 1
        self.running = None
        self.write({"e": "end", "counts": counts, "ok": bool(ok), "nonce": self.nonce})


_state = {"writer": None, "taken": {}}


def claim(runner):
    """Starts recording for a suite that begins in this process.

    Returns a writer, or None where another suite of this process records already, where this is
    a fork of the recording process, or where nobody asked for a record. While a suite runs, our
    variables are out of `os.environ`, so that what the tests start does not record itself.
    """
    writer = _state["writer"]
    if writer is not None and (writer.running or writer.pid != os.getpid()):
        return None
    if writer is None:
        folder = os.environ.get("REPO_RUNNER_REPORTS")
        if not folder or not os.path.isdir(folder):
            return None
        writer = Writer(folder, os.environ.get("REPO_RUNNER_NONCE", ""))
        _state["writer"] = writer
    _hide()
    writer.start(runner)
    return writer


def release(writer, ok):
    """Ends the suite's record and puts our variables back for a suite that may follow."""
    if writer is None or writer.pid != os.getpid() or not writer.running:
        return
    writer.end(ok)
    _restore()


def recording():
    """Whether a suite of this very process records."""
    writer = _state["writer"]
    return writer is not None and bool(writer.running) and writer.pid == os.getpid()


def mine(writer):
    """Whether `writer` belongs to this process and its suite is still running."""
    return writer is not None and writer.pid == os.getpid() and bool(writer.running)


def guarded(function):
    """Makes a recording function harmless: its own faults never reach the suite."""

    def call(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except Exception:
            return None

    return call


def clip(text):
    """Cuts to the message limit, keeping both ends."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    if len(text) <= MESSAGE_LIMIT:
        return text
    return text[:1024] + "\n[...]\n" + text[-(MESSAGE_LIMIT - 1040):]


def _hide():
    taken = {}
    for name in _OWN:
        if name in os.environ:
            taken[name] = os.environ.pop(name)
    for name, separator, ours in (
        ("PYTHONPATH", os.pathsep, HERE),
        ("PYTEST_PLUGINS", ",", PLUGIN),
        ("PYTEST_ADDOPTS", " ", "--continue-on-collection-errors"),
    ):
        value = os.environ.get(name)
        if value is None:
            continue
        rest = [part for part in value.split(separator) if part.rstrip("/") != ours]
        if separator.join(rest) == value:
            continue
        taken[name] = value
        if rest:
            os.environ[name] = separator.join(rest)
        else:
            del os.environ[name]
    _state["taken"] = taken


def _restore():
    for name, value in _state["taken"].items():
        os.environ[name] = value
    _state["taken"] = {}


def _token():
    return "".join("%02x" % byte for byte in bytearray(os.urandom(12)))
