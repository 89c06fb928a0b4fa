"""Parquet files with pictures, in every layout that the hub has; what is wrong names the file and the row."""

import io
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from PIL import Image

from ablab.data import load_dataset
from ablab.data.known import CIFAR10_CLASSES, KNOWN
from ablab.data.sources import parquet
from ablab.errors import DataError

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def encoded(pixels, form="PNG", **options):
    """Pixels (H, W, 3) as the bytes of a picture."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, form, **options)
    return out.getvalue()


def random(count, side=32, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def columns(pixels, labels, image="img", nested=True, form="PNG", **more):
    """A table as the hub has it."""
    contents = [x if x is None or isinstance(x, bytes) else encoded(x, form) for x in pixels]
    rows = [{"bytes": x, "path": f"{at}.png"} for at, x in enumerate(contents)] if nested else contents
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())]) if nested else pa.binary()
    return pa.table(
        {image: pa.array(rows, kind)}
        | {name: pa.array(x) for name, x in ({"label": labels} | more).items() if x is not None}
    )


def named(table, **classes):
    features = {column: {"names": list(names), "_type": "ClassLabel"} for column, names in classes.items()}
    return table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})


def write(path, table, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, **options)
    return path


def same(examples, pixels, labels):
    assert np.array_equal(examples.images.numpy(), pixels.transpose(0, 3, 1, 2))
    assert examples.labels.tolist() == list(labels)
    assert (examples.images.dtype, examples.labels.dtype) == (torch.uint8, torch.int64)


@pytest.mark.parametrize("place", ["", "data/", "plain_text/", "cifar100/", "default/data/"])
@pytest.mark.parametrize("validation", ["validation", "val", "valid"])
def test_shards_in_the_hubs_folders_are_one_data_set_in_the_order_of_their_names(tmp_path, place, validation):
    x, tx, vx = random(7), random(4, seed=1), random(2, seed=2)
    folder = tmp_path / "set"
    write(folder / f"{place}train-00001-of-00002.parquet", columns(x[4:], [0, 1, 1]))
    write(folder / f"{place}train-00000-of-00002.parquet", columns(x[:4], [1, 0, 1, 0]))
    write(folder / f"{place}test-00000-of-00001-0123abcd.parquet", columns(tx, [0, 0, 1, 1]))
    write(folder / f"{place}{validation}.parquet", columns(vx, [1, 0]))
    assert parquet.recognise(folder)
    found = parquet.read(folder)
    same(found.train, x, [1, 0, 1, 0, 0, 1, 1])
    same(found.test, tx, [0, 0, 1, 1])
    same(found.val, vx, [1, 0])
    assert (found.name, found.classes, found.notes) == ("set", ("0", "1"), ())


def test_parts_may_be_folders_too(tmp_path):
    x, tx = random(4), random(2, seed=1)
    write(tmp_path / "plain_text/train/0000.parquet", columns(x[:2], [0, 1]))
    write(tmp_path / "plain_text/train/0001.parquet", columns(x[2:], [0, 1]))
    write(tmp_path / "plain_text/test/0000.parquet", columns(tx, [0, 1]))
    found = parquet.read(tmp_path)
    same(found.train, x, [0, 1, 0, 1])
    same(found.test, tx, [0, 1])


@pytest.mark.parametrize("name", ["pictures.parquet", "test-00000-of-00001.parquet", "pictures.bin"])
def test_a_file_alone_has_a_test_part_set_aside(tmp_path, name):
    path = write(tmp_path / name, columns(random(20), [0, 1] * 10))
    assert parquet.recognise(path)
    found = parquet.read(path)
    assert (len(found.train), len(found.test), len(found.notes)) == (16, 4, 1)


@pytest.mark.parametrize("image", ["img", "image"])
@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize("kind", [pa.int8(), pa.uint8(), pa.int32(), pa.int64(), pa.uint64()])
def test_every_way_to_hold_pictures_and_labels_is_the_same(tmp_path, image, nested, kind):
    x = random(3)
    write(tmp_path / "train.parquet", columns(x, pa.array([2, 0, 1], kind), image, nested))
    write(tmp_path / "test.parquet", columns(x, pa.array([2, 0, 1], kind), image, nested))
    same(parquet.read(tmp_path).train, x, [2, 0, 1])


def test_labels_may_stand_in_a_column_called_labels(tmp_path):
    x = random(4)
    for part, numbers in (("train", [0, 1, 0, 1]), ("test", [1, 1, 0, 0])):
        table = columns(x, numbers)
        write(tmp_path / f"{part}.parquet", table.rename_columns(["img", "labels"]))
    found = parquet.read(tmp_path)
    same(found.train, x, [0, 1, 0, 1])
    same(found.test, x, [1, 1, 0, 0])


def test_many_rows_and_row_groups_keep_their_order(tmp_path):
    x = random(700, 4)
    labels = np.random.default_rng(1).integers(0, 3, 700).tolist()
    write(tmp_path / "train.parquet", columns(x, labels), row_group_size=150)
    write(tmp_path / "test.parquet", columns(x[:2], [0, 1]))
    same(parquet.read(tmp_path, size=4).train, x, labels)


def test_png_jpeg_and_webp_are_read_and_brought_to_one_size(tmp_path):
    flat = np.zeros((3, 40, 40, 3), np.uint8) + np.array([200, 100, 50], np.uint8)
    contents = [encoded(flat[0]), encoded(flat[1], "JPEG", quality=95), encoded(flat[2], "WEBP", lossless=True)]
    for part in ("train", "test"):
        write(tmp_path / f"{part}.parquet", columns(contents, [0, 1, 0]))
    assert parquet.read(tmp_path).in_shape == (3, 32, 32)
    found = parquet.read(tmp_path, size=16)
    assert found.in_shape == (3, 16, 16)
    off = (found.train.images.int() - torch.tensor([200, 100, 50]).view(1, 3, 1, 1)).abs()
    assert off.max() <= 3


def test_class_names_come_from_the_metadata(tmp_path):
    path = write(tmp_path / "a.parquet", named(columns(random(10), [0, 1] * 5), label=["cat", "dog", "bird"]))
    assert parquet.read(path).classes == ("cat", "dog", "bird")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"info": 1}', "[" * 100_000, '{"info": {"features": {"label": {"names": ["a", "a"]}}}}']
)
def test_metadata_without_sense_leave_the_classes_numbered(tmp_path, text):
    table = columns(random(10), [0, 1] * 5).replace_schema_metadata({"huggingface": text})
    assert parquet.read(write(tmp_path / "a.parquet", table)).classes == ("0", "1")


def test_fine_or_coarse_labels_as_asked(tmp_path):
    table = named(
        columns(random(4), None, fine_label=[0, 1, 2, 0], coarse_label=[1, 0, 1, 1]),
        fine_label=["a", "b", "c"],
        coarse_label=["x", "y"],
    )
    for part in ("train", "test"):
        write(tmp_path / f"{part}.parquet", table)
    for kind, classes, labels in (
        (None, ("a", "b", "c"), [0, 1, 2, 0]),
        ("fine", ("a", "b", "c"), [0, 1, 2, 0]),
        ("coarse", ("x", "y"), [1, 0, 1, 1]),
    ):
        found = parquet.read(tmp_path, labels=kind)
        assert (found.classes, found.train.labels.tolist()) == (classes, labels)
    assert load_dataset(f"{tmp_path}(coarse)").classes == ("x", "y")


def test_unreadable_pictures_are_left_out_with_their_labels_where_that_is_asked_for(tmp_path):
    x = random(6)
    write(tmp_path / "train-00000-of-00002.parquet", columns([x[0], b"no picture", x[2]], [0, 1, 0]))
    write(tmp_path / "train-00001-of-00002.parquet", columns([None, x[4], x[5]], [0, 1, 0]))
    write(tmp_path / "test.parquet", columns(x, [0, 1] * 3))
    with pytest.raises(DataError, match=r"train-0000\d-of-00002.parquet: row [01]"):
        parquet.read(tmp_path)
    found = parquet.read(tmp_path, skip_unreadable=True)
    same(found.train, x[[0, 2, 4, 5]], [0, 0, 1, 0])
    assert "skipped 2 unreadable pictures in train" in found.notes[0]
    path = write(tmp_path / "none.parquet", columns([b"no picture", None], [0, 1]))
    with pytest.raises(DataError, match="none.parquet: has no readable picture"):
        parquet.read(path, skip_unreadable=True)


GOOD = [0, 1]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (columns(random(2), GOOD, "imge"), 'has no column img or image: did you mean "imge", to be called img'),
        (columns(random(2), None, lable=GOOD), 'has no column label, .*: did you mean "lable", to be called label'),
        (columns(random(2), None), "has no column label, fine_label or coarse_label: its columns are img"),
        (columns([random(1)[0], None], GOOD), 'row 1 has nothing in "img"; .* not only the names of picture files'),
        (columns(random(3), [0, None, 1]), 'row 1 has nothing in "label"'),
        (named(columns(random(3), [0, 1, 2]), label="ab"), 'row 2 has 2 in "label"; labels must be from 0 to 1'),
        (named(columns(random(3), [0, -1, 2]), label="ab"), 'row 1 has -1 in "label"'),
        (
            named(columns(random(2), pa.array([0, 2**64 - 1], pa.uint64())), label="ab"),
            "row 1 has 18446744073709551615",
        ),
        (columns(random(2), [0, 2]), '"label": no label is 1, but there is 2'),
        (columns(random(2), [1, 2]), '"label": no label is 0, but there is 1'),
        (columns(random(2), [0, 0]), "all labels are the same"),
        (columns(random(2), ["a", "b"]), '"label" holds string; it must hold whole numbers'),
        (columns(random(2), [0.0, 1.0]), '"label" holds double; it must hold whole numbers'),
        (
            pa.table({"img": ["a.png", "b.png"], "label": GOOD}),
            '"img" holds string; it must hold the bytes of pictures',
        ),
        (pa.table({"img": [{"path": "a.png"}], "label": [0]}), "no field bytes .only path.: the pictures are not in"),
        (pa.table({"img": [{"bytes": 7}], "label": [0]}), "holds int64; it must hold the bytes of pictures"),
        (columns([], pa.array([], pa.int64())), "says that it has 0 rows"),
        (columns([b"no picture", random(1)[0]], GOOD), "row 0"),
    ],
)
def test_what_is_wrong_in_a_file_names_it_and_the_row(tmp_path, table, message):
    with pytest.raises(DataError, match=f"a.parquet: .*{message}|a.parquet: {message}"):
        parquet.read(write(tmp_path / "a.parquet", table))


def test_the_row_in_a_message_is_that_of_the_shard_and_not_of_the_set(tmp_path):
    for shard, labels in enumerate(([0, 1, 0], [1, 5, 0])):
        table = named(columns(random(3), labels), label="ab")
        write(tmp_path / f"train-0000{shard}-of-00002.parquet", table)
    with pytest.raises(DataError, match='train-00001-of-00002.parquet: row 1 has 5 in "label"'):
        parquet.read(tmp_path)


def test_labels_are_asked_for_only_where_there_are_two_kinds(tmp_path):
    path = write(tmp_path / "a.parquet", columns(random(2), GOOD))
    with pytest.raises(DataError, match=r'one kind of labels; leave out "\(coarse\)"'):
        parquet.read(path, labels="coarse")
    with pytest.raises(DataError, match='no labels called "course": did you mean "coarse"'):
        parquet.read(path, labels="course")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ["train-00000-of-00003", "train-00002-of-00003"],
            "train-00001-of-00003.parquet: is missing; there are 2 of 3",
        ),
        (["train-00001-of-00002", "test"], "train-00000-of-00002.parquet: is missing"),
        (["train-00000-of-00002"], "train-00001-of-00002.parquet: is missing"),
        (["train", "test-00000-of-00002"], "test-00001-of-00002.parquet: is missing"),
        (["train-00000-of-00002", "train-00001-of-00003"], "of different sets"),
        (["train-00000-of-00001", "train-more"], "train-more.parquet: stands beside numbered shards"),
        (["train-00000-of-00001", "train-00000-of-00001-ab"], "there are two shards with its number"),
        (["test", "val"], "has no training images"),
        (["train", "other"], "other.parquet: is it train, test or validation"),
        (["one/train", "two/train"], "holds several data sets, name one of them: .*one, .*two"),
    ],
)
def test_shards_that_make_no_whole_are_an_error_that_names_what_is_missing(tmp_path, names, message):
    for name in names:
        write(tmp_path / f"{name}.parquet", columns(random(2), GOOD))
    with pytest.raises(DataError, match=message):
        parquet.read(tmp_path)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (columns(random(2), GOOD, "image"), 'has the columns "image" and "label" and not "img" and "label" as'),
        (columns(random(2), pa.array(GOOD, pa.int32())), "holds binary and int32 and not binary and int64 as"),
        (named(columns(random(2), GOOD), label="ab"), "names other classes than"),
        (columns(random(2), GOOD, nested=False), 'has "img" without a field bytes, unlike'),
    ],
)
def test_shards_of_different_kinds_are_an_error_that_names_both(tmp_path, other, message):
    write(tmp_path / "train-00000-of-00002.parquet", columns(random(2), GOOD))
    write(tmp_path / "train-00001-of-00002.parquet", other)
    with pytest.raises(DataError, match=f"train-00001-of-00002.parquet: {message}.*train-00000-of-00002.parquet"):
        parquet.read(tmp_path)


@pytest.mark.parametrize("left", [0, 3, 4, 100, -1, -8, -200])
def test_a_file_cut_short_is_an_error_that_names_it(tmp_path, left):
    path = write(tmp_path / "a.parquet", columns(random(2), GOOD))
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(DataError, match="a.parquet: is damaged, cut short or not a Parquet file"):
        parquet.read(path)


def test_another_kind_of_file_called_parquet_is_an_error_that_names_it(tmp_path):
    path = tmp_path / "a.parquet"
    path.write_text("PAR1 is not all that it takes")
    with pytest.raises(DataError, match="a.parquet: is damaged, cut short or not a Parquet file"):
        parquet.read(path)
    assert not parquet.recognise(tmp_path / "absent.parquet")
    assert not parquet.recognise(tmp_path.parent / "absent")


@pytest.mark.slow
def test_one_picture_repeated_in_every_row_is_refused_before_room_is_made(tmp_path):
    one = pa.array([{"bytes": encoded(np.zeros((1, 1, 3), np.uint8)), "path": None}] * 1)
    table = pa.table({"img": one.take(pa.array(np.zeros(300_000, np.int64))), "label": np.arange(300_000) % 2})
    path = write(tmp_path / "a.parquet", table)
    assert path.stat().st_size < 1 << 20
    with pytest.raises(DataError, match="a.parquet: 300,000 pictures in a file of"):
        parquet.read(path)


@pytest.mark.real_data
def test_cifar10_as_parquet_has_the_official_fingerprint(cifar_root, tmp_path):
    official = load_dataset("cifar10", cifar_root)
    for part, examples in (("train", official.train), ("test", official.test)):
        pixels = examples.images.permute(0, 2, 3, 1).contiguous().numpy()
        with ThreadPoolExecutor(2) as pool:
            contents = list(pool.map(lambda x: encoded(x, compress_level=1), pixels))
        shards = 2 if part == "train" else 1
        for shard in range(shards):
            rows = slice(shard * len(pixels) // shards, (shard + 1) * len(pixels) // shards)
            table = named(columns(contents[rows], examples.labels[rows].numpy()), label=CIFAR10_CLASSES)
            write(tmp_path / f"cifar10/plain_text/{part}-{shard:05}-of-{shards:05}.parquet", table, compression="none")
    found = parquet.read(tmp_path / "cifar10")
    assert found.fingerprint == official.fingerprint
    assert found.train.fingerprint == KNOWN["cifar10"].fingerprints["train", "fine"]
    assert found.classes == CIFAR10_CLASSES


def test_of_a_whole_disk_only_so_many_entries_are_looked_at(tmp_path, monkeypatch):
    for number in range(9):
        (tmp_path / f"{number}").mkdir()
    (tmp_path / "5" / "train.parquet").touch()
    assert parquet.recognise(tmp_path)
    monkeypatch.setattr(parquet, "MOST_ENTRIES", 0)
    assert not parquet.recognise(tmp_path)
