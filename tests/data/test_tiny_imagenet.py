"""Tiny ImageNet's folders: training pictures by class, validation pictures by a list, words for the classes."""

import pytest
from PIL import Image

from ablab.data import load_dataset
from ablab.data.sources import folder, tiny_imagenet
from ablab.errors import DataError

IDS = {"n01443537": (200, 0, 0), "n01629819": (0, 200, 0), "n02802426": (0, 0, 200)}
WORDS = "n01443537\tgoldfish, Carassius auratus\nn01629819\tball\nn02802426\tball, basketball\nn99999999\tother\n"


@pytest.fixture
def tiny(tmp_path):
    """Three classes with four training pictures each, and two validation pictures of each, all of one colour."""
    root = tmp_path / "tiny-imagenet-200"
    lines = []
    (root / "val" / "images").mkdir(parents=True)
    (root / "test" / "images").mkdir(parents=True)
    for at, (id_, colour) in enumerate(IDS.items()):
        (root / "train" / id_ / "images").mkdir(parents=True)
        (root / "train" / id_ / f"{id_}_boxes.txt").write_text("")
        for number in range(4):
            Image.new("RGB", (64, 64), colour).save(root / "train" / id_ / "images" / f"{id_}_{number}.JPEG")
        for number in range(2):
            name = f"val_{2 * at + number}.JPEG"
            Image.new("RGB", (64, 64), colour).save(root / "val" / "images" / name)
            lines.append(f"{name}\t{id_}\t0\t0\t63\t63")
    Image.new("RGB", (64, 64)).save(root / "test" / "images" / "test_0.JPEG")
    (root / "val" / "val_annotations.txt").write_text("\n".join(reversed(lines)) + "\n")
    (root / "wnids.txt").write_text("\n".join(IDS) + "\n")
    (root / "words.txt").write_text(WORDS)
    return root


def test_validation_pictures_get_the_classes_of_the_list_and_are_the_test(tiny, tmp_path):
    made = load_dataset("tiny-imagenet", tmp_path)
    assert made.classes == ("goldfish", "ball (n01629819)", "ball (n02802426)")
    assert made.in_shape == (3, 64, 64)
    assert (len(made.train), len(made.test)) == (12, 6)
    for part in (made.train, made.test):
        assert (part.images.float().mean((2, 3)).argmax(1) == part.labels).all()
    assert any("never published" in note for note in made.notes)


def test_no_other_source_takes_its_folder_for_one_of_classes(tiny):
    assert tiny_imagenet.recognise(tiny)
    assert not folder.recognise(tiny)


def test_pictures_may_be_smaller_and_damaged_ones_left_out(tiny):
    (tiny / "train" / "n01443537" / "images" / "n01443537_0.JPEG").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"n01443537_0.JPEG: .*\n?.*1 of 12 pictures is unreadable"):
        tiny_imagenet.read(tiny)
    made = tiny_imagenet.read(tiny, size=32, skip_unreadable=True)
    assert (len(made.train), made.in_shape) == (11, (3, 32, 32))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("val_0.JPEG\tn01443538\t0\t0\t1\t1", 'val_annotations.txt:1: no class is called "n01443538": did you mean'),
        ("../../secret.JPEG\tn01443537\t0\t0\t1\t1", "is not the name of a file in val/images"),
        ("", "val_annotations.txt: lists no picture"),
    ],
)
def test_a_list_that_cannot_be_is_named_with_its_line(tiny, line, message):
    (tiny / "val" / "val_annotations.txt").write_text(f"{line}\n" if line else "")
    with pytest.raises(DataError, match=message):
        tiny_imagenet.read(tiny)
