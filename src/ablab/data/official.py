"""Published data sets that a person puts in place: their names, official files, classes and checksums.

MD5 digests are those that the authors or torchvision print for the official files. Where none is printed (CIFAR-10.1,
the single files of Tiny ImageNet), nothing is compared.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ablab.catalogue import mark
from ablab.errors import DataError

if TYPE_CHECKING:
    from ablab.data.dataset import Dataset

DIGITS = tuple(map(str, range(10)))
CLOTHES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
KUZUSHIJI = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
IDX = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


@dataclass(frozen=True)
class Official:
    """A data set that is read from its official files wherever they are, and never downloaded."""

    name: str
    summary: str
    site: str  # where its authors publish it
    files: tuple[str, ...]  # what belongs into its folder
    places: tuple[str, ...]  # where it may be below a data root, first things first
    classes: tuple[str, ...] = ()  # where the files do not name them
    md5: Mapping[str, str] = field(default_factory=dict)  # by file name

    def absent(self, folders: tuple[Path, ...]) -> str:
        """The message where it is missing: what was looked for, and what to put where."""
        return (
            f"{self.name} is not here: looked for {', '.join(self.places)}\n"
            f"in {', '.join(map(str, folders))}\n"
            f"get {', '.join(self.files)} from {self.site} and put them into {folders[0] / self.places[0]}"
        )

    def check(self, place: Path) -> None:
        """Raise for a file with an official name and another content."""
        for folder in (place, place / "raw"):
            for name, digest in self.md5.items():
                if (folder / name).is_file() and _md5(folder / name) != digest:
                    raise DataError(
                        f"{folder / name}: is not the official file of {self.name} (its MD5 is not {digest}); to use "
                        f"it anyway, give the path instead of {self.name}"
                    )

    def named(self, dataset: "Dataset") -> "Dataset":
        """The data set under its official name, with the official class names."""
        classes = self.classes or dataset.classes
        if len(classes) != len(dataset.classes):
            raise DataError(f"{self.name} has {len(classes)} classes, and the files here have {len(dataset.classes)}")
        return replace(dataset, name=self.name, classes=classes)


def plain(path: Path, labels: str | None, skip_unreadable: bool) -> None:
    """Raise for options that a data set of one kind of labels and whole files does not have."""
    if labels is not None:
        raise DataError(f'{path}: the data set has only one kind of labels; leave out "({labels})"')
    if skip_unreadable:
        raise DataError(f"{path}: only folders of images can skip unreadable files; leave out the option")


def _md5(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror or error})") from None


def _digests(names: tuple[str, ...], digests: str) -> dict[str, str]:
    return dict(zip(names, digests.split(), strict=True))


OFFICIAL = {
    one.name: one
    for one in (
        Official(
            name="mnist",
            summary="70,000 gray digits of 28 x 28 pixels in 10 classes (LeCun, Cortes and Burges 1998)",
            site="http://yann.lecun.com/exdb/mnist/",
            files=IDX,
            places=("mnist", "MNIST", "mnist.npz"),  # the last is how Keras keeps it
            classes=DIGITS,
            md5=_digests(
                IDX,
                """
                f68b3c2dcbeaaa9fbdd348bbdeb94873 d53e105ee54ea40749a09fcbcd1e9432
                9fb629c4189551a2d022fa330f9573f3 ec29112dd5afa0611ce80d1b7f02629c
                """,
            ),
        ),
        Official(
            name="fashion-mnist",
            summary="70,000 gray pictures of clothes, 28 x 28 pixels, in 10 classes (Xiao, Rasul and Vollgraf 2017)",
            site="https://github.com/zalandoresearch/fashion-mnist",
            files=IDX,
            places=("fashion-mnist", "fashion_mnist", "FashionMNIST"),
            classes=CLOTHES,
            md5=_digests(
                IDX,
                """
                8d4fb7e6c68d591d4c3dfef9ec88bf0d 25c81989df183df01b3e8a0aad5dffbe
                bef4ecab320f06d8554ea6380940ec79 bb300cfdad3c16e7a12a480ee83cd310
                """,
            ),
        ),
        Official(
            name="kmnist",
            summary="70,000 gray cursive Japanese characters of 28 x 28 pixels in 10 classes (Clanuwat et al. 2018)",
            site="http://codh.rois.ac.jp/kmnist/",
            files=IDX,
            places=("kmnist", "KMNIST"),
            classes=KUZUSHIJI,
            md5=_digests(
                IDX,
                """
                bdb82020997e1d708af4cf47b453dcf7 e144d726b3acfaa3e44228e80efcd344
                5c965bf0a639b31b8f53240b1b52f4d7 7320c461ea6c1c855c0b718fb2a4b134
                """,
            ),
        ),
        Official(
            name="svhn",
            summary="99,289 house numbers of 32 x 32 pixels in 10 classes (Netzer et al. 2011)",
            site="http://ufldl.stanford.edu/housenumbers/",
            files=("train_32x32.mat", "test_32x32.mat"),
            places=("svhn", "SVHN"),
            md5=_digests(
                ("train_32x32.mat", "test_32x32.mat"),
                "e26dedcc434d2e4c54c9b2d4a06d8373 eb5a983be6a315427106f1b164d9cef3",
            ),
        ),
        Official(
            name="stl10",
            summary="13,000 pictures of 96 x 96 pixels in 10 classes (Coates, Ng and Lee 2011)",
            site="https://cs.stanford.edu/~acoates/stl10/",
            files=("train_X.bin", "train_y.bin", "test_X.bin", "test_y.bin"),
            places=("stl10_binary", "stl10"),
            md5=_digests(
                ("train_X.bin", "train_y.bin", "test_X.bin", "test_y.bin"),
                """
                918c2871b30a85fa023e0c44e0bee87f 5a34089d4802c674881badbb80307741
                7f263ba9f9e0b06b93213547f721ac82 36f9794fa4beb8a2c72628de14fa638e
                """,
            ),
        ),
        Official(
            name="cifar10_1",
            summary="CIFAR-10 with 2,000 new test images (Recht et al. 2018)",
            site="https://github.com/modestyachts/CIFAR-10.1",
            files=("cifar10.1_v6_data.npy", "cifar10.1_v6_labels.npy"),
            places=("cifar10.1", "CIFAR-10.1/datasets", "CIFAR-10.1", "cifar-10.1"),
        ),
        Official(
            name="tiny-imagenet",
            summary="110,000 pictures of 64 x 64 pixels in 200 classes (Le and Yang 2015)",
            site="http://cs231n.stanford.edu/tiny-imagenet-200.zip",
            files=("train", "val", "wnids.txt", "words.txt"),
            places=("tiny-imagenet-200", "tiny-imagenet"),
        ),
    )
}


@mark("published", "mnist")
def mnist() -> Official:
    """MNIST, from its IDX files."""
    return OFFICIAL["mnist"]


@mark("published", "fashion-mnist")
def fashion_mnist() -> Official:
    """Fashion-MNIST, from its IDX files."""
    return OFFICIAL["fashion-mnist"]


@mark("published", "kmnist")
def kmnist() -> Official:
    """Kuzushiji-MNIST, from its IDX files."""
    return OFFICIAL["kmnist"]


@mark("published", "svhn")
def svhn() -> Official:
    """Street View House Numbers, cropped, from the MATLAB files."""
    return OFFICIAL["svhn"]


@mark("published", "stl10")
def stl10() -> Official:
    """STL-10, from its binary files."""
    return OFFICIAL["stl10"]


@mark("published", "cifar10_1")
def cifar10_1() -> Official:
    """CIFAR-10.1, a second test set for CIFAR-10."""
    return OFFICIAL["cifar10_1"]


@mark("published", "tiny-imagenet")
def tiny_imagenet() -> Official:
    """Tiny ImageNet, from its folders."""
    return OFFICIAL["tiny-imagenet"]
