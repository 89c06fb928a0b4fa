"""Pictures of every mode become the RGB pixels that they show; what cannot be decoded is a message."""

import io
import logging
import struct
import warnings
import zlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ablab.data import pictures
from ablab.data.holdout import set_aside
from ablab.data.pictures import decode, decode_all
from ablab.errors import DataError


def saved(picture, form="PNG", **options):
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def noise(width=6, height=5, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def rgb(picture):
    return torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1)


def flat(colour, mode="RGB"):
    return Image.new(mode, (4, 4), colour)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, bits, kind, data, *others):
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    return pictures.PNG_START + chunk(b"IHDR", header) + b"".join(others) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize("form", ["PNG", "BMP", "PPM", "TIFF"])
def test_pixels_of_lossless_formats_are_those_that_were_saved(form):
    found = decode(saved(noise(), form), "x", size=None)
    assert found.dtype == torch.uint8
    assert found.is_contiguous()
    assert torch.equal(found, rgb(noise()))


def test_lossless_webp_gives_the_pixels_that_were_saved():
    assert torch.equal(decode(saved(noise(), "WEBP", lossless=True), "x", size=None), rgb(noise()))


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_lossy_formats_give_nearly_the_colours_that_were_saved(form):
    found = decode(saved(Image.new("RGB", (16, 16), (200, 40, 90)), form, quality=95), "x", size=None)
    assert (found.int() - torch.tensor([200, 40, 90])[:, None, None]).abs().max() <= 4


@pytest.mark.parametrize(
    ("content", "colour"),
    [
        (saved(flat(1, "1")), (255, 255, 255)),
        (saved(flat(77, "L")), (77, 77, 77)),
        (saved(flat((77, 255), "LA")), (77, 77, 77)),
        (saved(flat((77, 0), "LA")), (255, 255, 255)),
        (saved(flat((10, 20, 30, 255), "RGBA")), (10, 20, 30)),
        (saved(flat((10, 20, 30, 0), "RGBA")), (255, 255, 255)),
        (saved(flat((0, 0, 0, 51), "RGBA")), (204, 204, 204)),  # a fifth of black on white
        (saved(flat((10, 20, 30)).convert("P", palette=Image.Palette.ADAPTIVE)), (10, 20, 30)),
        (saved(flat((10, 20, 30)).quantize(4), transparency=0), (255, 255, 255)),
        (saved(flat((10, 20, 30)), transparency=(10, 20, 30)), (255, 255, 255)),
        (saved(flat(77, "L"), transparency=77), (255, 255, 255)),
        (saved(flat(77, "L"), transparency=78), (77, 77, 77)),
        (saved(flat(0x4D12, "I;16")), (0x4D, 0x4D, 0x4D)),
        (saved(flat(0x4D12, "I;16"), "TIFF"), (0x4D, 0x4D, 0x4D)),
        (saved(flat(0x4D12, "I"), "TIFF"), (0x4D, 0x4D, 0x4D)),
        (saved(flat(70000, "I"), "TIFF"), (255, 255, 255)),
        (saved(flat(-5, "I"), "TIFF"), (0, 0, 0)),
        (b"P2 2 2 65535 " + b"19730 " * 4, (0x4D, 0x4D, 0x4D)),
        (b"P6 1 1 255 \x0a\x14\x1e", (10, 20, 30)),
        (saved(flat((0, 255, 255, 0), "CMYK"), "TIFF"), (255, 0, 0)),
        (saved(flat((10, 20, 30)), "GIF"), (10, 20, 30)),
        (png(1, 1, 16, 0, zlib.compress(b"\0\x4d\x12"), chunk(b"tRNS", b"\x4d\x12")), (255, 255, 255)),
        (png(1, 1, 16, 0, zlib.compress(b"\0\x4d\x12"), chunk(b"tRNS", b"\x4d\x13")), (0x4D, 0x4D, 0x4D)),
        (png(1, 1, 16, 2, zlib.compress(b"\0\x0a\xff\x14\xff\x1e\xff")), (10, 20, 30)),
        (png(1, 1, 16, 6, zlib.compress(b"\0\x0a\xff\x14\xff\x1e\xff\xff\xff")), (10, 20, 30)),
        (png(1, 1, 2, 0, zlib.compress(b"\0\x40")), (85, 85, 85)),
    ],
)
@pytest.mark.parametrize("size", [None, 3])
def test_every_mode_becomes_the_colour_that_it_shows(content, colour, size):
    found = decode(content, "x", size=size)
    assert found.shape[0] == 3
    assert (found == torch.tensor(colour, dtype=torch.uint8)[:, None, None]).all()


def test_cmyk_jpegs_have_the_colours_of_their_inks():
    found = decode(saved(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95), "x", size=None)
    assert (found.int() - torch.tensor([255, 0, 0])[:, None, None]).abs().max() <= 3


def test_the_first_frame_of_an_animation_is_the_picture():
    frames = [flat((10, 20, 30)), flat((200, 100, 50))]
    for form in ("GIF", "PNG", "TIFF", "WEBP"):
        lossless = {"lossless": True} if form == "WEBP" else {}
        found = decode(saved(frames[0], form, save_all=True, append_images=frames[1:], **lossless), "x", size=None)
        assert torch.equal(found, rgb(frames[0]))


def turned(content_size, orientation):
    """Where each pixel of an upright picture is stored, from the definition in the EXIF standard (2.32, 4.6.4 A)."""
    rows, columns = content_size
    row, column = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    numbers = row * columns + column
    # what row 0 and column 0 of the stored picture are in the upright one: stored[r, c] = upright[...]
    return {
        1: numbers,
        2: numbers.flip(1),
        3: numbers.flip(0, 1),
        4: numbers.flip(0),
        5: numbers.T,
        6: numbers.T.flip(0),
        7: numbers.T.flip(0, 1),
        8: numbers.T.flip(1),
    }[orientation]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP"])
def test_pictures_are_turned_upright_as_their_camera_said(form, orientation):
    upright = rgb(noise(6, 5))
    stored = upright.reshape(3, -1)[:, turned((5, 6), orientation).contiguous()]
    exif = Image.Exif()
    exif[0x0112] = orientation
    lossless = {"lossless": True} if form == "WEBP" else {}
    content = saved(Image.fromarray(stored.permute(1, 2, 0).contiguous().numpy()), form, exif=exif, **lossless)
    assert torch.equal(decode(content, "x", size=None), upright)
    assert torch.equal(decode(content, "x", size=4), decode(saved(noise(6, 5)), "x", size=4))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_pictures_of_every_mode_are_turned(mode):
    grey = noise(6, 5).convert("L")
    picture = Image.fromarray(np.array(grey).astype(np.uint16) << 8) if mode == "I;16" else grey.convert(mode)
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = decode(saved(picture), "x", size=None)
    assert upright.unique().numel() > 1
    assert torch.equal(decode(saved(picture, exif=exif), "x", size=None), upright.mT.flip(2))


def test_damaged_notes_of_a_camera_leave_the_picture_as_it_is():
    for exif in (b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0nonsense"):
        assert torch.equal(decode(saved(noise(), exif=exif), "x", size=None), rgb(noise()))


def test_a_picture_is_cut_to_its_centre_square_before_it_is_resized():
    wide = Image.new("RGB", (30, 10), "red")
    wide.paste("blue", (10, 0, 20, 10))
    for picture in (wide, wide.transpose(Image.Transpose.ROTATE_90)):
        found = decode(saved(picture), "x", size=10)
        assert torch.equal(found, rgb(Image.new("RGB", (10, 10), "blue")))


def test_shrinking_averages_over_the_area():
    stripes = np.zeros((64, 64), np.uint8)
    stripes[:, ::2] = 255
    found = decode(saved(Image.fromarray(stripes)), "x", size=8)
    assert (found.int() - 127).abs().max() <= 8  # nearest or bilinear without antialiasing gives 0 or 255


def test_resizing_is_pillows_own_with_the_stated_filter():
    found = decode(saved(noise(40, 40)), "x", size=32)
    assert torch.equal(found, rgb(noise(40, 40).resize((32, 32), Image.Resampling.LANCZOS)))
    assert pictures.FILTER is Image.Resampling.LANCZOS
    assert "center square" in pictures.treatment(32)
    assert "LANCZOS" in pictures.treatment(32)


def test_a_picture_of_the_wanted_size_is_not_changed():
    assert torch.equal(decode(saved(noise(32, 32)), "x", size=32), rgb(noise(32, 32)))


def test_colours_behind_clear_pixels_do_not_bleed_into_their_neighbours():
    picture = Image.new("RGBA", (8, 8), (0, 255, 0, 0))
    picture.paste((255, 0, 0, 255), (4, 0, 8, 8))
    assert decode(saved(picture), "x", size=4)[1].min() >= 0
    blended = decode(saved(picture), "x", size=1)
    assert blended.flatten().tolist() == pytest.approx([255, 127, 127], abs=2)  # half red, half white; no green


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "x: is empty"),
        (b"hello, this is text", "x: is not a readable image"),
        (b"%PDF-1.7", "x: is not a readable image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "x: is not a readable image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "x: is not a readable image"),  # would start a program
        (saved(noise())[:-20], "x: is cut short or damaged"),
        (saved(noise())[:60], "x: is cut short or damaged"),
        (saved(noise(64, 64), "JPEG")[:-300], "x: cannot be read as a picture .*truncated"),
        (saved(noise(64, 64), "WEBP")[:-300], "x: "),
        (saved(noise(64, 64), "BMP")[:-300], "x: cannot be read as a picture"),
        (saved(noise(64, 64), "GIF")[:300], "x: "),
        (saved(noise(64, 64), "TIFF")[:300], "x: "),
        (saved(flat(0.5, "F"), "TIFF"), "x: holds fractions and not colors"),
        (png(0, 5, 8, 2, b""), "x: "),
        (png(5, 5, 8, 2, b""), "x: cannot be read as a picture"),
        (png(5, 5, 7, 2, zlib.compress(bytes(80))), "x: "),
        (png(60_000, 60_000, 8, 2, zlib.compress(bytes(1000))), "x: claims far more than 67,108,864 pixels"),
        (png(9_000, 9_000, 1, 0, zlib.compress(bytes(1000))), "x: claims 9,000 x 9,000 pixels"),
        (b"P6 50000 50000 255 abc", "x: claims"),
        (b"P6 0 4 255 abc", "x: "),
        (b"GIF89a" + b"\xff\xff\xff\xff" + bytes(20), "x: "),
    ],
)
def test_what_cannot_be_decoded_is_a_message_that_names_it(content, message):
    with pytest.raises(DataError, match=f"^{message}"):
        decode(content, "x", size=32)


def test_a_changed_bit_of_a_png_is_never_overlooked():
    whole = saved(noise(16, 16))
    for at in range(8, len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        with pytest.raises(DataError, match="^x: "):
            decode(bytes(damaged), "x", size=None)


def test_bytes_behind_the_end_of_a_png_do_not_matter():
    assert torch.equal(decode(saved(noise()) + b"rubbish", "x", size=None), rgb(noise()))


def test_a_progressive_jpeg_of_endless_scans_is_refused(monkeypatch):
    whole = saved(noise(64, 64), "JPEG", progressive=True)
    scan = whole[whole.index(b"\xff\xda") : -2]
    assert decode(whole, "x", size=8).shape == (3, 8, 8)
    monkeypatch.setattr(pictures, "MOST_SCANNED", 64 * 64 * 50)
    with pytest.raises(DataError, match="more scans than any genuine one"):
        decode(whole[:-2] + scan * 100 + whole[-2:], "x", size=8)


def test_a_file_of_absurd_length_is_refused(monkeypatch):
    monkeypatch.setattr(pictures, "MOST_BYTES", 100)
    with pytest.raises(DataError, match="x: has more than 100 bytes"):
        decode(saved(noise(64, 64)), "x", size=8)


@pytest.mark.parametrize("size", [0, -1, 5000, 10**12])
def test_an_absurd_size_is_refused(size):
    with pytest.raises(DataError, match=f"size={size}: ablab resizes pictures to 1 to 4,096"):
        decode(saved(noise()), "x", size=size)
    with pytest.raises(DataError, match=f"size={size}"):
        decode_all([("x", lambda: saved(noise()))], size=size, skip_unreadable=False)


def test_pictures_that_no_memory_holds_are_refused():
    items = [("x", lambda: b"")] * 2_000_000
    with pytest.raises(DataError, match=r"2,000,000 pictures of 4096 x 4096 pixels need 100663.3 GB"):
        decode_all(items, size=4096, skip_unreadable=False)


@pytest.mark.slow
def test_nothing_is_warned_of_or_logged(capfd):
    big = Image.new("1", (8192, 8192))  # within the limit; and odd notes, which Pillow warns of
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\xff\0\0\0\xff\xff\xff\xff"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        decode(saved(big), "x", size=8)
        decode(saved(noise(), "JPEG", exif=exif), "x", size=8)
        whole = saved(noise(64, 64), "TIFF")
        for at in range(0, len(whole), 97):
            try:
                decode(whole[:at] + b"\xff\xff" + whole[at + 2 :], "x", size=8)
            except DataError:
                continue
    assert not caught
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("PIL").handlers


def items(*contents):
    return [(f"{at}.png", lambda content=content: content) for at, content in enumerate(contents)]


@pytest.mark.slow
def test_all_are_decoded_in_their_order_to_one_size():
    contents = [saved(noise(20 + seed, 30, seed), form) for seed, form in enumerate(["PNG", "JPEG", "GIF", "BMP"] * 10)]
    images, kept, unreadable = decode_all(items(*contents), size=16, skip_unreadable=False)
    assert images.shape == (40, 3, 16, 16)
    assert kept == tuple(range(40))
    assert unreadable == ()
    for image, content in zip(images, contents, strict=True):
        assert torch.equal(image, decode(content, "x", size=16))


def test_without_a_size_pictures_are_32_pixels_a_side():
    assert decode_all(items(saved(noise())), size=None, skip_unreadable=False)[0].shape == (1, 3, 32, 32)


def test_unreadable_pictures_are_listed_ten_at_most():
    contents = [saved(noise()), *[b"text"] * 12]
    with pytest.raises(DataError) as raised:
        decode_all(items(*contents), size=8, skip_unreadable=False)
    lines = str(raised.value).splitlines()
    assert len(lines) == 12
    assert lines[0].startswith("1.png: is not a readable image")
    assert lines[10] == "and 2 more"
    assert lines[11] == "12 of 13 pictures are unreadable; --skip-unreadable leaves them out"


def test_unreadable_pictures_can_be_left_out():
    contents = [b"", saved(noise(seed=1)), b"text", saved(noise(seed=2))]
    images, kept, unreadable = decode_all(items(*contents), size=8, skip_unreadable=True)
    assert kept == (1, 3)
    assert unreadable == ("0.png", "2.png")
    assert torch.equal(images[1], decode(contents[3], "x", size=8))
    assert images.is_contiguous()


def test_skipping_is_not_offered_where_nothing_would_be_left():
    with pytest.raises(DataError, match=r"^0.png: is not a readable image [^\n]*$"):
        decode_all(items(b"text"), size=8, skip_unreadable=False)
    images, kept, unreadable = decode_all(items(b"text"), size=8, skip_unreadable=True)
    assert (len(images), kept, unreadable) == (0, (), ("0.png",))


def test_a_file_that_cannot_be_opened_is_unreadable(tmp_path):
    with pytest.raises(DataError, match=r"a.png: cannot be read \(No such file or directory\)"):
        decode_all([("a.png", (tmp_path / "a.png").read_bytes)], size=8, skip_unreadable=False)


def images_of(labels, seed=0, of=None):
    """Different images for the labels; `of` says for each row which image it shows."""
    draw = np.random.default_rng(seed).integers(0, 256, (len(labels), 3, 4, 4), dtype=np.uint8)
    images = torch.from_numpy(draw)
    return (images if of is None else images[list(of)]), torch.tensor(labels)


def test_a_fifth_of_each_class_is_set_aside_the_same_on_every_call():
    images, labels = images_of([0] * 50 + [1] * 20 + [2] * 2)
    train, test, note = set_aside(images, labels, ["a", "b", "c"])
    assert torch.bincount(test.labels).tolist() == [10, 4, 1]
    assert torch.bincount(train.labels).tolist() == [40, 16, 1]
    assert "15 of 72 (20 % of each class" in note
    again = set_aside(images, labels, ["a", "b", "c"])[1]
    assert again.fingerprint == test.fingerprint


@pytest.mark.slow
@settings(max_examples=60)
@given(st.data())
def test_no_picture_is_on_both_sides_and_every_class_on_either(data):
    counts = data.draw(st.lists(st.integers(4, 30), min_size=2, max_size=4))
    labels = [label for label, count in enumerate(counts) for _ in range(count)]
    of = [data.draw(st.integers(max(0, row - 2), row)) for row in range(len(labels))]
    images, numbers = images_of(labels, of=of)
    try:
        train, test, _ = set_aside(images, numbers, [str(n) for n in range(len(counts))])
    except DataError as error:
        assert "all or nearly all identical" in str(error)
        return
    assert len(train) + len(test) == len(labels)
    there = {image.numpy().tobytes() for image in train.images}
    assert not there & {image.numpy().tobytes() for image in test.images}
    assert set(train.labels.tolist()) == set(test.labels.tolist()) == set(range(len(counts)))


def test_a_class_of_few_pictures_that_all_repeat_is_split_between_them():
    images, labels = images_of([0] * 5 + [1] * 5, of=[0, 0, 0, 1, 1, 5, 6, 7, 8, 9])
    train, test, _ = set_aside(images, labels, ["a", "b"])
    assert torch.bincount(test.labels).tolist() == [2, 1]
    assert torch.bincount(train.labels).tolist() == [3, 4]


@pytest.mark.parametrize(
    ("of", "message"),
    [
        ([0, 1, 2, 3], 'class "b" has 1 image: too few'),
        ([0, 0, 0, 3], 'class "a" has 3 images, all or nearly all identical'),
    ],
)
def test_a_class_that_cannot_be_on_both_sides_is_an_error(of, message):
    images, labels = images_of([0, 0, 0, 1], of=of)
    with pytest.raises(DataError, match=message):
        set_aside(images, labels, ["a", "b"])
