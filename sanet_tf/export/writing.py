"""Writing a `Program` in a format: checked before it gets its name."""

import importlib.metadata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import sanet_tf
from sanet_tf.export import layouts, manifest
from sanet_tf.export.formats import FORMATS
from sanet_tf.utils import backends, files
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.types import PathLike

if TYPE_CHECKING:  # what flags alone decide is checked before it can load
    from sanet_tf.export.program import Program

TOLERANCE = 1e-4  # of the largest output
NOTHING_TO_CALIBRATE = (
    "--quantize=int8 needs pictures like those that will be classified: "
    "--calibration=FOLDER"
)
PACKAGES = (
    "keras",
    "numpy",
    "tensorflow",
    "ai-edge-litert",
    "onnx",
    "onnxruntime",
    "tf2onnx",
)


def check_options(format, quantize, layout):
    """Refuses what of `export`'s arguments does not go together.

    Raises:
        UserError: the format lacks the quantisation or the layout.
    """
    if quantize not in FORMATS[format].QUANTIZATIONS:
        raise UserError(
            f"--format={format} has no --quantize={quantize}; "
            "--format=litert and --format=onnx have"
        )
    layouts.place(Path(), layout, format)


def export(
    program: "Program",
    path: PathLike,
    format: str = "saved_model",
    quantize: str = "none",
    layout: str = "plain",
) -> dict:
    """Writes a folder with the network and its manifest, replacing an old one.

    The file is loaded again and compared with the network that it was made of
    before it gets its name: if it is wrong, nothing is written.

    Args:
        program: a `sanet_tf.export.program.Program`. The arrays in `real` are
            what int8 is calibrated with.
        path: folder to write.
        format: a key of `FORMATS`.
        quantize: "none", "dynamic" (weights of 8 bits), "int8" (activations
            too) or "float16" (weights).
        layout: one of `sanet_tf.export.layouts.LAYOUTS`.

    Returns:
        The manifest, a dictionary; see `sanet_tf.export.manifest`.

    Raises:
        UserError: the format lacks the quantisation or the layout, int8 has
            nothing to be calibrated with, a package is missing, or the file is
            wrong.
    """
    check_options(format, quantize, layout)
    if quantize == "int8" and not program.real:
        raise UserError(NOTHING_TO_CALIBRATE)
    writer = FORMATS[format]
    entries = {
        "format": format,
        "layout": layout,
        **program.about,
        "quantize": quantize,
        "input": _describe(
            program.input.name,
            program.input.dtype.name,
            program.input.shape,
        ),
        "output": _describe(
            program.output, "float32", program.model.output_shape
        ),
    }
    written = {}

    def write(folder):
        inside = layouts.place(folder, layout, format)
        inside.mkdir(parents=True)
        with backends.silent_stderr():
            writer.write(program, inside, quantize, program.real)
            run = writer.load(inside, entries)
        layouts.configure(folder, entries)
        checks = compare(program, run, quantize == "none")
        measured = {"checks": checks, "versions": _versions()}
        written.update(manifest.write(folder, {**entries, **measured}))

    files.write_atomically(Path(path), write)
    return written


def compare(program, run, must_agree=True):
    """Compares a loaded file with the network that it was made of.

    Args:
        program: a `sanet_tf.export.program.Program`.
        run: the file as a function of a NumPy array.
        must_agree: whether a difference above `TOLERANCE` is an error.

    Returns:
        What was measured: the largest difference as a share of the largest
        output, the number of real arrays and, of a classifier, the share of
        them for which both have the same most probable class.

    Raises:
        UserError: the file gives other shapes, values that are not finite, or
            too large a difference.
    """
    difference, agreeing = 0.0, 0
    for number, batch in enumerate([*program.random, *program.real]):
        expected, found = program.reference(batch), run(batch)
        if not np.isfinite(expected).all():
            raise UserError(
                "the trained network itself gives values that are not finite; "
                "nothing was written"
            )
        if found.shape != expected.shape:
            raise UserError(
                "the exported network gives other shapes: expected "
                f"{expected.shape}, got {found.shape}; nothing was written"
            )
        if not np.isfinite(found).all():
            raise UserError(
                "the exported network gives values that are not finite (those "
                "of float16 end at 65,504); nothing was written"
            )
        largest = max(np.abs(expected).max(), np.finfo(np.float32).tiny)
        share = float(np.abs(found - expected).max() / largest)
        difference = max(difference, share)
        if number >= len(program.random):
            agreeing += int(found.argmax() == expected.argmax())
    if must_agree and not difference <= TOLERANCE:
        raise UserError(
            "the exported network gives other values than the Keras model: "
            f"expected at most {TOLERANCE} of the largest, got "
            f"{difference:.1e}; nothing was written"
        )
    checks = {"difference": difference, "real": len(program.real)}
    if program.real and "labels" in program.about:
        checks["top1_agreement"] = agreeing / len(program.real)
    return checks


def _describe(name, dtype, shape):
    return {"name": name, "dtype": dtype, "shape": list(shape)}


def _versions():
    versions = {"sanet_tf": sanet_tf.__version__}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
