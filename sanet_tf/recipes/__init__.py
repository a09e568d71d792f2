"""Recipes that come with the package: flags in files, for --flagfile=NAME."""

import re
from pathlib import Path

from sanet_tf.utils.errors import UserError, did_you_mean

PATHS = {
    path.stem: path for path in sorted(Path(__file__).parent.glob("*.flags"))
}


def located(words):
    """Command-line words, with the recipes that --flagfile names as paths.

    A file of that name is taken first.

    Args:
        words: of the command line; those behind "--" are no flags.

    Raises:
        UserError: there is no such file and no such recipe.
    """
    end = words.index("--") if "--" in words else len(words)
    found = list(words)
    for place, word in enumerate(words[:end]):
        name, equals, value = word.lstrip("-").partition("=")
        if name != "flagfile" or not word.startswith("-"):
            continue
        if equals:
            found[place] = f"--flagfile={_path(value)}"
        elif place + 1 < end:
            found[place + 1] = str(_path(words[place + 1]))
    return found


def _path(value):
    path = Path(value.strip()).expanduser()
    if path.exists() and not path.is_dir():  # a pipe will do
        return value
    # Where they were when the commands of older records were given.
    value = re.sub(r"^experiments/recipes/(.*)\.flags$", r"\1", value)
    if value not in PATHS:
        raise UserError(
            f"--flagfile={value}: expected a file, or one of "
            f"{', '.join(PATHS)}{did_you_mean(value, PATHS)}"
        )
    return PATHS[value]
