"""Start-up hook of the recorder: waits for `unittest` to be imported, changes nothing else.

Runs in every Python process of a test step, so it imports only what is loaded anyway. A
`sitecustomize` that stands further down the path runs as it would without us.
"""
import os
import sys


def _wait_for_unittest(names):
    if sys.version_info[0] < 3:
        return _wait_python2(names)

    class Finder(object):
        busy = False

        def find_spec(self, name, path=None, target=None):
            if name not in names or Finder.busy:
                return None
            Finder.busy = True
            try:
                import importlib.util

                spec = importlib.util.find_spec(name)
            finally:
                Finder.busy = False
            if spec is None or spec.loader is None:
                return None
            run = spec.loader.exec_module

            def exec_module(module):
                run(module)
                _patch(name)

            try:
                spec.loader.exec_module = exec_module
            except (AttributeError, TypeError):
                return None
            return spec

        def invalidate_caches(self):
            pass

    sys.meta_path.insert(0, Finder())


def _wait_python2(names):
    class Finder(object):
        busy = False

        def find_module(self, name, path=None):
            return self if name in names and not Finder.busy else None

        def load_module(self, name):
            Finder.busy = True
            try:
                __import__(name)
            finally:
                Finder.busy = False
            _patch(name)
            return sys.modules[name]

    sys.meta_path.insert(0, Finder())


def _patch(name):
    try:
        import repo_runner_unittest

        suite = sys.modules[name]
        case = sys.modules[name.rpartition(".")[0] + ".case"]
        repo_runner_unittest.install(suite, case)
    except Exception:
        pass


def _next_sitecustomize(here):
    for folder in sys.path:
        if os.path.abspath(folder or ".") == here:
            continue
        path = os.path.join(folder, "sitecustomize.py")
        if os.path.isfile(path):
            return path
    return None


_here = os.path.dirname(os.path.abspath(__file__))
if os.environ.get("REPO_RUNNER_REPORTS"):
    _wait_for_unittest(("unittest.suite", "unittest2.suite"))
_path = _next_sitecustomize(_here)
if _path is not None:
    __file__ = _path
    with open(_path) as _source:
        exec(compile(_source.read(), _path, "exec"))
