"""CIFAR-10 and CIFAR-100 come out alike from every form; what is not official under an official name is refused."""

import gzip
import hashlib
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from ablab.data.check import mean_and_sd
from ablab.data.dataset import Dataset, Examples
from ablab.data.known import BINARY, COARSE_OF_FINE, KNOWN, is_official
from ablab.data.sources import cifar
from ablab.errors import DataError
from cifar_files import cifar10_pickle, cifar100_pickle, small, tar

FORMS = [("cifar10", "fine"), ("cifar100", "fine"), ("cifar100", "coarse")]


@pytest.mark.parametrize(("name", "kind"), FORMS)
@pytest.mark.parametrize("form", ["python", "binary"])
@pytest.mark.parametrize("place", ["folder", "archive", "keras folder"])
def test_every_form_gives_the_same_pixels_and_labels(tmp_path, name, kind, form, place):
    data = small(name, form, kind)
    path = {
        "folder": lambda: data.folder(tmp_path / data.known.folder),
        "archive": lambda: data.archive(tmp_path / data.known.archive),
        "keras folder": lambda: data.folder(tmp_path / "target" / data.known.folder).parent,
    }[place]()
    assert cifar.recognise(path)
    read = cifar.read_known(path, data.known, kind)
    expected = small(name, "python", kind)
    for part in ("train", "test"):
        ours, theirs = getattr(read, part), getattr(expected, part)
        assert torch.equal(ours.images, theirs.images)
        assert torch.equal(ours.labels, theirs.labels)
        assert ours.images.is_contiguous()
        assert ours.labels.dtype == torch.int64
        assert ours.fingerprint == theirs.fingerprint
    assert read.fingerprint == Dataset("", (), expected.train, expected.test).fingerprint
    assert read.name == ("cifar100(coarse)" if kind == "coarse" else name)
    assert len(read.classes) == {"cifar10": 10, "cifar100": 100}[name] or (kind == "coarse" and len(read.classes) == 20)


@pytest.mark.parametrize("name", ["cifar-10-batches-py.tar.gz", "cifar-10-batches-py-target_archive", "copy.tgz"])
def test_archives_are_recognised_under_keras_names_and_by_their_first_member(tmp_path, name):
    path = small().archive(tmp_path / name)
    assert cifar.recognise(path)
    assert cifar.known_form(path) is KNOWN["cifar10"]


def test_other_things_are_not_recognised(tmp_path):
    (tmp_path / "pictures" / "train" / "cat").mkdir(parents=True)
    (tmp_path / "pictures" / "test").mkdir()
    (tmp_path / "numbers.npz").write_bytes(b"PK\3\4")
    (tmp_path / "other.tar").write_bytes(tar({"readme": b"hello"}))
    (tmp_path / "loop").symlink_to("loop")
    for name in ("pictures", "numbers.npz", "other.tar", "loop", "absent", "x" * 300, "\0"):
        assert not cifar.recognise(tmp_path / name), name
    both = tmp_path / "both"
    small("cifar10").folder(both / "cifar-10-batches-py")
    small("cifar100").folder(both / "cifar-100-python")
    assert not cifar.recognise(both), "a folder with several data sets is none of them"


def test_an_official_folder_that_is_empty_or_in_part_is_recognised_and_what_is_missing_is_named(tmp_path):
    data = small()
    (tmp_path / "empty" / data.known.folder).mkdir(parents=True)
    folder = data.folder(tmp_path / "part" / data.known.folder, data_batch_3=None, test_batch=None)
    for path in (tmp_path / "empty" / data.known.folder, folder):
        assert cifar.recognise(path)
    with pytest.raises(DataError) as caught:
        cifar.read(folder)
    message = str(caught.value)
    assert message.startswith(f"{folder}: not all of cifar10 is there: missing data_batch_3, test_batch; there: data_b")
    assert message.endswith("\nrestore it with: ablab data get cifar10")


@pytest.mark.parametrize("form", ["python", "binary"])
@pytest.mark.parametrize(("name", "kind"), FORMS)
def test_every_changed_pixel_and_label_is_found_and_its_file_named(tmp_path, name, kind, form):
    data = small(name, form, kind)
    for member in data.known.batches:
        content = bytearray(data.files[member.name])
        content[-2000 if name == "cifar100" or form == "binary" else 2000] ^= 1
        for path in (
            data.folder(tmp_path / member.name / data.known.folder, **{member.name: bytes(content)}),
            data.archive(tmp_path / member.name / "a.tar.gz", **{member.name: bytes(content)}),
        ):
            with pytest.raises(
                DataError, match="is not the official file, although it has its [0-9,]+ bytes"
            ) as caught:
                cifar.read_known(path, data.known, kind)
            assert f"{member.name}: is not" in str(caught.value)
            assert hashlib.sha256(content).hexdigest() in str(caught.value)
            assert f"restore it with: ablab data get {name}" in str(caught.value)


def test_batches_that_changed_places_are_found(tmp_path):
    data = small(form="binary")
    one, two = data.files["data_batch_1.bin"], data.files["data_batch_2.bin"]
    path = data.folder(tmp_path / "bin", **{"data_batch_1.bin": two, "data_batch_2.bin": one})
    with pytest.raises(DataError, match=r"data_batch_1\.bin: is not the official file"):
        cifar.read_known(path, data.known, "fine")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content[:5000], "is cut short: got 5,000 bytes, expected 12,"),
        (lambda content: b"", "is empty: got 0 bytes, expected 12,"),
        (lambda content: content + b"more", "is too long: got 12,"),
    ],
)
def test_a_file_of_another_length_is_named_with_both_lengths(tmp_path, change, message):
    data = small()
    path = data.folder(tmp_path / "py", data_batch_2=change(data.files["data_batch_2"]))
    with pytest.raises(DataError, match=message) as caught:
        cifar.read_known(path, data.known, "fine")
    assert "data_batch_2: is" in str(caught.value)
    assert "restore it with: ablab data get cifar10" in str(caught.value)


def test_a_damaged_structure_says_where_and_how_to_restore_the_file(tmp_path):
    data = small()
    content = data.files["data_batch_2"].replace(b"cnumpy\ndtype", b"cnumpy\ndtypo")
    path = data.folder(tmp_path / "py", data_batch_2=content)
    with pytest.raises(DataError, match=r"data_batch_2: GLOBAL names 'numpy.dtypo' at byte [0-9,]+;") as caught:
        cifar.read_known(path, data.known, "fine")
    assert str(caught.value).endswith("restore it with: ablab data get cifar10")


def test_a_truncated_archive_says_how_to_restore_it(tmp_path):
    path = small().archive(tmp_path / "cifar-10-python.tar.gz")
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(DataError, match="is cut short") as caught:
        cifar.read_known(path, small().known, "fine")
    assert str(caught.value).endswith("restore it with: ablab data get cifar10")


PIXELS = bytes(4 * 3072)
FINE = KNOWN["cifar100"]


@pytest.mark.parametrize(
    ("content", "known", "message"),
    [
        (
            cifar10_pickle(PIXELS, [0, 1, 10, 3]),
            KNOWN["cifar10"],
            'label 2 in "labels" is 10; labels must be from 0 to 9',
        ),
        (
            cifar10_pickle(PIXELS, [255, 1, 2, 3]),
            KNOWN["cifar10"],
            'label 0 in "labels" is 255; labels must be from 0 to 9',
        ),
        (
            cifar10_pickle(PIXELS, [0, 1, 2, -1]),
            KNOWN["cifar10"],
            'label 3 in "labels" is -1; labels must be from 0 to 9',
        ),
        (
            cifar10_pickle(PIXELS, [0, b"1", 2, 3]),
            KNOWN["cifar10"],
            'label 1 in "labels" is not a number; labels must be',
        ),
        (cifar10_pickle(PIXELS, [0, 1, 2]), KNOWN["cifar10"], 'has 3 labels in "labels" for 4 images'),
        (cifar10_pickle(PIXELS[:3072], [0]), KNOWN["cifar10"], "holds 1 images and not 4"),
        (
            cifar10_pickle(bytes(4 * 3071), [0] * 4, columns=3071),
            KNOWN["cifar10"],
            "have 3,071 values each and not 3,072",
        ),
        (
            cifar100_pickle(PIXELS, [100, 0, 0, 0], [0] * 4),
            FINE,
            'label 0 in "fine_labels" is 100; labels must be from 0 to 99',
        ),
        (
            cifar100_pickle(PIXELS, [0] * 4, [0, 20, 0, 0]),
            FINE,
            'label 1 in "coarse_labels" is 20; labels must be from 0 to 19',
        ),
        (cifar10_pickle(PIXELS, [0] * 4), FINE, 'has no list called "fine_labels"'),
        (cifar10_pickle(PIXELS, [0] * 4).replace(b"\4data", b"\4date"), KNOWN["cifar10"], 'has no array called "data"'),
        (bytes([10]) + bytes(4 * 3073 - 1), BINARY["cifar10"], 'label 0 in "labels" is 10; labels must be from 0 to 9'),
        (bytes([0, 100]) + bytes(4 * 3074 - 2), BINARY["cifar100"], 'label 0 in "fine_labels" is 100; labels must be'),
        (bytes(4 * 3073 - 1), BINARY["cifar10"], "12,291 bytes are not whole rows of 3,073 bytes"),
        (b"", BINARY["cifar10"], "0 bytes are not whole rows"),
        (bytes(3073 * 3), BINARY["cifar10"], "holds 3 images and not 4"),
    ],
)
def test_wrong_labels_counts_and_shapes_name_the_file_the_index_and_what_is_allowed(content, known, message):
    with pytest.raises(DataError) as caught:
        cifar.read_batch(bytearray(content), "some/file", known, "fine", images=4)
    assert str(caught.value).startswith("some/file: ")
    assert message in str(caught.value)


def test_options_that_do_not_apply_are_refused_in_words(tmp_path):
    ten, hundred = (small(name).folder(tmp_path / KNOWN[name].folder) for name in ("cifar10", "cifar100"))
    for path, options, message in [
        (ten, {"labels": "fine"}, "cifar10 has only one kind of labels"),
        (hundred, {"labels": "coarze"}, 'no labels called "coarze": did you mean "coarse"?'),
        (ten, {"size": 64}, "images of 32 x 32 pixels"),
        (ten, {"skip_unreadable": True}, "only folders of images"),
        (tmp_path, {}, "neither a folder nor an archive of CIFAR-10 or CIFAR-100"),
    ]:
        with pytest.raises(DataError, match=message):
            cifar.read(path, **options)


def test_the_facts_agree_with_each_other():
    for name, known in KNOWN.items():
        assert known.images("train") == 50_000
        assert known.images("test") == 10_000
        binary = BINARY[name]
        assert binary.labels is known.labels
        assert all(member.size == member.images * (3072 + len(known.labels)) for member in binary.batches)
        assert known.places[:4] == (known.folder, known.archive, binary.folder, binary.archive)
        for form in (known, binary):
            digests = [form.sha256, *(member.sha256 for member in form.members)]
            assert all(len(digest) == 64 for digest in digests)
            assert len(set(digests)) == len(digests)
    assert np.bincount(list(COARSE_OF_FINE)).tolist() == [5] * 20


def test_only_the_published_pixels_and_labels_are_called_official():
    data = small()
    ours = Dataset("cifar10", data.known.labels["fine"].classes, data.train, data.test)
    assert is_official(ours) is False, "it bears the name and is not it"
    assert is_official(replace(ours, name="my pictures")) is None
    assert is_official(replace(ours, classes=("a", "b"))) is None


@pytest.fixture(scope="module")
def official(cifar_root):
    return cifar.read(cifar_root / "cifar-10-batches-py")


@pytest.mark.real_data
def test_the_official_files_hold_what_everybody_says_of_them(official):
    assert (official.name, official.train.images.shape, official.test.images.shape) == (
        "cifar10",
        (50_000, 3, 32, 32),
        (10_000, 3, 32, 32),
    )
    assert " ".join(official.classes) == "airplane automobile bird cat deer dog frog horse ship truck"
    assert official.train.labels[:10].tolist() == [6, 9, 9, 4, 1, 1, 2, 7, 8, 3]
    assert official.test.labels[:10].tolist() == [3, 8, 8, 0, 6, 6, 1, 6, 3, 1]
    assert torch.bincount(official.train.labels).tolist() == [5000] * 10
    assert torch.bincount(official.test.labels).tolist() == [1000] * 10
    assert official.train.images[0, :, 0, 0].tolist() == [59, 62, 63], "the frog's first pixel: red, green, blue"
    mean, sd = mean_and_sd(official.train.images)
    assert mean == pytest.approx((0.4914, 0.4822, 0.4465), abs=5e-5)
    assert sd == pytest.approx((0.2470, 0.2435, 0.2616), abs=5e-5)
    assert is_official(official) is True


@pytest.mark.real_data
def test_the_official_binary_form_gives_the_same_pixels_as_a_folder_and_as_an_archive(official, tmp_path):
    binary = BINARY["cifar10"]
    rows = [(official.train, start) for start in range(0, 50_000, 10_000)] + [(official.test, 0)]
    files = {}
    for member, (part, start) in zip(binary.batches, rows, strict=True):
        files[member.name] = binary_rows(part, start, 10_000)
        digest = hashlib.sha256(files[member.name]).hexdigest()
        assert digest == member.sha256, "others published this digest of the binary form"
    folder, archive = tmp_path / binary.folder, tmp_path / binary.archive
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    assert_read_as(official, folder)
    shutil.rmtree(folder)
    archive.write_bytes(packed({f"{binary.folder}/{name}": content for name, content in files.items()}))
    assert_read_as(official, archive)
    archive.unlink()


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["cifar-10-python.tar.gz", "cifar-10-batches-py-target_archive", "mine.tgz"])
def test_the_official_archive_is_read_as_the_folder_is_under_every_name(cifar_root, official, tmp_path, name):
    folder = cifar_root / "cifar-10-batches-py"
    files = {f"{folder.name}/{file.name}": file.read_bytes() for file in sorted(folder.iterdir())}
    path = tmp_path / name
    path.write_bytes(packed(files))
    assert_read_as(official, path)
    path.unlink()


@pytest.mark.real_data
def test_the_official_folder_is_found_where_keras_unpacks_it(cifar_root, official, tmp_path):
    (tmp_path / "cifar-10-batches-py-target").mkdir()
    (tmp_path / "cifar-10-batches-py-target" / "cifar-10-batches-py").symlink_to(cifar_root / "cifar-10-batches-py")
    assert_read_as(official, tmp_path / "cifar-10-batches-py-target")


def assert_read_as(official, path):
    assert cifar.recognise(path)
    read = cifar.read(path)
    assert (read.name, read.classes, read.fingerprint) == (official.name, official.classes, official.fingerprint)


def packed(files):
    """A .tar.gz, whose bytes are stored as they are: that takes a tenth of the time."""
    return gzip.compress(tar(files), compresslevel=0)


@pytest.mark.real_data
@pytest.mark.parametrize("kind", ["fine", "coarse"])
def test_the_official_test_images_of_cifar_100_have_the_known_fingerprints(cifar_root, kind):
    path = cifar_root / "cifar-100-python" / "test"
    if not path.exists():
        pytest.skip("the official CIFAR-100 files are not there")
    content = bytearray(path.read_bytes())
    examples = cifar.read_batch(content, "test", KNOWN["cifar100"], kind, images=10_000)
    assert examples.fingerprint == KNOWN["cifar100"].fingerprints["test", kind]
    fine = cifar.read_batch(content, "test", KNOWN["cifar100"], "fine").labels
    coarse = cifar.read_batch(content, "test", KNOWN["cifar100"], "coarse").labels
    assert bytes(COARSE_OF_FINE[label] for label in fine.tolist()) == bytes(coarse.tolist())


@pytest.mark.real_data
@pytest.mark.parametrize("damage", ["a pixel", "a label", "a cut"])
def test_damage_to_an_official_file_is_named(cifar_root, tmp_path, damage):
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for file in (cifar_root / folder.name).iterdir():
        (folder / file.name).symlink_to(file)
    content = bytearray((cifar_root / folder.name / "data_batch_4").read_bytes())
    if damage == "a cut":
        content = content[:20_000_000]
    else:
        content[15_000_000 if damage == "a pixel" else 65] ^= 1
    (folder / "data_batch_4").unlink()
    (folder / "data_batch_4").write_bytes(content)
    expected = {"a cut": "is cut short: got 20,000,000 bytes, expected 31,035,696"}.get(
        damage, "is not the official file"
    )
    with pytest.raises(DataError, match=f"data_batch_4: {expected}"):
        cifar.read(folder)
    (folder / "data_batch_4").unlink()


def binary_rows(part: Examples, start: int, count: int) -> bytes:
    """Rows of one label and 3,072 pixels, as in the binary form."""
    labels = part.labels[start : start + count].to(torch.uint8)[:, None]
    return torch.cat([labels, part.images[start : start + count].reshape(count, -1)], 1).numpy().tobytes()
