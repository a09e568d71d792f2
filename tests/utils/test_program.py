"""Commands are named as they are typed, without a path of the machine."""

import sys
from types import SimpleNamespace

import pytest

from sanet_tf.training.record import run_record
from sanet_tf.utils.program import program


@pytest.mark.parametrize(
    ("argument", "module", "expected"),
    [
        ("sanet train", None, "sanet train"),
        ("HERE/sanet_tf/restore.py", "sanet_tf.restore", "-m sanet_tf.restore"),
        ("HERE/x.py", "sanet_tf.export.__main__", "-m sanet_tf.export"),
        ("experiments/cifar.py", None, "experiments/cifar.py"),
        ("HERE/experiments/cifar.py", None, "experiments/cifar.py"),
        ("HERE/my files/a.py", None, "'my files/a.py'"),
    ],
)
def test_the_command(monkeypatch, tmp_path, argument, module, expected):
    monkeypatch.chdir(tmp_path)
    arguments = [argument.replace("HERE", str(tmp_path)), "--epochs=3", "a b"]
    monkeypatch.setattr(sys, "argv", arguments)
    spec = module and SimpleNamespace(name=module)
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", spec)
    if not expected.startswith("sanet"):
        expected = f"python {expected}"
    assert program() == expected
    assert run_record({})["command"] == f"{expected} --epochs=3 'a b'"
