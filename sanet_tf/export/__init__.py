"""Trained networks as files that run where this package is not.

sanet export --model=RUN_DIR --format=litert --output=DIR
"""

import lazy_loader

# What needs TensorFlow is imported where it is asked for.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "classifier": [
            "check_saved_model",
            "classifier_program",
            "export_saved_model",
            "probabilities",
        ],
        "formats": ["FORMATS", "QUANTIZATIONS"],
        "restoration": ["restoration_program"],
        "writing": ["export"],
    },
)
