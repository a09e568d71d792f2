"""manifest.json: what an exported network is, and whether it is whole.

    format_version   1
    format           "saved_model", "litert" or "onnx"
    kind             "classifier" or "restoration"
    model            name of the network
    layout           "plain", "serving" or "triton"; plain if it is missing
    quantize         "none", "dynamic", "int8" or "float16"
    input, output    {name, dtype, shape}; null is a size that may vary
    checks           what was measured when it was exported
    sha256           {file: checksum} of the files beside it
    versions         of the packages that made it
    checksum         SHA-256 of all entries but this one, as sorted JSON

A classifier's has `labels`, `image_size` and `scaled_size`, the side to which
a picture is scaled before its centre is cropped. That of a restoration network
has `axes`, `axes_out`, `axes_div_by`, `channels_in`, `channels_out` and
`normalizer`.
"""

import hashlib
import json

from sanet_tf.export import schema
from sanet_tf.utils import files
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.types import PathLike

NAME = "manifest.json"
FORMAT_VERSION = 1


def write(folder, entries):
    """Writes the manifest of the files in a folder.

    Args:
        folder: `Path` of the folder.
        entries: all but `format_version`, `sha256` and `checksum`.

    Returns:
        The manifest, a dictionary.
    """
    manifest = {
        "format_version": FORMAT_VERSION,
        **entries,
        "sha256": {
            path.relative_to(folder).as_posix(): files.sha256(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        },
    }
    manifest["checksum"] = _checksum(manifest)
    text = json.dumps(manifest, indent=2) + "\n"
    (folder / NAME).write_text(text, encoding="ascii")
    return manifest


def read(folder: PathLike) -> dict:
    """Reads a manifest, and checks it and the files beside it.

    Args:
        folder: path of the folder.

    Returns:
        The manifest, a dictionary.

    Raises:
        UserError: there is none, it is of a newer version, or it or a file is
            damaged.
    """
    path = files.inside(folder, NAME)
    if not path.is_file():
        raise UserError(
            f"no exported network in {folder}: expected a folder with {NAME}, "
            "as sanet export leaves it"
        )
    manifest = _parse(path)
    version = manifest.get("format_version")
    if version != FORMAT_VERSION:
        raise UserError(
            f"{path} has format version {version!r:.20}, this program reads "
            f"{FORMAT_VERSION}; update sanet_tf, or export again"
        )
    try:
        schema.check(manifest)
    except ValueError as error:
        raise _damaged(path, error) from error
    for name, expected in manifest["sha256"].items():
        file = path.parent / name
        files.inside(path.parent, name)
        if not file.is_file() or files.sha256(file) != expected:
            raise UserError(
                f"{file} is missing or damaged: it is not the file that {NAME} "
                "has the SHA-256 of; export the network again"
            )
    return manifest


def _parse(path):
    try:
        manifest = files.read_json(path)
        if manifest["checksum"] != _checksum(manifest):
            raise ValueError("its checksum is another")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(path, error) from error
    return manifest


def _damaged(path, error):
    return UserError(f"{path} is damaged, or not of this package ({error})")


def _checksum(manifest):
    entries = {k: v for k, v in manifest.items() if k != "checksum"}
    text = json.dumps(entries, sort_keys=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
