"""What each head of each attention operator looks at in a photograph.

    python examples/explain.py RUN_DIR photo.jpg

Prints where the scores of every head are highest, as fractions of height and
width. As a figure: sanet explain --model=RUN_DIR photo.jpg
"""

import sys

import numpy as np

from sanet_tf.attention_maps import attention_maps
from sanet_tf.data.decoding import decode_image
from sanet_tf.data.preprocessing import resize_and_crop
from sanet_tf.models import preprocess_input
from sanet_tf.training.trained import load_trained


def main(run_dir, photograph):
    trained = load_trained(run_dir)
    image = resize_and_crop(decode_image(photograph), trained.image_size)
    maps, probabilities = attention_maps(trained.model, preprocess_input(image))
    best = probabilities.argmax()
    print(f"{trained.class_names[best]}, {probabilities[best]:.1%}")
    for attention in maps:
        share = attention.global_size / attention.local_size
        print(f"{attention.name}: global term {share:.2f} times the local one")
        for head in range(attention.scores.shape[-1]):
            scores = attention.scores[..., head]
            place = np.unravel_index(scores.argmax(), scores.shape)
            y, x = (np.array(place) + 0.5) / scores.shape
            print(f"  head {head + 1} is highest at y = {y:.2f}, x = {x:.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
