"""The profiler: known memory, known products, and its errors."""

import numpy as np
import pytest
import tensorflow as tf
from cases import Case, make_layer
from tracing import trace

from sanet_tf.profiler.graph import operations_of
from sanet_tf.profiler.xprof import write_trace
from sanet_tf.utils.errors import UserError


def graph_of(function, *shapes):
    specs = [tf.TensorSpec(shape) for shape in shapes]
    return tf.function(function).get_concrete_function(*specs)


def test_memory_of_a_product():
    function = graph_of(lambda x: tf.matmul(x, x, transpose_b=True), (300, 7))
    traced = trace(function, np.ones((300, 7), "float32"), repeats=2)
    assert traced.requested_bytes == pytest.approx(4 * 300 * 300, rel=0.01)
    assert traced.seconds > 0


@pytest.mark.parametrize(
    ("operator", "products"), [("softmax", 196 * 196), ("scaled", 64 * 64)]
)
def test_one_head_copies_nothing(operator, products):
    """Beside the output there are only the products, in Table 2's first row."""
    case = Case(operator, 14, 64)
    layer = make_layer(case)
    traced = trace(graph_of(layer, case.shape), np.ones(case.shape, "float32"))
    expected = 4 * 64 * (196 * 64 + products)
    assert traced.requested_bytes == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("transpose_a", [False, True])
@pytest.mark.parametrize("transpose_b", [False, True])
@pytest.mark.parametrize("batch", [(), (3,)])
def test_products_of_known_size(transpose_a, transpose_b, batch):
    left = (*batch, 7, 5) if transpose_a else (*batch, 5, 7)
    right = (*batch, 11, 7) if transpose_b else (*batch, 7, 11)
    function = graph_of(
        lambda x, y: tf.matmul(
            x, y, transpose_a=transpose_a, transpose_b=transpose_b
        ),
        left,
        right,
    )
    counted = sum(x.madd for x in operations_of(function.graph))
    assert counted == 5 * 7 * 11 * np.prod(batch)


def test_empty_profile():
    function = graph_of(lambda x: x, (2, 2))
    with pytest.raises(UserError, match="the profile is empty"):
        trace(function, np.ones((2, 2), "float32"), repeats=1)


def test_nested_profiler(tmp_path):
    with (
        tf.profiler.experimental.Profile(str(tmp_path / "outer")),
        pytest.raises(UserError, match="another profiler is running"),
    ):
        write_trace(tmp_path / "inner", lambda: None)
