"""Reading the zip that `export_fiji` and csbdeep write for Fiji."""

import tempfile
import zipfile
from pathlib import Path

import tensorflow as tf

from sanet_tf.restoration.normalization import PERCENTILES, are_percentiles
from sanet_tf.restoration.packages.exported import ExportedRestoration
from sanet_tf.restoration.packages.fiji import SIGNATURE
from sanet_tf.utils import files

GRAPH, META = "saved_model.pb", "meta.json"
VARIABLES = ("variables.index", "variables.data-00000-of-00001")
LARGEST = 2**31  # bytes, unpacked


def load_zip(path):
    """Opens a restoration network in a zip.

    Args:
        path: of the file.

    Returns:
        An `ExportedRestoration`.

    Raises:
        ValueError: it has no network, or one that is too large.
        Exception: what a damaged file makes zipfile and TensorFlow raise.
    """
    with tempfile.TemporaryDirectory() as folder:
        _unpack(path, Path(folder))
        meta = files.read_json(Path(folder, META))
        loaded = tf.saved_model.load(folder)
    signature = loaded.signatures[SIGNATURE]
    (inputs,) = signature.structured_input_signature[1].values()
    outputs = signature.structured_outputs["output"]
    percentiles = meta.get("percentiles", list(PERCENTILES.values()))
    if not are_percentiles(percentiles):
        raise ValueError(f"{META} has no percentiles, but {percentiles!r}")
    channels = outputs.shape[-1] // (2 if meta["probabilistic"] else 1)

    def run(batch):
        return signature(input=tf.constant(batch))["output"].numpy()

    run.loaded = loaded  # the signature alone does not keep its variables
    return ExportedRestoration(
        run,
        {
            "axes": meta["axes"],
            "axes_out": meta.get("axes_out", _axes_out(meta)),
            "axes_div_by": meta["axes_div_by"],
            "channels_in": inputs.shape[-1],
            "channels_out": channels,
            "normalizer": dict(zip(PERCENTILES, percentiles, strict=True)),
        },
    )


def _axes_out(meta):
    """Csbdeep does not name them; its projections are along Z by default."""
    projects = meta["type"].endswith("ProjectionCARE")
    return meta["axes"].replace("Z", "") if projects else meta["axes"]


def _unpack(path, folder):
    """Unpacks what belongs to a network, under the names that it must have."""
    (folder / "variables").mkdir()
    with zipfile.ZipFile(path) as archive:
        names = {*archive.namelist()}
        if not {GRAPH, META} <= names:
            raise ValueError(
                f"expected a zip for Fiji, with {GRAPH} and {META}; it has "
                f"{', '.join(sorted(names)[:5]) or 'nothing'}"
            )
        wanted = [GRAPH, META, *(f"variables/{name}" for name in VARIABLES)]
        present = [name for name in wanted if name in names]
        size = sum(archive.getinfo(name).file_size for name in present)
        if size > LARGEST:
            raise ValueError(
                f"expected at most {LARGEST:,} bytes, unpacked, got {size:,}"
            )
        for name in present:
            (folder / name).write_bytes(archive.read(name))
