"""What the backend of Keras computes on."""

import platform
import re
from pathlib import Path


def device_name():
    """Name of the first GPU, or else of the processor."""
    return gpu_name() or processor()


def gpu_name():
    """Name of the first GPU that the backend uses, or None."""
    import keras

    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        device = jax.devices()[0]
        return None if device.platform == "cpu" else device.device_kind
    if backend == "torch":
        import torch  # pyright: ignore[reportMissingImports]

        return (
            torch.cuda.get_device_name() if torch.cuda.is_available() else None
        )
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    details = [tf.config.experimental.get_device_details(g) for g in gpus[:1]]
    return details[0].get("device_name", gpus[0].name) if details else None


def processor():
    """Name of the processor, where Linux tells it; else its architecture."""
    info = Path("/proc/cpuinfo")
    text = info.read_text() if info.exists() else ""
    name = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return f"{name[1]} ({platform.machine()})" if name else platform.machine()
