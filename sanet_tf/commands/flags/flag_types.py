"""Flags of several values, which are refused as soon as they are read.

Their values remain lists of strings, as the records of runs have them.
"""

import math

from absl import flags

flags.disclaim_key_flags()  # they are those of the module that calls


def define_sizes(name, default, meaning, axes=None, example="16,64,64"):
    """Defines a flag of positive whole numbers, such as 16,64,64.

    Args:
        name: of the flag.
        default: list of strings, or None.
        meaning: what --help says.
        axes: how many numbers there are; None: any number of them.
        example: of a value, for the line of an error.
    """
    _define(_Sizes(axes, example), name, default, meaning)


def define_shares(name, default, meaning):
    """Defines a flag of one or more finite numbers above 0, such as 0.02,0.1.

    Args:
        name: of the flag.
        default: list of strings, or None.
        meaning: what --help says.
    """
    _define(_Shares(), name, default, meaning)


def define_names(name, default, known, meaning):
    """Defines a flag of one or more names, such as tile,volume.

    Args:
        name: of the flag.
        default: list of strings, or None.
        known: the names that there are.
        meaning: what --help says.
    """
    _define(_Names(known), name, default, meaning)


def define_paths(name, meaning):
    """Defines a flag of one or more paths, as A,B,C or given several times.

    Args:
        name: of the flag.
        meaning: what --help says.
    """
    flags.DEFINE_multi_string(name, None, meaning)


def paths(name):
    """The paths of a flag of paths, a list."""
    texts = flags.FLAGS[name].value or []
    return [path for text in texts for path in text.split(",")]


def numbers(name):
    """The numbers of a flag of sizes as a tuple; None if there are none."""
    texts = flags.FLAGS[name].value
    return tuple(map(int, texts)) if texts else None


def shares(name):
    """The numbers of a flag of shares as a tuple; None if there are none."""
    texts = flags.FLAGS[name].value
    return tuple(map(float, texts)) if texts else None


def _define(parser, name, default, meaning):
    flags.DEFINE(
        parser, name, default, meaning, serializer=flags.CsvListSerializer(",")
    )


class _Sizes(flags.ListParser):
    def __init__(self, axes, example):
        super().__init__()
        self._axes = axes
        count = f"{axes} " if axes else ""
        self.syntactic_help = f"{count}whole numbers above 0, such as {example}"

    def parse(self, argument):
        texts = super().parse(argument)
        whole = all(t.isascii() and t.isdecimal() and int(t) for t in texts)
        if not whole or self._axes not in (None, len(texts)):
            raise ValueError(f"expected {self.syntactic_help}")
        return texts


class _Shares(flags.ListParser):
    def __init__(self):
        super().__init__()
        self.syntactic_help = "numbers above 0, such as 0.02,0.1"

    def parse(self, argument):
        texts = super().parse(argument)
        if not texts or not all(map(_is_positive, texts)):
            raise ValueError(f"expected {self.syntactic_help}")
        return texts


def _is_positive(text):
    try:
        return 0 < float(text) < math.inf
    except ValueError:
        return False


class _Names(flags.ListParser):
    def __init__(self, known):
        super().__init__()
        self.enum_values = known
        self.syntactic_help = f"one or more of {', '.join(known)}"

    def parse(self, argument):
        names = super().parse(argument)
        if not names or not {*names} <= {*self.enum_values}:
            raise ValueError(f"expected {self.syntactic_help}")
        return names
