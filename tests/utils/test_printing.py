"""What strangers' names and labels can do to a terminal: nothing."""

import os
import subprocess
import sys

import pytest

from sanet_tf.utils.printing import printable
from tests.runs import make_picture

HOSTILE = "a\nb: 99.00%  fake.png\x1b[2J\r\u202egnp.\udcff"
SHOWN = r"a\nb: 99.00%  fake.png\x1b[2J\r\u202egnp.\udcff"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("été 犬.png, 50 %", "été 犬.png, 50 %"),
        (HOSTILE, SHOWN),
        ("\x9b31m \u2028 \x7f \t", r"\x9b31m \u2028 \x7f \t"),
    ],
)
def test_printable(text, shown):
    assert printable(text) == shown


PREDICT = """
import sys
import numpy as np
from sanet_tf import inference
from sanet_tf.commands import cli, predict

classifier = inference.Classifier(lambda _: np.ones((1, 1)), sys.argv[-1:])
inference.load = lambda path, *_: classifier
cli.run(predict.main)
"""


def test_predictions(tmp_path):
    """Of a picture, and of a file that is not there, named like the class."""
    make_picture(tmp_path / "a.png").rename(tmp_path / HOSTILE)
    (tmp_path / "m").mkdir()
    result = run(PREDICT, "--model=m", HOSTILE, "no" + HOSTILE, folder=tmp_path)
    shown = SHOWN.encode()
    assert result.stdout == shown + b"\n  100.00%  no" + shown + b"\n"
    assert result.stderr == b"no" + shown + b": no such file\n"
    assert result.returncode == 1


ASCII = """
from sanet_tf.commands import cli
from sanet_tf.utils.errors import UserError

def main(arguments):
    print("\\u00e9t\\u00e9")
    raise UserError("two\\nlines\\x1b")

cli.run(main)
"""


def test_a_command_whose_output_is_ascii():
    result = run(ASCII, encoding="ascii")
    assert result.stdout == rb"\xe9t\xe9" + b"\n"
    assert result.stderr == rb"error: two\nlines\x1b" + b"\n"
    assert result.returncode == 1


def run(program, *arguments, folder=None, encoding="utf-8"):
    return subprocess.run(
        [sys.executable, "-c", program, *map(os.fsencode, arguments)],
        capture_output=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": f"{encoding}:strict"},
    )
