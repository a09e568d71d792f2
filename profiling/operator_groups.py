"""What run_operators.py measures: groups of calls, and the targets of each."""

import dataclasses
import os
from importlib import metadata

import numpy as np
import operator_forms as forms
import tensorflow as tf
from cases import Case, make_layer
from measure_case import measure_case
from targets import Target
from tracing import trace

from sanet_tf.layers import ATTENTION
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.isolated import call_isolated
from sanet_tf.utils.timing import measure_in_turn


class Bench:
    """Measures groups of calls; every time becomes a row.

    Args:
        repeats: timed calls of each function.
    """

    def __init__(self, repeats):
        self.repeats = repeats
        self.rows = []

    def roofline(self, size, batch):
        """SAO at a small batch against three passes at copy bandwidth."""
        inputs = _inputs(size, batch)
        times = self._measure(
            f"SAO {_name(size)}, batch {batch}",
            {
                "copy": _copy(inputs),
                **forms.modes(_siamese(inputs), inputs),
                **forms.siamese_parts(inputs),
            },
        )
        roofline = 1.5 * times["copy"]  # a copy is two passes
        best = min(times["eager"], times["graph"], times["xla"])
        name = f"SAO {_name(size)}, batch {batch}"
        return [
            Target(f"{name}: best mode / roofline", best / roofline, 1.3),
            _graph_target(name, times),
            Target(
                f"{name}: training / forward, best mode",
                min(times["graph, training"], times["xla, training"]) / best,
                4.0,
            ),
        ]

    def fresh_pages(self, size, batch):
        """SAO at a large batch against `x + 1`."""
        inputs = _inputs(size, batch)
        name = f"SAO {_name(size)}, batch {batch}"
        times = self._measure(
            name,
            {
                "copy": _copy(inputs),
                "x + 1": forms.compiled(lambda x: x + 1.0, inputs),
                **forms.modes(_siamese(inputs), inputs),
                **forms.siamese_parts(inputs),
            },
        )
        best = min(times["eager"], times["graph"], times["xla"])
        plus_one = times["x + 1"]
        return [
            Target(f"{name}: best mode / (x + 1)", best / plus_one, 1.2),
            Target(f"{name}: graph / (x + 1)", times["graph"] / plus_one, 1.4),
            _graph_target(name, times),
            Target(
                f"{name}: training / forward, graph",
                times["graph, training"] / times["graph"],
                4.0,
            ),
        ]

    def heads(self, size, batch):
        """Four heads as SANet has them."""
        inputs = _inputs(size, batch)
        name = f"SAO {_name(size)}, batch {batch}, 4 heads"
        layer = _siamese(inputs, num_heads=4)
        times = self._measure(name, forms.modes(layer, inputs))
        return [_graph_target(name, times)]

    def qk_norm(self, size, batch):
        """What QK-norm costs; no target, but a row."""
        inputs = _inputs(size, batch)
        self._measure(
            f"SAO {_name(size)}, batch {batch}, QK-norm",
            forms.modes(_siamese(inputs, use_qk_norm=True), inputs),
        )
        return []

    def softmax(self, size, batch):
        """Our softmax attention against the best way to write it."""
        inputs = _inputs(size, batch)
        layer = ATTENTION["softmax"](use_value_projection=False)
        layer.build(inputs.shape)
        ours = {
            "ours, graph": forms.compiled(layer, inputs),
            "ours, xla": forms.compiled(layer, inputs, xla=True),
        }
        name = f"softmax attention {_name(size)}, batch {batch}"
        times = self._measure(name, {**ours, **forms.softmax_forms(inputs)})
        best = min(times.values())
        return [
            Target(
                f"{name}: ours / best form",
                min(times[mode] for mode in ours) / best,
                1.1,
            )
        ]

    def peers(self, size, batch, with_torch):
        """SAO against attention as others ship it."""
        inputs = _inputs(size, batch)
        case = Case("keras_mha", *size, batch)
        name = f"peers {_name(size)}, batch {batch}"
        times = self._measure(
            name,
            {
                "SAO, graph": forms.compiled(_siamese(inputs), inputs),
                "Keras MultiHeadAttention, graph": forms.compiled(
                    make_layer(case), inputs
                ),
            },
        )
        torch = None
        if with_torch:
            case = dataclasses.replace(case, operator="torch_sdpa")
            try:
                torch = call_isolated(measure_case, case, self.repeats)
                self._add(
                    name,
                    f"PyTorch {metadata.version('torch')} SDPA",
                    torch["wall_ms"],
                    torch["wall_spread_ms"],
                )
            except UserError as error:
                print(f"{name}: {error}")
        sao = times["SAO, graph"]
        return [
            Target(
                f"{name}: Keras MultiHeadAttention / SAO",
                times["Keras MultiHeadAttention, graph"] / sao,
                1.0,
                at_least=True,
            ),
            Target(
                f"{name}: PyTorch SDPA / SAO",
                torch and torch["wall_ms"] / 1e3 / sao,
                1.0,
                at_least=True,
            ),
        ]

    def memory(self, size, batch):
        """What SAO asks for beyond its input and output."""
        inputs = _inputs(size, batch)
        function = tf.function(_siamese(inputs)).get_concrete_function(inputs)
        traced = trace(function, inputs.numpy(), 1)
        size_bytes = inputs.numpy().nbytes
        beyond = traced.requested_bytes - size_bytes
        return [
            Target(
                f"SAO {_name(size)}: memory beyond input and output / input",
                beyond / size_bytes,
                0.02,
            )
        ]

    def _measure(self, group, calls):
        timings = measure_in_turn(calls, 2, self.repeats)
        print(group, flush=True)
        for name, timing in timings.items():
            self._add(group, name, 1e3 * timing.median, 1e3 * timing.spread)
        return {name: timing.median for name, timing in timings.items()}

    def _add(self, group, call, wall_ms, spread_ms):
        row = {
            "group": group,
            "call": call,
            "wall_ms": round(wall_ms, 4),
            "spread_ms": round(spread_ms, 4),
        }
        self.rows.append(row)
        print(f"  {call:40} {wall_ms:10.3f} ({spread_ms:.3f}) ms", flush=True)


def _graph_target(name, times):
    """An ordinary graph, which holds all it makes, against a compiled one."""
    ratio = times["graph"] / times["xla"]
    return Target(f"{name}: graph / XLA", ratio, 1.3)


def _inputs(size, batch):
    side, channels = size
    return tf.random.stateless_normal((batch, side, side, channels), (0, 0))


def _copy(inputs):
    source = np.array(inputs)
    return forms.copy(source, np.empty_like(source), os.cpu_count())


def _siamese(inputs, **arguments):
    layer = ATTENTION["siamese"](use_value_projection=False, **arguments)
    layer.build(inputs.shape)
    return layer


def _name(size):
    return f"{size[0]}²x{size[1]}"
