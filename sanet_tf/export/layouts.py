"""Folders as servers want them; manifest.json is beside what they read.

plain      model.onnx, model.tflite, saved_model.pb
serving    TensorFlow Serving's: models.config, 1/saved_model.pb
triton     Triton's: config.pbtxt, labels.txt, 1/model.onnx or
           1/model.savedmodel/saved_model.pb
"""

from sanet_tf.utils.errors import UserError

LAYOUTS = ("plain", "serving", "triton")
LABELS = "labels.txt"
BATCH = 32  # that Triton gathers from its clients
_SUBFOLDERS = {
    ("serving", "saved_model"): "1",
    ("triton", "onnx"): "1",
    ("triton", "saved_model"): "1/model.savedmodel",
}
_PLATFORMS = {
    "onnx": "onnxruntime_onnx",
    "saved_model": "tensorflow_savedmodel",
}
_TYPES = {"uint8": "TYPE_UINT8", "float32": "TYPE_FP32"}


def place(folder, layout, format):
    """Where in a folder the files of the network are.

    Raises:
        UserError: the server does not read this format.
    """
    if layout == "plain":
        return folder
    if (layout, format) not in _SUBFOLDERS:
        formats = sorted(f for name, f in _SUBFOLDERS if name == layout)
        raise UserError(
            f"--layout={layout} needs --format={' or '.join(formats)}, "
            f"got --format={format}"
        )
    return folder / _SUBFOLDERS[layout, format]


def configure(folder, entries):
    """Writes what the server of a layout reads beside the network.

    Args:
        folder: `Path` of the folder.
        entries: of the manifest.
    """
    from sanet_tf.training.run_directory import format_labels

    if entries["layout"] == "serving":
        (folder / "models.config").write_text(
            _SERVING.format(name=entries["model"])
        )
    if entries["layout"] == "triton":
        (folder / "config.pbtxt").write_text(_triton(entries))
        if "labels" in entries:
            (folder / LABELS).write_bytes(format_labels(entries["labels"]))


_SERVING = """model_config_list {{
  config {{
    name: "{name}"
    base_path: "/models/{name}"
    model_platform: "tensorflow"
  }}
}}
"""


def _triton(entries):
    labels = f' label_filename: "{LABELS}"' if "labels" in entries else ""
    return (
        f'platform: "{_PLATFORMS[entries["format"]]}"\n'
        f"max_batch_size: {BATCH}\n"
        f"input [ {{ {_tensor(entries['input'])} }} ]\n"
        f"output [ {{ {_tensor(entries['output'])}{labels} }} ]\n"
        "dynamic_batching { }\n"
    )


def _tensor(about):
    """A tensor without its batch."""
    sizes = ", ".join(str(size or -1) for size in about["shape"][1:])
    return (
        f'name: "{about["name"]}" data_type: {_TYPES[about["dtype"]]} '
        f"dims: [ {sizes} ]"
    )
