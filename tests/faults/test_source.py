"""What the package's own code does not contain: ways to run a file's code."""

import ast
from pathlib import Path

import pytest

import sanet_tf

PACKAGE = Path(sanet_tf.__file__).parent
FORBIDDEN = {
    "Lambda",
    "cloudpickle",
    "dill",
    "enable_unsafe_deserialization",
    "builtins.eval",
    "builtins.exec",
    "eval",
    "exec",
    "joblib",
    "load_model",  # Keras's, of a whole model
    "marshal",
    "model_from_json",
    "os.system",
    "pickle",
    "shelve",
    "yaml",
}
METHODS = ("eval", "exec")  # of PyTorch's modules; only Python's are meant
ALLOWED = {
    # Reads a fixed list of opcodes and names; see test_security.py.
    ("data/cifar_formats.py", "pickle"),
    ("commands/profile.py", "load_model"),  # in safe mode; SECURITY.md
}
CODE = """
import pickle
import dill as tools
from joblib import load
import numpy as np
eval("1"), np.load("a"), np.load("a", allow_pickle=True)
np.load("a", allow_pickle=False)
keras.layers.Lambda(f)
load(safe_mode=False)
run("ls", shell=True)
os.system("ls")
model.eval(), builtins.exec("1")
"""


def suspicious(tree):
    """Names and calls by which a file's content could become code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield ast.unparse(node)
            if node.attr not in METHODS:
                yield node.attr
        elif isinstance(node, ast.Call):
            yield from _unsafe_call(node)


def _unsafe_call(node):
    options = {k.arg: ast.unparse(k.value) for k in node.keywords}
    name = ast.unparse(node.func)
    if name == "np.load" and options.get("allow_pickle") != "False":
        yield "unsafe np.load"
    for option, value in (
        ("allow_pickle", "True"),
        ("safe_mode", "False"),
        ("shell", "True"),
    ):
        if options.get(option) == value:
            yield f"unsafe {option}"


def found(tree):
    return {
        name
        for name in suspicious(tree)
        if name in FORBIDDEN or name.startswith("unsafe ")
    }


def test_what_would_be_found():
    assert found(ast.parse(CODE)) == {
        *("pickle", "dill", "joblib", "Lambda", "os.system"),
        *("eval", "builtins.exec"),
        *("unsafe np.load", "unsafe allow_pickle", "unsafe safe_mode"),
        "unsafe shell",
    }


@pytest.mark.parametrize("folder", ["sanet_tf", "experiments", "profiling"])
def test_no_code_comes_from_files(folder):
    paths = sorted((PACKAGE.parent / folder).rglob("*.py"))
    assert paths
    uses = {
        (path.relative_to(PACKAGE.parent / folder).as_posix(), name)
        for path in paths
        for name in found(ast.parse(path.read_text()))
    }
    assert uses - ALLOWED == set()


def test_all_that_is_allowed_is_there():
    """What is no longer used is no longer allowed."""
    for name, word in ALLOWED:
        assert word in found(ast.parse((PACKAGE / name).read_text()))
