r"""A trained network learns the classes of your own folder.

    python examples/fine_tune.py RUN_DIR DATA_DIR [EPOCHS]

DATA_DIR holds train/<class>/*.jpg and val/<class>/*.jpg. The classifier is
new; all else begins with the weights of the run, and learns at a tenth of the
classifier's rate. With progress, resume and a record of the run:

    sanet train --dataset=folder --data_dir=DATA_DIR \
        --init_from=RUN_DIR --backbone_rate=0.1 ...
"""

import sys

import keras

from sanet_tf.data import load_arrays
from sanet_tf.training.feeds import ArrayFeed
from sanet_tf.training.fine_tuning import transfer
from sanet_tf.training.optimizers import make_optimizer
from sanet_tf.training.recipe import Recipe
from sanet_tf.training.trained import load_trained


def main(run_dir, data_dir, epochs="5"):
    trained = load_trained(run_dir)
    size = trained.image_size
    images = load_arrays("folder", data_dir, image_size=size)
    model = trained.network(classes=len(images.class_names))
    print(transfer(trained, model, images.class_names))
    recipe = Recipe(int(epochs), 16, 0.01, clip_norm=1.0, backbone_rate=0.1)
    feed = ArrayFeed(images, size, recipe.batch_size)
    model.compile(
        make_optimizer(recipe, steps_per_epoch=1),
        keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    for epoch in range(recipe.epochs):
        model.fit(feed.batches("train", seed=epoch), shuffle=False, verbose=0)
        loss, accuracy = model.evaluate(feed.batches("val"), verbose=0)
        print(f"epoch {epoch + 1}: loss {loss:.4f}, accuracy {accuracy:.4f}")
    return model


if __name__ == "__main__":
    main(*sys.argv[1:]).save_weights("fine-tuned.weights.h5")
