"""The command that says what a network costs."""

import csv
import json

import keras
import pytest

from sanet_tf.layers import SiameseAttention
from tests.command_line import run, run_many

COMMAND = "profiling/run_profile.py"


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A file of a small Keras model."""
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, name="conv")(inputs)
    x = SiameseAttention(2, use_value_projection=False)(x)
    model = keras.Model(inputs, keras.layers.Flatten()(x), name="tiny")
    path = tmp_path_factory.mktemp("models") / "tiny.keras"
    model.save(path)
    return path


def test_a_file(file, tmp_path):
    result = run(
        COMMAND,
        *(f"--model={file}", "--repeats=2", "--batch_size=2"),
        *(f"--output={tmp_path / 'out'}", f"--trace_dir={tmp_path / 'trace'}"),
    )
    assert result.returncode == 0, result.stderr
    assert "tiny" in result.stdout
    assert "7,776" in result.stdout
    with open(tmp_path / "out/profile.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows[:2]] == ["tiny", "conv"]
    assert rows[1]["madd"] == "7776"
    assert rows[2]["type"] == "SiameseAttention"
    for name in ("profile.json", "profile.run.json"):
        json.loads((tmp_path / "out" / name).read_text())
    assert (tmp_path / "out/profile.png").stat().st_size > 5000
    assert [*(tmp_path / "trace").rglob("*.xplane.pb")]


def test_what_is_wrong(file, tmp_path):
    (tmp_path / "text.keras").write_text("zebra")
    cases = (
        ([], "expected --network=NAME, or --model=FILE.keras or --model=RUN"),
        (["--network=sannet"], "did you mean sanet?"),
        (["--model=sanet"], "names of networks go to --network; did you mean"),
        ([f"--model={tmp_path}/none"], "expected a file or a folder"),
        ([f"--model={tmp_path}/text.keras"], "as a Keras model: "),
        ([f"--model={tmp_path}"], "run.json"),
        (["--network=sanet", "--repeats=1"], "expected --repeats=0 or from 2"),
        ([f"--model={file}", "--input_shape=9,8,3"], "incompatible with the"),
        (["--network=unet", "--repeats=0"], "--input_shape sets the shape"),
    )
    results = run_many(COMMAND, [flags for flags, _ in cases])
    for (flags, expected), result in zip(cases, results, strict=True):
        assert result.returncode == 1, flags
        assert result.stderr.startswith("error: "), result.stderr
        assert len(result.stderr.splitlines()) == 1, result.stderr
        assert expected in result.stderr
