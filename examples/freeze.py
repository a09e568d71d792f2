r"""Only a new classifier and the last stages learn; the first ones are frozen.

    python examples/freeze.py RUN_DIR CLASSES

Prints how many weights are trained before and after. Compile and fit the
network as examples/fine_tune.py does; frozen BatchNorm keeps its averages. As
a command:

    sanet train --dataset=folder --data_dir=DATA_DIR \
        --init_from=RUN_DIR --freeze=stem,stage1,stage2,stage3 ...
"""

import sys

from sanet_tf.models.counting import count_parameters
from sanet_tf.training.fine_tuning import freeze, transfer
from sanet_tf.training.trained import load_trained

FROZEN = ["stem", "stage1", "stage2", "stage3"]


def main(run_dir, *class_names):
    trained = load_trained(run_dir)
    model = trained.network(classes=len(class_names))
    print(transfer(trained, model, class_names))
    before = count_parameters(model)
    layers = freeze(model, FROZEN)
    print(
        f"{layers} layers are frozen; of {before:,} weights "
        f"{count_parameters(model):,} are trained"
    )
    return model


if __name__ == "__main__":
    main(*sys.argv[1:])
