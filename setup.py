"""Installs sanet_tf; which extras there are is in docs/pages/install.md."""

import runpy
from pathlib import Path

import setuptools

# A backend each; without any of them Keras does not start.
TENSORFLOW = [
    "csbdeep>=0.8.2",
    "imagecodecs>=2025.3.30",  # TIFF with LZW and the like
    # tensorflow-datasets needs it and does not declare it.
    "importlib_resources>=6.0",
    "scikit-image>=0.25",
    # tensorflow no longer installs it; csbdeep and tf.summary need it.
    "tensorboard>=2.20",
    "tensorflow>=2.20",
    "tensorflow-datasets>=4.9.10",
    "tifffile>=2025.3.30",
    "zarr>=3.0",
]
JAX = ["jax>=0.7"]
TORCH = ["torch>=2.13"]

BIOIMAGEIO = [
    *TENSORFLOW,
    "bioimageio.core>=0.11",
    "bioimageio.spec>=0.5.12",
    "pydantic>=2.10.3,<2.14",  # bioimageio.spec fails with 2.14
]
EXPORT = [
    *TENSORFLOW,
    "ai-edge-litert>=2.3",
    "onnx>=1.19",
    "onnxruntime>=1.23",
    "tf2onnx>=1.17",
]
DOCS = ["mkdocs>=1.6,<2", "mkdocs-material>=9.8", "mkdocstrings[python]>=1.0"]
TEST = [
    "pytest>=8.3",
    "pytest-xdist>=3.6",
    "ruff>=0.12",
    *JAX,
    *BIOIMAGEIO,
    *EXPORT,
]

setuptools.setup(
    name="sanet_tf",
    version=runpy.run_path("sanet_tf/__init__.py")["__version__"],
    description="Siamese Attention Networks in Keras",
    long_description=Path("README.md").read_text(),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    packages=setuptools.find_packages(include=["sanet_tf", "sanet_tf.*"]),
    install_requires=[
        "absl-py>=2.1",
        "h5py>=3.12",
        "keras>=3.14.1",
        "matplotlib>=3.9",
        "numpy>=2.0",
        "pillow>=11.3",
        "psutil>=6.0",
        "scikit-learn>=1.6",
        "scipy>=1.14",
        "tqdm>=4.66",
    ],
    extras_require={
        "bioimageio": BIOIMAGEIO,
        "docs": DOCS,
        "export": EXPORT,
        "jax": JAX,
        "tensorflow": TENSORFLOW,
        "test": TEST,
        "torch": TORCH,
    },
    classifiers=[
        "License :: OSI Approved :: Apache Software License",
        "Programming Language :: Python :: 3.11",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
)
