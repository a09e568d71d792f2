"""What a script measured before, read back to be drawn anew."""

import csv

from sanet_tf.utils import files
from sanet_tf.utils.errors import UserError


def read(directory, name):
    """The rows of NAME.csv, and the record of NAME.run.json beside it.

    Args:
        directory: where they lie.
        name: of the measurement, such as "table2".

    Returns:
        A list of dictionaries, whose numbers are numbers and whose empty
        cells are None; and a dictionary.

    Raises:
        UserError: they are not there.
    """
    table, record = (
        directory / f"{name}.{kind}" for kind in ("csv", "run.json")
    )
    for path in (table, record):
        if not path.is_file():
            raise UserError(f"nothing to draw: there is no {path}")
    return read_rows(table), files.read_json(record)


def read_rows(path):
    """The rows of a csv, as `read` has them."""
    with open(path, newline="") as file:
        return [
            {column: _value(text) for column, text in row.items()}
            for row in csv.DictReader(file)
        ]


def _value(text):
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text or None
