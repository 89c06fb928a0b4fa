"""What is known of CIFAR-10 and CIFAR-100 as officially published: files, sizes, digests, classes, where to look.

The digests of files are those of A. Krizhevsky's release (https://www.cs.toronto.edu/~kriz/cifar.html); MD5 are the
ones printed there. Fingerprints are ours (`Examples.fingerprint`), of the same pixels and labels in any form.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ablab.catalogue import mark

if TYPE_CHECKING:
    from ablab.data.dataset import Dataset, Examples

SITE = "https://www.cs.toronto.edu/~kriz/"
SIDE = 32  # pixels
PIXELS = 3 * SIDE * SIDE  # bytes of an image: all red ones, then green, then blue

Part = Literal["train", "test"]


@dataclass(frozen=True)
class Member:
    """One file of a data set. Files without images have no part."""

    name: str
    size: int  # bytes
    sha256: str
    part: Part | None = None
    images: int = 0


@dataclass(frozen=True)
class Labels:
    """One kind of labels: where they are in a python batch and in a row of a binary one, and what they mean."""

    key: bytes
    column: int
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Known:
    """A data set in one of the forms that it is published in."""

    name: str
    summary: str
    folder: str
    archive: str
    url: str
    bytes: int  # of the archive
    md5: str
    sha256: str
    members: tuple[Member, ...]
    places: tuple[str, ...] = ()  # where the data set may be below a data root, first things first
    other_archives: tuple[str, ...] = ()  # names under which Keras keeps the same archive
    form: Literal["python", "binary"] = "python"
    labels: Mapping[str, Labels] = field(default_factory=dict)  # by the word that asks for them; the default first
    # By part and kind of labels. Where one is absent, the files' digests must do.
    fingerprints: Mapping[tuple[Part, str], str] = field(default_factory=dict)

    @property
    def batches(self) -> tuple[Member, ...]:
        """The files that hold images, in the order of their rows."""
        return tuple(member for member in self.members if member.part)

    def images(self, part: Part) -> int:
        return sum(member.images for member in self.members if member.part == part)


def _members(table: str) -> tuple[Member, ...]:
    """From lines of name, bytes, SHA-256 and, for those that hold images, part and number of images."""
    rows = (line.split() for line in table.strip().splitlines())
    return tuple(
        Member(name, int(size), sha256, *((rest[0], int(rest[1])) if rest else ()))
        for name, size, sha256, *rest in rows
    )


CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
FINE_CLASSES = tuple(
    """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
    caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant
    flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree
    motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate
    poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider
    squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle
    wardrobe whale willow_tree wolf woman worm
    """.split()  # noqa: SIM905
)
COARSE_CLASSES = tuple(
    """
    aquatic_mammals fish flowers food_containers fruit_and_vegetables household_electrical_devices household_furniture
    insects large_carnivores large_man-made_outdoor_things large_natural_outdoor_scenes large_omnivores_and_herbivores
    medium_mammals non-insect_invertebrates people reptiles small_mammals trees vehicles_1 vehicles_2
    """.split()  # noqa: SIM905
)
# The coarse class of each fine one, in the order of FINE_CLASSES.
COARSE_OF_FINE = bytes(
    int(coarse)
    for coarse in """
    4 1 14 8 0 6 7 7 18 3 3 14 9 18 7 11 3 9 7 11 6 11 5 10 7 6 13 15 3 15 0 11 1 10 12 14 16 9 11 5 5 19 8 8 15
    13 14 17 18 10 16 4 17 4 2 0 17 4 18 17 10 3 2 12 12 16 12 1 9 19 2 10 0 1 16 12 9 13 15 13 16 19 2 4 6 19 5
    5 8 19 18 1 2 15 6 0 17 8 14 13
    """.split()  # noqa: SIM905
)

CIFAR10_LABELS = {"fine": Labels(b"labels", 0, CIFAR10_CLASSES)}
CIFAR10_FINGERPRINTS: dict[tuple[Part, str], str] = {
    ("train", "fine"): "68f85d3e8ee86c38f8d8a62c5473c5893b459d0b3afdd0e6e5bc86b252c061f1",
    ("test", "fine"): "7ceb179aae6b15e2e3961c1c74960c6a4678e4fbd4192cc2bc5c04556da1c425",
}
# Keras 2 leaves the official folder and the first of these archives, Keras 3 the folder "...-target" and the others.
CIFAR10_KERAS = (
    "cifar-10-batches-py.tar.gz",
    "cifar-10-batches-py-target_archive",
    "cifar-10-batches-py-target.tar.gz",
    "cifar-10-batches-py_archive",
)
CIFAR10_PLACES = (
    "cifar-10-batches-py",
    "cifar-10-python.tar.gz",
    "cifar-10-batches-bin",
    "cifar-10-binary.tar.gz",
    "cifar-10-batches-py-target",
    *CIFAR10_KERAS,
    "cifar10",  # the layouts of the Hugging Face hub, old and new
    "cifar10/plain_text",
)

CIFAR100_LABELS = {
    "fine": Labels(b"fine_labels", 1, FINE_CLASSES),
    "coarse": Labels(b"coarse_labels", 0, COARSE_CLASSES),
}
CIFAR100_FINGERPRINTS: dict[tuple[Part, str], str] = {
    ("test", "fine"): "276e20ee936eea168eb7e216ecf2432f523c5b204cd7013408a1b58c70e0bd8e",
    ("test", "coarse"): "51e8c92ebe38f018148fd21ffd5c9d5a48a441fea211776eef49cec84f6b282f",
}
CIFAR100_KERAS = (  # Keras 2 keeps the archive under its official name
    "cifar-100-python-target_archive",
    "cifar-100-python-target.tar.gz",
    "cifar-100-python_archive",
)
CIFAR100_PLACES = (
    "cifar-100-python",
    "cifar-100-python.tar.gz",
    "cifar-100-binary",
    "cifar-100-binary.tar.gz",
    "cifar-100-python-target",
    *CIFAR100_KERAS,
    "cifar100",
    "cifar100/cifar100",
)

# The forms that are downloaded, by the name of the data set.
KNOWN = {
    "cifar10": Known(
        name="cifar10",
        summary="60,000 images of 32 x 32 pixels in 10 classes",
        form="python",
        folder="cifar-10-batches-py",
        archive="cifar-10-python.tar.gz",
        url=f"{SITE}cifar-10-python.tar.gz",
        bytes=170_498_071,
        md5="c58f30108f718f92721af3b95e74349a",
        sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        members=_members(
            """
            data_batch_1 31_035_704 54636561a3ce25bd3e19253c6b0d8538147b0ae398331ac4a2d86c6d987368cd train 10_000
            data_batch_2 31_035_320 766b2cef9fbc745cf056b3152224f7cf77163b330ea9a15f9392beb8b89bc5a8 train 10_000
            data_batch_3 31_035_999 0f00d98ebfb30b3ec0ad19f9756dc2630b89003e10525f5e148445e82aa6a1f9 train 10_000
            data_batch_4 31_035_696 3f7bb240661948b8f4d53e36ec720d8306f5668bd0071dcb4e6c947f78e9682b train 10_000
            data_batch_5 31_035_623 d91802434d8376bbaeeadf58a737e3a1b12ac839077e931237e0dcd43adcb154 train 10_000
            test_batch 31_035_526 f53d8d457504f7cff4ea9e021afcf0e0ad8e24a91f3fc42091b8adef61157831 test 10_000
            batches.meta 158 f962466ef690d46b226450fb9aadc74ba4bc64a76aa526b5827fe4bc5c7125cb
            """
        ),
        labels=CIFAR10_LABELS,
        fingerprints=CIFAR10_FINGERPRINTS,
        other_archives=CIFAR10_KERAS,
        places=CIFAR10_PLACES,
    ),
    "cifar100": Known(
        name="cifar100",
        summary="60,000 images of 32 x 32 pixels in 100 classes (coarse: 20)",
        form="python",
        folder="cifar-100-python",
        archive="cifar-100-python.tar.gz",
        url=f"{SITE}cifar-100-python.tar.gz",
        bytes=169_001_437,
        md5="eb9058c3a382ffc7106e4002c42a8d85",
        sha256="85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
        members=_members(
            """
            train 155_249_918 735e79b04f092ca3d2e6d07f368c0a7d70d48c48d28865950cc24454cf45129b train 50_000
            test 31_049_707 4b67687d9933c4db8f0831104447f15b93774f4f464bd0516f0f0f2ac83b7864 test 10_000
            meta 1_473 a5d4786345c961390f865e93b434dbd5c6904ce880667e0cb888c97d449f28b9
            """
        ),
        labels=CIFAR100_LABELS,
        fingerprints=CIFAR100_FINGERPRINTS,
        other_archives=CIFAR100_KERAS,
        places=CIFAR100_PLACES,
    ),
}

# The same data in the form for programs in C: rows of label bytes and pixels. Read where found, never downloaded.
BINARY = {
    "cifar10": Known(
        name="cifar10",
        summary="60,000 images of 32 x 32 pixels in 10 classes",
        form="binary",
        folder="cifar-10-batches-bin",
        archive="cifar-10-binary.tar.gz",
        url=f"{SITE}cifar-10-binary.tar.gz",
        bytes=170_052_171,
        md5="c32a1d4ab5d03f1284b67883e8d87530",
        sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        members=_members(
            """
            data_batch_1.bin 30_730_000 cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5 train 10_000
            data_batch_2.bin 30_730_000 a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed train 10_000
            data_batch_3.bin 30_730_000 bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67 train 10_000
            data_batch_4.bin 30_730_000 014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48 train 10_000
            data_batch_5.bin 30_730_000 755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add train 10_000
            test_batch.bin 30_730_000 8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b test 10_000
            """
        ),
        labels=CIFAR10_LABELS,
        fingerprints=CIFAR10_FINGERPRINTS,
    ),
    "cifar100": Known(
        name="cifar100",
        summary="60,000 images of 32 x 32 pixels in 100 classes (coarse: 20)",
        form="binary",
        folder="cifar-100-binary",
        archive="cifar-100-binary.tar.gz",
        url=f"{SITE}cifar-100-binary.tar.gz",
        bytes=168_513_733,
        md5="03b5dce01913d631647c71ecec9e9cb8",
        sha256="58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
        members=_members(
            """
            train.bin 153_700_000 f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29 train 50_000
            test.bin 30_740_000 d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a test 10_000
            """
        ),
        labels=CIFAR100_LABELS,
        fingerprints=CIFAR100_FINGERPRINTS,
    ),
}


@mark("published", "cifar10")
def cifar10(*, labels: Literal["fine"] = "fine") -> Known:  # noqa: ARG001 (read from the text)
    """CIFAR-10, as it is downloaded."""
    return KNOWN["cifar10"]


@mark("published", "cifar100")
def cifar100(*, labels: Literal["fine", "coarse"] = "fine") -> Known:  # noqa: ARG001
    """CIFAR-100, as it is downloaded."""
    return KNOWN["cifar100"]


def is_official(dataset: "Dataset") -> bool | None:
    """Whether pixels, labels and order are the published ones; None where nothing is known to compare with.

    A data set that bears no official name is only ever called official or unknown.
    """
    name = dataset.name.partition("(")[0]
    for known in KNOWN.values():
        for kind, labels in known.labels.items():
            if dataset.classes != labels.classes:
                continue
            parts: tuple[tuple[Part, Examples], ...] = (("train", dataset.train), ("test", dataset.test))
            found = [_is_official(known, kind, part, examples) for part, examples in parts]
            if False in found:
                return False if known.name == name else None
            return None if None in found else True
    return None


def _is_official(known: Known, kind: str, part: Part, examples: "Examples") -> bool | None:
    if len(examples) != known.images(part) or tuple(examples.images.shape[1:]) != (3, SIDE, SIDE):
        return False
    if (part, kind) in known.fingerprints:
        return examples.fingerprint == known.fingerprints[part, kind]
    if known.name == "cifar100" and kind == "fine":
        return _digest_of_binary_rows(examples) == BINARY["cifar100"].members[0].sha256
    return None


def _digest_of_binary_rows(examples: "Examples") -> str:
    """SHA-256 of the binary file that these images and fine labels would make: what is published of CIFAR-100."""
    digest = hashlib.sha256()
    for fine, image in zip(examples.labels.tolist(), examples.images.numpy(), strict=True):
        digest.update(bytes((COARSE_OF_FINE[fine], fine)))
        digest.update(image)
    return digest.hexdigest()
