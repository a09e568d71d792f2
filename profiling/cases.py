"""One operator on one size of map: the case that the profiling measures."""

import dataclasses
import math
import os
import re

import paper

from sanet_tf.utils import backends
from sanet_tf.utils.errors import UserError

RUNTIME_BYTES = 600e6  # TensorFlow itself, and small change
PEERS = ("keras_mha", "torch_sdpa")
OPERATORS = (*paper.LABELS, *PEERS)
DTYPES = {"float32": 4, "float16": 2, "bfloat16": 2}  # bytes of an element


@dataclasses.dataclass(frozen=True)
class Case:
    """An operator alone: one head, nothing projected, simulated data.

    Attributes:
        operator: a name in `OPERATORS`. The peers are Keras's
            `MultiHeadAttention`, which always projects, and PyTorch's fused
            `scaled_dot_product_attention`.
        side: positions along each axis of the map.
        channels: number of channels C.
        batch_size: number of maps B.
        dtype: a name in `DTYPES`.
        threads: threads of an operation; None for one a core.
        dimensions: number of spatial axes.
    """

    operator: str
    side: int
    channels: int
    batch_size: int = 64
    dtype: str = "float32"
    threads: int | None = None
    dimensions: int = 2

    @property
    def size(self):
        """As in the paper's table: "14x64" is 14 x 14 positions."""
        return f"{self.side}x{self.channels}"

    @property
    def positions(self):
        return self.side**self.dimensions

    @property
    def shape(self):
        spatial = (self.side,) * self.dimensions
        return (self.batch_size, *spatial, self.channels)

    def needed_bytes(self):
        """Memory that a process of this case will need, guessed high."""
        n, c = self.positions, self.channels
        pooled = math.ceil(self.side / 2) ** self.dimensions
        scores = {"pooled": n * pooled, "scaled": c * c}
        scores.update(dict.fromkeys(("softmax", "keras_mha"), n * n))
        working = scores.get(self.operator, n)
        # 16 bits: scores and softmax are widened to float32 between.
        width = 4 if self.dtype == "float32" else 8
        tensors = 8 if self.operator in PEERS else 4  # inputs, output, copies
        elements = working * width + tensors * n * c * 4
        return int(RUNTIME_BYTES + self.batch_size * elements)


def parse_sizes(texts):
    """`["14x64"]` as `[(14, 64)]`: side of the map and channels."""
    sizes = []
    for text in texts:
        match = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", text.strip())
        if not match:
            raise UserError(
                "expected --sizes as SIDExCHANNELS, for example "
                f"14x64,28x128; got {text!r}"
            )
        sizes.append((int(match[1]), int(match[2])))
    return sizes


def parse_operators(names):
    """The names, checked against `paper.LABELS`."""
    unknown = [name for name in names if name not in paper.LABELS]
    if unknown or not names:
        raise UserError(
            f"expected --operators among {', '.join(paper.LABELS)}; "
            f"got {', '.join(unknown) or 'none'}"
        )
    return list(names)


def load_tensorflow(threads):
    """Imports TensorFlow with a number of threads, in a fresh process."""
    if threads:
        os.environ["TF_NUM_INTRAOP_THREADS"] = str(threads)
    return backends.load_tensorflow()


def make_layer(case):
    """The Keras layer of a case, of one input."""
    import keras

    from sanet_tf.layers import QKV_ATTENTION

    if case.operator == "keras_mha":
        inputs = keras.Input(case.shape[1:], dtype=case.dtype)
        flat = keras.layers.Reshape((-1, case.channels))(inputs)
        outputs = keras.layers.MultiHeadAttention(
            1, case.channels, use_bias=False, dtype=case.dtype
        )(flat, flat)
        outputs = keras.layers.Reshape(case.shape[1:])(outputs)
        return keras.Model(inputs, outputs)
    layer = QKV_ATTENTION[case.operator](
        use_value_projection=False, seed=0, dtype=case.dtype
    )
    layer.build(case.shape)
    return layer


def make_torch_call(case):
    """Returns a call of PyTorch's fused attention."""
    try:
        import torch
    except ImportError as error:
        raise UserError("PyTorch is not installed") from error
    if case.threads:
        torch.set_num_threads(case.threads)
    shape = (case.batch_size, 1, case.positions, case.channels)
    inputs = torch.randn(shape, dtype=getattr(torch, case.dtype))

    def call():
        with torch.inference_mode():
            torch.nn.functional.scaled_dot_product_attention(
                inputs, inputs, inputs
            )

    return call
