"""A profile to print, to keep and to look at."""

import dataclasses

from matplotlib.figure import Figure

from sanet_tf.profiler.nodes import Node
from sanet_tf.utils import files
from sanet_tf.utils.types import PathLike

HEADS = ("output", "parameters", "MAdd", "activations", "ms", "share")
BARS = 30  # of the figure, those that cost most


@dataclasses.dataclass(frozen=True)
class Profile:
    """What `sanet_tf.profile` has found.

    Attributes:
        tree: the `Node` of the model; its seconds are the sum of its layers',
            each compiled and measured by itself.
        batch_size: samples in the call.
        peak_bytes: an estimate of the most that is alive at once in the
            forward pass, without weights and inputs: as if no operation was
            merged with another, wrote over what it reads, or copied it.
        seconds: median of a call of the whole, compiled model; or None.
        backend: "tensorflow" or "jax".
    """

    tree: Node
    batch_size: int
    peak_bytes: int
    seconds: float | None
    backend: str

    def __str__(self):
        return self.text()

    def text(self, depth: int | None = None) -> str:
        """The tree as a table, to `depth` levels below the model's line."""
        rows = [("", *HEADS)]
        for level, node in self.tree.walk():
            if depth is not None and level > depth:
                continue
            rows.append(("  " * level + node.name, *self._cells(node)))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(width) if place < 2 else cell.rjust(width)
                for place, (cell, width) in enumerate(
                    zip(row, widths, strict=True)
                )
            ).rstrip()
            for row in rows
        ]
        return "\n".join([*lines, "", *self._summary()])

    def rows(self) -> list[dict]:
        """A dictionary for each node, in their order, for a table."""
        return [
            {
                "depth": depth,
                "name": node.name,
                "type": node.type,
                "output_shape": _shape(node.output_shape),
                "parameters": node.parameters,
                "madd": node.madd,
                "activation_bytes": node.activation_bytes,
                "ms": "" if node.seconds is None else 1e3 * node.seconds,
                "share": self._share(node) if self.tree.seconds else "",
                "uncounted": " ".join(dict.fromkeys(node.uncounted)),
            }
            for depth, node in self.tree.walk()
        ]

    def to_csv(self, path: PathLike) -> None:
        """Writes `rows` as CSV."""
        files.write_csv(path, self.rows())

    def to_json(self, path: PathLike) -> None:
        """Writes the profile with its tree as JSON."""
        files.write_json(path, dataclasses.asdict(self))

    def figure(self) -> Figure:
        """Where time, products and memory go: the layers that cost most."""
        parts = [_own(node) for _, node in self.tree.walk()]
        parts = [node for node in parts if node.madd or node.activation_bytes]
        columns = {
            "million multiply-adds": [node.madd / 1e6 for node in parts],
            "MB of the output": [node.activation_bytes / 1e6 for node in parts],
        }
        if self.seconds is not None:
            columns = {"ms": [1e3 * x.seconds for x in parts], **columns}
        first, most = next(iter(columns.items()))
        chosen = sorted(range(len(parts)), key=lambda i: most[i])[-BARS:]
        chosen.sort(reverse=True)  # the first layer is the highest bar
        figure = Figure((4 * len(columns) + 2, 7), layout="constrained")
        panels = figure.subplots(1, len(columns), squeeze=False, sharey=True)
        for axes, (name, values) in zip(
            panels[0], columns.items(), strict=True
        ):
            axes.barh(range(len(chosen)), [values[i] for i in chosen])
            axes.set_xlabel(f"{name}, of {sum(values):,.1f} in all")
            axes.grid(axis="x", alpha=0.3)
        panels[0][0].set_yticks(
            range(len(chosen)), [parts[i].name for i in chosen], fontsize=7
        )
        figure.suptitle(
            f"{self.tree.name}, batch of {self.batch_size}: the {len(chosen)} "
            f"of {len(parts)} layers with the most {first}"
        )
        return figure

    def _share(self, node):
        whole = self.tree.seconds
        return node.seconds / whole if whole else None

    def _cells(self, node):
        share = self._share(node)
        return (
            _shape(node.output_shape),
            f"{node.parameters:,}",
            f"{node.madd:,}" + "+?" * bool(node.uncounted),
            f"{node.activation_bytes / 1e6:,.3f} MB",
            "" if node.seconds is None else f"{1e3 * node.seconds:.3f}",
            "" if share is None else f"{share:.1%}",
        )

    def _summary(self):
        yield (
            f"batch of {self.batch_size}, {self.backend}; peak of the forward "
            f"pass about {self.peak_bytes / 1e6:,.3f} MB beside weights and "
            "inputs"
        )
        if self.seconds is not None:
            yield (
                f"the whole model takes {1e3 * self.seconds:.3f} ms; the "
                "layers are measured one by one"
            )
        if self.tree.uncounted:
            kinds = ", ".join(dict.fromkeys(self.tree.uncounted))
            yield f"not counted, where it says +?: {kinds}"


def _shape(shape):
    """A shape in words; of several outputs all of them."""
    if any(isinstance(part, tuple) for part in shape):
        return " ".join(map(_shape, shape))
    return "x".join(map(str, shape))


def _own(node):
    """A node without what the nodes in it cost."""
    inside = node.children
    return dataclasses.replace(
        node,
        madd=node.madd - sum(x.madd for x in inside),
        activation_bytes=node.activation_bytes
        - sum(x.activation_bytes for x in inside),
        seconds=node.seconds and node.seconds - sum(x.seconds for x in inside),
        children=(),
    )
