"""The tree of a profile: nested, subclassed, shared, of several inputs."""

import csv
import itertools
import json

import keras
import pytest
from keras import layers

import sanet_tf
from sanet_tf.profiler import running
from sanet_tf.profiler.operations import Operation, peak_bytes
from sanet_tf.utils.timing import Timing

from .models import Subclassed


@pytest.fixture
def blocks():
    """A functional model of two blocks, by their names."""
    x = inputs = keras.Input((8, 8, 3))
    for number in (1, 2):
        x = layers.Conv2D(4, 3, name=f"block{number}_conv")(x)
        x = layers.ReLU(name=f"block{number}_relu")(x)
    return keras.Model(inputs, layers.Flatten(name="flat")(x), name="net")


def test_subclassed_model():
    found = sanet_tf.profile(Subclassed(), (5, 3), batch_size=2, repeats=0)
    named = {node.name: node for _, node in found.tree.walk()}
    assert [(depth, node.name) for depth, node in found.tree.walk()] == [
        (0, "own"),
        (1, "in"),
        (2, "first"),
        (2, "relu"),
        (1, "shared"),
        (1, "shared"),
    ]
    assert named["in"].madd == named["first"].madd == 2 * 5 * 3 * 4
    first, second = found.tree.children[1:]
    assert first.madd == second.madd == 2 * 5 * 4 * 4
    assert (first.parameters, second.parameters) == (20, 0)
    assert found.tree.parameters == 16 + 20
    assert found.tree.madd == 2 * 5 * (3 * 4 + 2 * 4 * 4 + 5 * 4)
    assert found.tree.activation_bytes == 4 * 2 * 5 * 4 * 4
    assert found.tree.output_shape == (2, 5, 5)
    assert found.seconds is None


@pytest.mark.parametrize("kind", [list, dict])
def test_several_inputs(kind):
    symbols = {
        "words": keras.Input((7,), dtype="int32", name="words"),
        "maps": keras.Input((7, 4), name="maps"),
    }
    x = layers.Embedding(9, 4)(symbols["words"])
    x = layers.Dense(3)(layers.Concatenate()([x, symbols["maps"]]))
    inputs = symbols if kind is dict else list(symbols.values())
    found = sanet_tf.profile(keras.Model(inputs, x), repeats=2)
    assert found.tree.madd == 7 * 8 * 3
    assert found.seconds > 0


def test_blocks_by_name(blocks):
    found = sanet_tf.profile(blocks, repeats=0).tree
    assert [(node.name, node.type) for node in found.children] == [
        ("block1", "block"),
        ("block2", "block"),
        ("flat", "Flatten"),
    ]
    assert found.children[0].madd == 36 * 9 * 3 * 4
    assert found.children[1].output_shape == (1, 4, 4, 4)
    assert sum(node.madd for node in found.children) == found.madd


@pytest.fixture
def clock(monkeypatch):
    """A call of nothing takes a second, of each layer three."""
    seconds = itertools.chain([1.0], itertools.repeat(3.0))

    def measure(run, warm_up, repeats):
        run()
        return Timing((next(seconds),))

    monkeypatch.setattr(running, "measure", measure)


def test_own_time_of_attention(clock):
    """What remains of the whole when its four projections are subtracted."""
    inputs = keras.Input((5, 8))
    layer = layers.MultiHeadAttention(2, 3, name="attention")
    found = sanet_tf.profile(keras.Model(inputs, layer(inputs, inputs)))
    named = {node.name: node for _, node in found.tree.walk()}
    assert named["query"].seconds == 2
    inside = sum(node.seconds for node in named["attention"].children)
    assert inside >= 4 * 2
    assert named["attention"].seconds == inside  # 2 s for the whole is less


def test_times_and_shares(clock, blocks, tmp_path):
    found = sanet_tf.profile(blocks, repeats=3)
    assert found.seconds > 0  # of the whole, which is measured elsewhere
    leaves = [node for _, node in found.tree.walk() if not node.children]
    assert [node.seconds for node in leaves] == [2.0] * 5
    assert found.tree.seconds == 10
    assert found.tree.children[0].seconds == 4
    found.to_csv(tmp_path / "a.csv")
    with open(tmp_path / "a.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["name"] == "net"
    assert float(rows[0]["share"]) == 1
    assert sum(float(r["share"]) for r in rows[1:] if r["depth"] == "1") == (
        pytest.approx(1)
    )
    found.to_json(tmp_path / "a.json")
    kept = json.loads((tmp_path / "a.json").read_text())
    assert kept["tree"]["children"][0]["name"] == "block1"
    assert kept["seconds"] == found.seconds


def test_what_is_printed(blocks):
    lines = str(sanet_tf.profile(blocks, repeats=0)).splitlines()
    assert lines[0].split() == [
        *("output", "parameters", "MAdd", "activations", "ms", "share")
    ]
    assert lines[1].split() == [*("net", "1x64", "260", "6,192", "0.002", "MB")]
    assert lines[2].startswith("  block1 ")
    assert lines[3].startswith("    block1_conv ")


def test_figure(blocks):
    for repeats, names in ((0, 2), (2, 3)):
        figure = sanet_tf.profile(blocks, repeats=repeats).figure()
        assert len(figure.axes) == names
        assert len(figure.axes[0].get_yticklabels()) == 5
    own = sanet_tf.profile(Subclassed(), (5, 3), repeats=0).figure()
    labels = [label.get_text() for label in own.axes[0].get_yticklabels()]
    assert labels == ["shared", "shared", "relu", "first", "own"]


def test_peak():
    """`a` is kept until the sum; `b` is gone before `d` is made."""
    operations = [
        Operation(0, "make", 0, ("input",), {"a": 100}),
        Operation(0, "make", 0, ("a",), {"b": 1000}),
        Operation(0, "make", 0, ("b",), {"c": 10}),
        Operation(0, "make", 0, ("c", "a"), {"d": 500}),
    ]
    assert peak_bytes(operations) == 1110
    assert peak_bytes(operations[:1]) == 100
    assert peak_bytes([]) == 0


def test_peak_of_a_network():
    """A convolution, without what is only another view of its output."""
    inputs = keras.Input((8, 8, 2))
    x = layers.Conv2D(16, 1, use_bias=False)(inputs)
    model = keras.Model(inputs, layers.Reshape((64, 16))(x))
    assert sanet_tf.profile(model, repeats=0).peak_bytes == 4 * 64 * 16


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"input_shape": (None, 3)}, "without None"),
        ({"batch_size": 0}, "batch_size from 1"),
        ({"repeats": 1}, "repeats from 2, or 0"),
    ],
)
def test_wrong_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        sanet_tf.profile(Subclassed(), **{"input_shape": (5, 3), **options})


def test_a_model_that_does_not_say_what_it_takes():
    with pytest.raises(ValueError, match="expected `input_shape`"):
        sanet_tf.profile(Subclassed())
