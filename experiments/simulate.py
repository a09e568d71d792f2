r"""Writes simulated stacks as TIFF files, noisy and true.

    python experiments/simulate.py --output=simulated --shape=32,128,128
    python experiments/restoration.py --dataset=tiff --data_dir=simulated

OUTPUT/low/ has what a camera counts, OUTPUT/GT/ the expected photons.
"""

from pathlib import Path

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import flag_help, flag_types
from sanet_tf.utils import backends
from sanet_tf.utils.errors import UserError

FLAGS = flags.FLAGS

flags.DEFINE_string("output", "simulated", "folder that receives low/ and GT/")
flag_help.alias("output_dir", "output")
flag_types.define_sizes(
    "shape", ["32", "128", "128"], "voxels along Z,Y,X or Y,X"
)
flags.DEFINE_integer("count", 1, "number of stacks", 1)
flags.DEFINE_float(
    "exposure", 0.1, "share of the light in the noisy stacks", 0.0
)
flags.DEFINE_enum(
    "structure",
    "mixed",
    ["mixed", "nuclei", "filaments", "membranes"],
    "what the stacks show",
)
flags.DEFINE_integer(
    "seed", 1000, "seed of the first stack; the next have the next", 0
)


def main(arguments):
    cli.no_arguments(arguments)
    shape = flag_types.numbers("shape") or ()
    backends.load_tensorflow()
    import numpy as np

    from sanet_tf.restoration.io.stack import create_stack
    from sanet_tf.restoration.simulation.camera import expose
    from sanet_tf.restoration.simulation.volumes import simulate_volume
    from sanet_tf.utils.files import make_directory

    for i in range(FLAGS.count):
        seed = FLAGS.seed + i
        rng = np.random.default_rng(seed)
        try:
            photons = simulate_volume(shape, seed, FLAGS.structure)
            counts = expose(photons, FLAGS.exposure, rng)
        except ValueError as error:
            raise UserError(str(error)) from error
        for name, stack in (("low", counts), ("GT", photons)):
            folder = make_directory(Path(FLAGS.output) / name)
            path = folder / f"stack-{i}.tif"
            axes = "ZYX"[-stack.ndim :]
            with create_stack(path, stack.shape, axes, stack.dtype) as file:
                file[...] = stack
            print(f"wrote {path}")


if __name__ == "__main__":
    cli.run(main)
