"""The stacks that `sanet restore` is to restore, and lines that name them."""

import os
from pathlib import Path

from sanet_tf.restoration.io import inputs
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.printing import printable

UNCERTAINTY = "uncertainty"  # folder in that of the results


def find_sources(paths, output, suffix, is_sequence):
    """What is restored, and where to.

    Args:
        paths: of files and folders, as the user named them.
        output: `Path` of the folder of the results.
        suffix: of the results.
        is_sequence: whether a folder of TIFF files is one stack.

    Returns:
        `{output: input}`, and lines on what is not restored.

    Raises:
        UserError: an input lies in the folder of the results.
    """
    found, lines = {}, []
    for path in map(Path, paths):
        try:
            stacks, foreign = inputs.find_stacks(path, is_sequence)
        except (UserError, OSError) as error:
            lines.append(line_of(path, error))
            continue
        for line in inputs.left_out(path, foreign):
            print(printable(line))
        found |= {os.path.abspath(stack): stack for stack in stacks}
    sources = {}
    for source, name in inputs.name_results([*found.values()]).items():
        target = output / f"{name}{suffix}"
        place = source.resolve()
        folders = output.resolve(), (output / UNCERTAINTY).resolve()
        if {*folders} & {place, place.parent} or target.resolve() == place:
            raise UserError(
                f"--output={output} is the folder of {source}; name another "
                "folder, so that no input is overwritten"
            )
        if target in sources:
            line = (
                f"{source}: its result would be {target}, as that of "
                f"{sources[target]}; restore it to another folder"
            )
            lines.append(printable(line))
        else:
            sources[target] = source
    return sources, lines


def line_of(source, error):
    """One line that names the file, whatever raised the error."""
    line = str(error)
    if not isinstance(error, UserError):
        line = " ".join(line.split())
    if not line or not isinstance(error, ValueError | OSError):
        line = f"{type(error).__name__}: {line}"
    return printable(line if str(source) in line else f"{source}: {line}")
