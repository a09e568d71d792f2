"""Runs exported files by LiteRT's and ONNX Runtime's packages alone.

    python run_files.py IN.npz OUT.npz FILE...

Prints the versions of both. OUT.npz has the output of each file.
"""

import importlib.metadata
import sys

import numpy as np
import onnxruntime
from ai_edge_litert.interpreter import Interpreter


def run(path, batch):
    if path.endswith(".onnx"):
        session = onnxruntime.InferenceSession(
            path, providers=["CPUExecutionProvider"]
        )
        (value,) = session.get_inputs()
        return session.run(None, {value.name: batch})[0]
    runner = Interpreter(path).get_signature_runner()
    (name,) = runner.get_input_details()
    (output,) = runner(**{name: batch}).values()
    return output


def main():
    source, target, *paths = sys.argv[1:]
    batches, outputs = np.load(source), {}
    for path in paths:
        outputs[path] = run(path, batches[path])
    np.savez(target, **outputs)
    for package in ("onnxruntime", "ai-edge-litert"):
        print(package, importlib.metadata.version(package))


if __name__ == "__main__":
    main()
