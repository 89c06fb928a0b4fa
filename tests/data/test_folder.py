"""A folder of pictures is a data set; what is odd in it is a note, what is wrong a message that names it."""

import os
import random
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from ablab.data import cache, load_dataset
from ablab.data.pictures import decode_all
from ablab.data.sources import cifar, folder, parquet
from ablab.errors import DataError


def picture(path, colour=None, seed=0, side=8):
    """One colour, or noise if none is given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng([seed, *os.fsencode(path.name)]).integers(0, 256, (side, side, 3), dtype=np.uint8)
    made = Image.new("RGB", (side, side), colour) if colour else Image.fromarray(pixels)
    kind = "PNG" if path.suffix.lower() not in Image.registered_extensions() else None
    made.save(path, kind)
    return path


def classes(root, *names, count=5):
    for seed, name in enumerate(names):
        for at in range(count):
            picture(root / name / f"{at}.png", seed=seed)
    return root


def parts(root, *named, names=("cat", "dog"), count=5):
    for part in named:
        classes(root / part, *names, count=count)
    return root


def test_every_folder_is_a_class_and_a_fifth_is_set_aside(tmp_path):
    found = folder.read(classes(tmp_path / "pets", "dog", "cat", "ant"))
    assert found.name == "pets"
    assert found.classes == ("ant", "cat", "dog")
    assert torch.bincount(found.train.labels).tolist() == [4, 4, 4]
    assert torch.bincount(found.test.labels).tolist() == [1, 1, 1]
    assert found.val is None
    assert found.in_shape == (3, 32, 32)
    assert "3 of 15" in found.notes[-1]
    assert "LANCZOS" in found.notes[-2]


def test_labels_and_pixels_belong_together_and_come_in_the_order_of_the_names(tmp_path):
    colours = {"a": (255, 0, 0), "B": (0, 255, 0), "c": (0, 0, 255)}
    for part in ("train", "test"):
        for name, colour in colours.items():
            for file in ("10.png", "9.png"):
                picture(tmp_path / part / name / file, tuple(value // int(file[:-4]) for value in colour))
    found = folder.read(tmp_path, size=8)
    assert found.classes == ("B", "a", "c")  # by code point
    assert found.train.labels.tolist() == [0, 0, 1, 1, 2, 2]
    seen = [tuple(image[:, 0, 0].tolist()) for image in found.train.images]
    assert seen == [(0, 25, 0), (0, 28, 0), (25, 0, 0), (28, 0, 0), (0, 0, 25), (0, 0, 28)]
    assert torch.equal(found.test.images, found.train.images)


@pytest.mark.parametrize(
    ("named", "has_val"),
    [(("train", "test"), False), (("Train", "VALID", "Test"), True), (("training", "validation", "test"), True)],
)
def test_parts_are_known_by_their_names_in_any_case(tmp_path, named, has_val):
    parts(tmp_path, *named)
    assert folder.recognise(tmp_path)
    found = folder.read(tmp_path, size=8)
    assert [len(found.train), len(found.test), found.val and len(found.val)] == [10, 10, 10 if has_val else None]


def test_without_a_test_part_one_is_set_aside_from_train_and_val_stays_as_it_is(tmp_path):
    found = folder.read(parts(tmp_path, "train", "val"), size=8)
    assert (len(found.train), len(found.test), len(found.val)) == (8, 2, 10)


def test_a_class_may_be_called_train(tmp_path):
    found = folder.read(classes(tmp_path, "car", "train", "test"), size=8)
    assert found.classes == ("car", "test", "train")


def test_suffixes_count_in_any_case_and_so_do_pictures_in_folders_below_a_class(tmp_path):
    classes(tmp_path, "cat", "dog")
    picture(tmp_path / "cat" / "UPPER.JPG")
    picture(tmp_path / "cat" / "more" / "deep.png" / "x.webp")  # a folder that is called like a picture
    found = folder.read(tmp_path, size=8)
    assert len(found.train) + len(found.test) == 12


def test_hidden_files_and_what_systems_leave_behind_are_ignored(tmp_path):
    classes(tmp_path, "cat", "dog")
    before = folder.read(tmp_path, size=8)
    for name in (".DS_Store", "cat/.DS_Store", "cat/._0.png", "cat/Thumbs.db", "dog/desktop.ini"):
        (tmp_path / name).write_bytes(b"\0\0\0\1Bud1")
    classes(tmp_path, "__MACOSX", ".git", ".ipynb_checkpoints")
    after = folder.read(tmp_path, size=8)
    assert (after.fingerprint, after.notes) == (before.fingerprint, before.notes)


def test_files_that_are_no_pictures_are_noted(tmp_path):
    classes(tmp_path, "cat", "dog")
    for name in ("README.md", "cat/notes.txt", "cat/movie.mp4"):
        (tmp_path / name).write_text("text")
    notes = folder.read(tmp_path, size=8).notes
    assert f"skipped 3 other files, such as {tmp_path}/README.md" in notes


@pytest.mark.parametrize("order", range(3))
def test_the_order_in_which_files_were_written_does_not_matter(tmp_path, order):
    names = [f"{name}/{at}.png" for name in ("cat", "dog") for at in range(12)]
    random.Random(order).shuffle(names)
    for name in names:
        picture(tmp_path / "shuffled" / name, seed=int(name.startswith("dog")))
    classes(tmp_path / "sorted", "cat", "dog", count=12)
    one, other = (folder.read(tmp_path / name, size=8) for name in ("shuffled", "sorted"))
    assert one.fingerprint == other.fingerprint


@pytest.mark.parametrize(
    ("damaged", "sound", "ending"),
    [
        (1, 0, "picture0.png: is empty"),
        (2, 0, "\nnone of the 2 pictures can be read"),
        (1, 2, "\n1 of 3 pictures is unreadable; --skip-unreadable leaves it out"),
    ],
)
def test_the_count_of_unreadable_pictures_agrees_with_its_noun(tmp_path, damaged, sound, ending):
    names = [f"picture{at}.png" for at in range(damaged + sound)]
    for at, name in enumerate(names):
        if at < damaged:
            (tmp_path / name).write_bytes(b"")
        else:
            picture(tmp_path / name, seed=at)
    items = [(name, (tmp_path / name).read_bytes) for name in names]
    with pytest.raises(DataError) as raised:
        decode_all(items, size=8, skip_unreadable=False)
    assert str(raised.value).endswith(ending)


def test_unreadable_pictures_are_an_error_that_lists_them_or_are_left_out(tmp_path):
    classes(tmp_path, "cat", "dog")
    (tmp_path / "cat" / "empty.png").write_bytes(b"")
    (tmp_path / "dog" / "text.jpg").write_text("no picture")
    (tmp_path / "dog" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "dog" / "loop.png").symlink_to("loop.png")
    with pytest.raises(DataError) as raised:
        folder.read(tmp_path, size=8)
    for part in (
        "cat/empty.png: is empty",
        "text.jpg: is not a readable image",
        "gone.png: cannot be read",
        "loop.png: cannot",
    ):
        assert part in str(raised.value)
    assert "4 of 14 pictures are unreadable; --skip-unreadable leaves them out" in str(raised.value)
    found = folder.read(tmp_path, size=8, skip_unreadable=True)
    assert len(found.train) + len(found.test) == 10
    assert found.notes[0].startswith("skipped 4 unreadable pictures in train: ")
    assert "empty.png" in found.notes[0]


def test_a_class_without_a_readable_picture_is_an_error_even_if_they_are_skipped(tmp_path):
    classes(tmp_path, "cat", "dog")
    classes(tmp_path, "emu", count=0)
    (tmp_path / "emu").mkdir()
    with pytest.raises(DataError, match="emu: this class has no picture"):
        folder.read(tmp_path, skip_unreadable=True)
    (tmp_path / "emu" / "a.png").write_text("no picture")
    with pytest.raises(DataError, match="emu: this class has no readable picture"):
        folder.read(tmp_path, skip_unreadable=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda root: shutil.rmtree(root / "test" / "dog"), 'test: has no class "dog", as train has'),
        (lambda root: classes(root / "test", "dogs"), 'train: has no class "dogs", as test has; did you mean "dog"'),
        (lambda root: shutil.rmtree(root / "train"), "has test, val but no folder train|has val, test but no folder"),
        (lambda root: classes(root / "training", "cat", "dog"), "has train and training; keep one"),
        (lambda root: classes(root / "tets", "cat", "dog"), "tets: has pictures but is not train, val or test"),
        (lambda root: picture(root / "extra" / "a.png"), "extra: has pictures but is not train, val or test"),
        (
            lambda root: [shutil.rmtree(root / "val"), picture(root / "val" / "1.png")],
            "val: it needs one folder of pictures",
        ),
        (lambda root: [shutil.rmtree(root / "val"), (root / "val").mkdir()], "val: has no class .*no folder is there"),
        (
            lambda root: shutil.rmtree(root / "val" / "cat") or (root / "val" / "cat").mkdir(),
            "val/cat: this class has no",
        ),
    ],
)
def test_parts_that_do_not_fit_each_other_are_an_error(tmp_path, change, message):
    change(parts(tmp_path, "train", "val", "test", count=2))
    assert folder.recognise(tmp_path)
    with pytest.raises(DataError, match=message):
        folder.read(tmp_path, size=8)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda root: None, "it needs at least two classes.*it has none"),
        (lambda root: (root / "cat").mkdir(), 'it needs at least two classes.*only "cat"'),
        (lambda root: classes(root, "cat"), 'it needs at least two classes.*only "cat"'),
        (lambda root: picture(root / "a.png"), "it needs at least two classes"),
        (lambda root: [classes(root, "cat"), picture(root / "dog" / "a.png")], 'class "dog" has 1 image: too few'),
    ],
)
def test_too_few_classes_or_pictures_are_an_error(tmp_path, make, message):
    make(tmp_path)
    with pytest.raises(DataError, match=message):
        folder.read(tmp_path)


def test_a_path_that_is_no_folder_is_an_error(tmp_path):
    file = picture(tmp_path / "a.png")
    for path, message in ((file, "Not a directory"), (tmp_path / "nowhere", "No such file or directory")):
        assert not folder.recognise(path)
        with pytest.raises(DataError, match=f"cannot be read \\({message}\\)"):
            folder.read(path)
    assert not folder.recognise(tmp_path / "nul\0")
    assert not folder.recognise(tmp_path / ("long" * 100))


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not hold the superuser back")
@pytest.mark.parametrize("name", ["", "cat", "cat/0.png"])
def test_what_may_not_be_read_is_an_error_that_names_it(tmp_path, name):
    classes(tmp_path / "pets", "cat", "dog")
    locked = tmp_path / "pets" / name
    locked.chmod(0)
    try:
        assert folder.recognise(tmp_path / "pets")
        with pytest.raises(DataError, match=rf"{locked}: cannot be read \(Permission denied\)"):
            folder.read(tmp_path / "pets")
    finally:
        locked.chmod(0o700)


def test_labels_of_a_kind_are_not_for_folders(tmp_path):
    with pytest.raises(DataError, match=r'one kind of labels; leave out "\(coarse\)"'):
        folder.read(classes(tmp_path, "cat", "dog"), labels="coarse")


def test_links_that_lead_out_of_the_folder_are_not_followed(tmp_path):
    root, outside = classes(tmp_path / "pets", "cat", "dog"), picture(tmp_path / "secret" / "s.png")
    before = folder.read(root, size=8)
    (root / "cat" / "link.png").symlink_to(outside)
    (root / "cat" / "folder").symlink_to(outside.parent)
    (root / "dog" / "up").symlink_to("..")  # would never end
    found = folder.read(root, size=8)
    assert found.fingerprint == before.fingerprint
    assert f"did not follow 1 link out of the folder, such as {root}/cat/link.png" in found.notes
    (root / "emu").symlink_to(outside.parent)
    with pytest.raises(DataError, match=r"emu: this class has no picture; ablab does not follow links"):
        folder.read(root)


def test_links_within_the_folder_and_a_link_to_the_folder_are_followed(tmp_path):
    root = classes(tmp_path / "pets", "cat", "dog")
    (root / "cat" / "again.png").symlink_to("0.png")
    (tmp_path / "link").symlink_to(root)
    found = folder.read(tmp_path / "link", size=8)
    assert len(found.train) + len(found.test) == 11
    assert found.name == "pets"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipes_are_never_opened(tmp_path):
    root = classes(tmp_path, "cat", "dog")
    os.mkfifo(root / "cat" / "pipe.png")  # reading it would wait for ever
    assert len(folder.read(root, size=8).train) == 8
    os.mkfifo(root / "pipe")
    (root / "dog" / "link.png").symlink_to(root / "pipe")
    with pytest.raises(DataError, match="link.png: cannot be read .neither a file"):
        folder.read(root, size=8)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        (b"new\nline", "new\\nline"),
        (b"\x1b[31mred", "\\x1b[31mred"),
        (b"un\xffdecodable", "un\\xffdecodable"),
        ("\u202eright to left".encode(), "\\u202eright to left"),
        ("žluťoučký 猫".encode(), "žluťoučký 猫"),
        (b"<script>alert(1)</script>"[:8], "<script>"),
        (b"$(touch x); rm", "$(touch x); rm"),
        (b"100%", "100%"),
        (b"-rf", "-rf"),
    ],
)
def test_names_of_any_bytes_are_shown_safely(tmp_path, name, safe):
    root = classes(tmp_path, "cat", os.fsdecode(name))
    found = folder.read(root, size=8)
    assert safe in found.classes
    for shown in found.classes:
        shown.encode()
    picture(root / "cat" / os.fsdecode(name + b".png")).write_bytes(b"damaged")
    with pytest.raises(DataError) as raised:
        folder.read(root, size=8)
    assert f"{tmp_path}/cat/{safe}.png: is not a readable image" in str(raised.value)


def test_two_classes_whose_names_differ_only_in_form_are_noted(tmp_path):
    notes = folder.read(classes(tmp_path, "Cat", "cat"), size=8).notes
    assert '"Cat" and "cat" are two classes: their names differ only in form' in notes


@pytest.mark.parametrize(
    "make",
    [
        lambda root: None,
        lambda root: (root / "data_batch_1").write_bytes(b"\x80\x02"),
        lambda root: [(root / "data").mkdir(), (root / "data" / "train-00000-of-00001.parquet").write_bytes(b"PAR1")],
        lambda root: picture(root / "a.png"),
        lambda root: picture(root / "a" / "b" / "c" / "d.png"),
        lambda root: picture(root / ".hidden" / "d.png"),
        lambda root: [(root / "cat").mkdir(), (root / "cat" / "notes.txt").write_text("text")],
    ],
)
def test_other_folders_are_left_to_others(tmp_path, make):
    make(tmp_path)
    assert not folder.recognise(tmp_path)


def test_a_folder_of_pictures_is_left_to_this_source(tmp_path):
    for root in (classes(tmp_path / "plain", "cat", "dog"), parts(tmp_path / "parts", "train", "test")):
        assert folder.recognise(root)
        assert not cifar.recognise(root)
        assert not parquet.recognise(root)


def test_load_dataset_reads_it_and_keeps_it(tmp_path, monkeypatch):
    monkeypatch.setenv("ABLAB_CACHE", str(tmp_path / "cache"))
    root = parts(tmp_path / "pets", "train", "test")
    first = load_dataset(str(root), size=8)
    assert load_dataset(str(root), size=8).fingerprint == first.fingerprint == folder.read(root, size=8).fingerprint
    assert load_dataset(str(root), size=4).in_shape == (3, 4, 4)


def test_a_folder_is_refused_before_all_its_files_are_listed_if_a_class_has_no_picture(tmp_path, monkeypatch):
    for name in "ab":
        (tmp_path / name).mkdir()
    (tmp_path / "b" / "x.png").touch()
    for number in range(20):
        (tmp_path / "a" / f"{number}.txt").touch()
    monkeypatch.setattr(cache, "MOST_FILES", 10)
    with pytest.raises(DataError, match=r"a: this class has no picture"):
        load_dataset(str(tmp_path))


def test_more_files_than_any_data_set_has_are_refused_with_their_number(tmp_path, monkeypatch):
    for name in "ab":
        (tmp_path / name).mkdir()
        for number in range(6):
            (tmp_path / name / f"{number}.png").touch()
    monkeypatch.setattr(cache, "MOST_FILES", 10)
    with pytest.raises(DataError, match=r"more than 10 files in this folder and those below it"):
        load_dataset(str(tmp_path))
