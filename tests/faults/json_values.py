"""Damage to the values of a JSON file, which stays JSON."""

import copy
import json

import numpy as np

from sanet_tf.export.manifest import _checksum

VALUES = (
    *(None, True, False, -1, 0, 1, 7, 2**31, 2**63, 10**400, 0.5, -1e308),
    *("", "0", "a", "../a", "/", "\0", "\n", "\x1b[2J", "9" * 5000, "float32"),
    *([], {}, [[]], [{}], {"a": 1}, [0], [-1, -1], ["a", 3], 1000 * [[1]]),
)


def mutate_values(content, number):
    """One to three values are others, or are gone."""
    rng = np.random.default_rng(number)
    document = json.loads(content)
    for _ in range(rng.integers(1, 4)):
        holder, key = _choose(document, rng)
        if holder is None:
            break
        if rng.random() < 0.2:
            del holder[key]
        else:
            value = VALUES[rng.integers(len(VALUES))]
            holder[key] = copy.deepcopy(value)
    return json.dumps(document).encode()


def mutate_manifest(content, number):
    """So that its checksum is right again."""
    manifest = json.loads(mutate_values(content, number))
    manifest["checksum"] = _checksum(manifest)
    return json.dumps(manifest).encode()


def _choose(document, rng):
    """A place in the document: what holds it, and its key or index."""
    places, holders = [], [document]
    while holders:
        holder = holders.pop()
        keys = range(len(holder)) if isinstance(holder, list) else holder
        for key in keys:
            places.append((holder, key))
            if isinstance(holder[key], list | dict):
                holders.append(holder[key])
    return places[rng.integers(len(places))] if places else (None, None)
