"""Features of a trained network at named stages, for any other model.

    python examples/extract_features.py RUN_DIR photo.jpg

RUN_DIR is the --output of `sanet train` or experiments/cifar.py.
"""

import sys

import numpy as np

from sanet_tf.data.decoding import decode_image
from sanet_tf.data.preprocessing import resize_and_crop
from sanet_tf.models import feature_extractor, preprocess_input
from sanet_tf.training.trained import load_trained

STAGES = ["stage3", "stage10"]  # after the last block of each


def main(run_dir, photograph):
    trained = load_trained(run_dir)
    extractor = feature_extractor(trained.model, STAGES)
    image = resize_and_crop(decode_image(photograph), trained.image_size)
    features = extractor(preprocess_input(image[None]))
    for stage, feature_map in features.items():
        vector = np.mean(feature_map, axis=(0, 1, 2))
        print(
            f"{stage}: {feature_map.shape}, {vector.size} means: {vector[:3]}"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
