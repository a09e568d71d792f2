"""Sets of TensorFlow Datasets, known by name once this is imported."""

import io

import tensorflow_datasets as tfds
from PIL import Image

BROKEN = 7


class GreyLevels(tfds.core.GeneratorBasedBuilder):
    """Image i has grey level 5 i; the odd ones are dogs."""

    VERSION = tfds.core.Version("1.0.0")

    def features(self):
        return {
            "image": tfds.features.Image(),
            "label": tfds.features.ClassLabel(names=["cat", "dog"]),
        }

    def sizes(self):
        return {"train": 30, "test": 6}

    def _info(self):
        features = tfds.features.FeaturesDict(self.features())
        return tfds.core.DatasetInfo(
            builder=self, features=features, homepage="https://example.org/"
        )

    def _split_generators(self, dl_manager):
        return {
            split: self._generate_examples(size)
            for split, size in self.sizes().items()
        }

    def _generate_examples(self, size):
        for i in range(size):
            yield i, {"image": png(i), "label": i % 2}


class ThreeSplits(GreyLevels):
    def sizes(self):
        return {"train": 5, "validation": 4, "test": 3}


class TrainOnly(GreyLevels):
    def sizes(self):
        return {"train": 4}


class KnownSplits(TrainOnly):
    """Whose splits are known before it is prepared."""

    def _info(self):
        info = super()._info()
        split = tfds.core.SplitInfo(
            name="train",
            shard_lengths=[4],
            num_bytes=0,
            filename_template=tfds.core.ShardedFileTemplate(
                dataset_name=self.name,
                data_dir=self.data_dir,
                filetype_suffix="tfrecord",
                split="train",
            ),
        )
        info.set_splits(tfds.core.splits.SplitDict([split]))
        return info


class Detection(GreyLevels):
    def features(self):
        return {"image": tfds.features.Image(), "boxes": tfds.features.Text()}


class ManyLabels(GreyLevels):
    def features(self):
        labels = tfds.features.Sequence(tfds.features.ClassLabel(num_classes=2))
        return {"image": tfds.features.Image(), "label": labels}


class ByHand(GreyLevels):
    MANUAL_DOWNLOAD_INSTRUCTIONS = "Ask\nthe authors."

    def _split_generators(self, dl_manager):
        return super()._split_generators(dl_manager.manual_dir)


def png(i):
    if i == BROKEN:
        return b"broken"
    file = io.BytesIO()
    image = Image.new("L", (9, 8), 5 * i)
    (image if i % 3 else image.convert("RGB")).save(file, "PNG")
    return file.getvalue()
