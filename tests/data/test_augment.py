"""Augmentation: text, arguments, pairing, and every operation against an answer from elsewhere."""

import colorsys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageOps
from scipy import stats
from torch import Tensor

from ablab.data.augment import augmenter, check, colour, disturbed, geometry
from ablab.data.augment.crop import padded, windows
from ablab.data.augment.cutout import cutout
from ablab.data.augment.draw import Draw, Numbers
from ablab.data.augment.flip import flip, vertical_flip
from ablab.data.augment.mix import beta_quantile, cutmix, mixup
from ablab.data.augment.pixels import choose, pick
from ablab.data.augment.policies import changes
from ablab.data.augment.views import views
from ablab.data.dataset import Examples
from ablab.errors import DataError, InputError, RecipeError
from ablab.randomness import stream

SHAPE = (3, 32, 32)


def pictures(count: int = 40, shape: tuple[int, int, int] = SHAPE, seed: int = 0) -> Tensor:
    """Half of them noise, half smooth, with some of a narrow range and some of one colour."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randint(0, 256, (count, *shape), dtype=torch.uint8, generator=generator)
    smooth = torch.randint(0, 200, (count, shape[0], 1, 1), generator=generator)
    smooth = smooth + torch.arange(shape[2]) // 2 + torch.arange(shape[1])[:, None] // 3
    images = torch.where(torch.arange(count).view(-1, 1, 1, 1) % 2 == 0, noise, smooth.expand(count, *shape))
    images[-1] = 77
    images[-2] = images[-2] // 5 + 60
    return images.to(torch.uint8).contiguous()


def draw(count: int, *, epoch: int = 0, seed: int = 0, purpose: str = "augment/test/1") -> Draw:
    return Draw(Numbers(seed, purpose, epoch, count), torch.arange(count))


def run(text: str, *, seed: int = 0, epoch: int = 0, count: int = 40, classes: int = 5) -> tuple[Tensor, Tensor]:
    examples = Examples(pictures(count), torch.arange(count) % classes)
    rows = torch.arange(count)
    return augmenter(text, seed=seed, epoch=epoch, examples=examples, rows=rows, classes=classes)(rows)


def pillow(image: Tensor) -> Image.Image:
    return Image.fromarray(image.permute(1, 2, 0).contiguous().numpy())


def tensor(image: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)


def largest_difference(ours: Tensor, theirs: list[Image.Image]) -> int:
    return int((ours.int() - torch.stack([tensor(image) for image in theirs]).int()).abs().max())


# Text and arguments


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("crop(40)", ["crop(40)", "padding", "from 1 to 31", "32x32"]),
        ("crop(0)", ["padding", "from 1 to 31"]),
        ("crop(2.5)", ["padding", "whole number", "2.5"]),
        ("crop(4, mode=reflct)", ["mode", 'did you mean "reflect"']),
        ("crop(4, 5, 6)", ["at most 2", "padding, mode"]),
        ("crop(4, padding=5)", ["padding is given twice"]),
        ("crop(pading=4)", ['did you mean "padding"']),
        ("vflip(1)", ["no arguments"]),
        ("cutout(0)", ["size", "from 1 to 32"]),
        ("translate(true)", ["distance", "a number"]),
        ("translate(0.001)", ["half a pixel"]),
        ("translate(1.5)", ["more than 0 and at most 1"]),
        ("rotate(1e999)", ["degrees", "180"]),
        ("jitter(hue=0.6)", ["hue", "0.5"]),
        ("jitter(brightness=-0.1)", ["brightness", "from 0 to 1"]),
        ("mixup(0)", ["alpha", "0.01"]),
        ("cutmix(alpha=-1)", ["alpha", "0.01"]),
        ("randaugment(ops=0)", ["ops", "from 1 to 14"]),
        ("randaugment(2, 11)", ["magnitude", "from 0 to 10"]),
        ("mixup + crop", ["crop comes after mixup", "last"]),
        ("crp", ['"crp"', 'did you mean "crop"']),
    ],
)
def test_a_wrong_text_is_refused_with_operation_argument_and_range(text: str, says: list[str]) -> None:
    with pytest.raises(InputError) as error:
        check(text, SHAPE)
    for part in [*says, text.partition("(")[0].split(" ")[0]]:
        assert part in str(error.value)


def test_colour_operations_refuse_images_of_two_channels() -> None:
    for text in ("jitter", "trivialaugment", "randaugment"):
        with pytest.raises(DataError, match="gray or RGB"):
            check(text, (2, 8, 8))


def test_arguments_without_a_name_go_to_the_parameters_in_order() -> None:
    assert torch.equal(run("crop(3, reflect)")[0], run("crop(mode=reflect, padding=3)")[0])


@settings(max_examples=60)
@given(st.text(alphabet="cropfliutmx(4,=.)+ 0-1e", max_size=25))
def test_no_text_gives_anything_but_an_input_error(text: str) -> None:
    try:
        check(text, SHAPE)
    except InputError as error:
        assert str(error)


def test_none_gives_the_images_and_labels_as_they_are() -> None:
    images, targets = run("none")
    assert torch.equal(images, pictures())
    assert torch.equal(targets, torch.arange(40) % 5)


# Pairing


def test_variants_with_one_seed_share_their_crops() -> None:
    for rest in ("", " + cutout(8)", " + mixup"):
        examples = Examples(pictures(), torch.zeros(40, dtype=torch.int64))
        call = augmenter("crop" + rest, seed=3, epoch=2, examples=examples, rows=torch.arange(40), classes=2)
        numbers = call.draw("augment/crop/1", torch.arange(40)).whole("top", 0, 8)
        call(torch.arange(40))
        assert torch.equal(call.numbers["augment/crop/1"].column("top", 2), _column(3, "augment/crop/1/top", 2))
        assert torch.equal(numbers, (_column(3, "augment/crop/1/top", 2) * 9).long())
    alone, with_flip = run("crop(4)")[0], run("crop(4) + flip")[0]
    same = (alone == with_flip).flatten(1).all(dim=1)
    mirrored = (alone.flip(-1) == with_flip).flatten(1).all(dim=1)
    assert bool((same | mirrored).all())
    assert 5 < int(same.sum()) < 35


def _column(seed: int, purpose: str, epoch: int) -> Tensor:
    return torch.rand(40, generator=stream(seed, purpose, epoch), dtype=torch.float64)


def test_the_same_operation_twice_draws_anew() -> None:
    images = pictures()
    half_turned = run("flip + flip")[0]
    mirrored = (half_turned == images.flip(-1)).flatten(1).all(dim=1)
    assert 5 < int(mirrored.sum()) < 35


def test_numbers_are_uniform() -> None:
    numbers = draw(20_000)
    counts = torch.bincount(numbers.whole("a", 0, 8), minlength=9)
    assert stats.chisquare(counts.numpy()).pvalue > 1e-4
    assert abs(float(numbers.coin("b").float().mean()) - 0.5) < 0.02
    assert float(numbers.between("c", -2, 3).mean()) == pytest.approx(0.5, abs=0.05)


# Crop, flip, cutout


@pytest.mark.parametrize("shape", [SHAPE, (1, 28, 28), (3, 9, 13)], ids=str)
@pytest.mark.parametrize("mode", ["zero", "reflect"])
def test_a_crop_is_what_a_loop_over_a_padded_array_gives(shape: tuple[int, int, int], mode: str) -> None:
    images = pictures(20, shape)
    examples = Examples(images, torch.zeros(20, dtype=torch.int64))
    rows = torch.arange(20)
    call = augmenter(f"crop(4, {mode})", seed=0, epoch=0, examples=examples, rows=rows, classes=2)
    numbers = call.draw("augment/crop/1", rows)
    top, left = numbers.whole("top", 0, 8).tolist(), numbers.whole("left", 0, 8).tolist()
    frame = np.pad(images.numpy(), ((0, 0), (0, 0), (4, 4), (4, 4)), "reflect" if mode == "reflect" else "constant")
    wanted = [frame[i, :, top[i] : top[i] + shape[1], left[i] : left[i] + shape[2]] for i in range(20)]
    assert np.array_equal(call(rows)[0].numpy(), np.stack(wanted))
    assert len(set(top)) > 3


@settings(max_examples=30)
@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 12), st.integers(1, 12), st.data())
def test_windows_are_slices(batch: int, channels: int, height: int, width: int, data: st.DataObject) -> None:
    images = torch.arange(batch * channels * 12 * 12).remainder(251).to(torch.uint8).view(batch, channels, 12, 12)
    top = data.draw(st.lists(st.integers(0, 12 - height), min_size=batch, max_size=batch))
    left = data.draw(st.lists(st.integers(0, 12 - width), min_size=batch, max_size=batch))
    found = windows(images, torch.tensor(top), torch.tensor(left), height, width)
    for i in range(batch):
        assert torch.equal(found[i], images[i, :, top[i] : top[i] + height, left[i] : left[i] + width])


@pytest.mark.parametrize("width", [1, 4, 6, 7, 8, 28, 32])
def test_picking_and_choosing_work_for_any_width(width: int) -> None:
    images = pictures(9, (3, 5, width))
    rows = torch.tensor([8, 0, 0, 5])
    assert torch.equal(pick(images, rows), images[rows])
    assert torch.equal(pick(images[1:], rows[1:]), images[1:][rows[1:]])
    chosen = torch.tensor([True, False, True, False])
    wanted = torch.stack([images[0].flip(-1), images[1], images[2].flip(-1), images[3]])
    assert torch.equal(choose(chosen, images[:4].flip(-1), images[:4]), wanted)


def test_flips_mirror_half_of_the_images() -> None:
    images = pictures(200)
    for changed, axis in ((flip(images, draw(200)), -1), (vertical_flip(images, draw(200)), -2)):
        same = (changed == images).flatten(1).all(dim=1)
        mirrored = (changed == images.flip(axis)).flatten(1).all(dim=1)
        assert bool((same | mirrored).all())
        assert 60 < int((mirrored & ~same).sum()) < 140


def test_alternating_flips_show_both_sides_in_any_two_epochs_in_a_row() -> None:
    images = pictures(50)
    seen = [flip(images, draw(50, epoch=epoch), mode="alternate") for epoch in range(4)]
    assert torch.equal(seen[0], seen[2])
    assert torch.equal(seen[1], seen[3])
    assert torch.equal(seen[0].flip(-1), seen[1])
    assert not torch.equal(seen[0], images)
    assert torch.equal(seen[0], flip(images, draw(50)))


@pytest.mark.parametrize("size", [1, 7, 8, 32])
def test_a_cutout_is_a_black_square_cut_off_at_the_edges(size: int) -> None:
    white = torch.full((300, *SHAPE), 255, dtype=torch.uint8)
    holes = cutout(white, draw(300), size=size) == 0
    assert torch.equal(holes[:, 0], holes[:, 2])
    areas = holes[:, 0].sum(dim=(1, 2))
    assert int(areas.max()) == size**2
    assert int(areas.min()) >= (size // 2) ** 2
    for hole in holes[:20, 0]:
        rows, columns = hole.any(dim=1).nonzero(), hole.any(dim=0).nonzero()
        box = (rows.max() - rows.min() + 1) * (columns.max() - columns.min() + 1)
        assert int(hole.sum()) == int(box)
    centres = int((areas == size**2).sum())
    assert centres == pytest.approx(300 * ((33 - size) / 32) ** 2, abs=50)


# Geometry


def test_turns_by_a_right_angle_are_exact() -> None:
    images = pictures(6, (3, 17, 17))
    for smooth in (True, False):
        for quarters in (1, 2, -1):
            turned = geometry.turned(images, torch.full((6,), 90.0 * quarters), smooth=smooth)
            assert torch.equal(turned, images.rot90(quarters, (2, 3)))
    assert torch.equal(geometry.turned(pictures(6), torch.zeros(6), smooth=True), pictures(6))


def test_a_turn_is_pillows_turn_but_for_pixels_halfway_between_two() -> None:
    images = pictures(20)
    angles = torch.linspace(-44, 43, 20)
    turned = geometry.turned(images, angles, smooth=False)
    theirs = torch.stack([tensor(pillow(i).rotate(a)) for i, a in zip(images, angles.tolist(), strict=True)])
    assert float((turned == theirs).float().mean()) > 0.995


def test_shears_are_pillows_affine_transforms() -> None:
    images, slopes = pictures(20), torch.linspace(-0.97, 0.93, 20)
    none = torch.zeros(20)
    for ours, terms in (
        (geometry.sheared(images, slopes, none), lambda s: (1, s, 0, 0, 1, 0)),
        (geometry.sheared(images, none, slopes), lambda s: (1, 0, 0, s, 1, 0)),
    ):
        theirs = torch.stack(
            [
                tensor(pillow(i).transform((32, 32), Image.Transform.AFFINE, terms(s)))
                for i, s in zip(images, slopes.tolist(), strict=True)
            ]
        )
        assert float((ours == theirs).float().mean()) > 0.995


def test_shifts_are_pillows_affine_transforms() -> None:
    images, pixels = pictures(20), torch.arange(-40, 40, 4)
    none = torch.zeros(20)
    for ours, terms in (
        (geometry.shifted(images, pixels.float(), none), lambda p: (1, 0, p, 0, 1, 0)),
        (geometry.shifted(images, none, pixels.float()), lambda p: (1, 0, 0, 0, 1, p)),
    ):
        theirs = [
            pillow(i).transform((32, 32), Image.Transform.AFFINE, terms(p))
            for i, p in zip(images, pixels.tolist(), strict=True)
        ]
        assert largest_difference(ours, theirs) == 0


def test_a_translation_moves_by_whole_pixels_or_by_a_share_of_the_side_and_leaves_black() -> None:
    images = pictures(60, (3, 16, 32))
    numbers = draw(60)
    for distance, down, across in ((3, 3, 3), (0.25, 4, 8)):
        moved = geometry.translate(images, numbers, distance=distance)
        top, left = numbers.whole("top", 0, 2 * down), numbers.whole("left", 0, 2 * across)
        wanted = windows(padded(images, across, down, "zero"), top, left, 16, 32)
        assert torch.equal(moved, wanted)
        black = (moved == 0).all(dim=1)
        assert int(black.all(dim=2).sum(dim=1).max()) == down
        assert int(black.all(dim=1).sum(dim=1).max()) == across


def test_rotations_stay_within_their_angle() -> None:
    dot = torch.zeros(100, 1, 33, 33, dtype=torch.uint8)
    dot[:, :, 16, 30] = 255
    turned = geometry.rotate(dot, draw(100), degrees=20)
    heights = turned[:, 0].float().sum(dim=2)
    rows = (heights * torch.arange(33)).sum(dim=1) / heights.sum(dim=1) - 16
    angles = torch.rad2deg(torch.asin((rows / 14).clamp(-1, 1)))
    assert float(angles.abs().max()) < 22
    assert float(angles.max()) > 15
    assert float(angles.min()) < -15


# Colour, against Pillow


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (colour.brightened, ImageEnhance.Brightness),
        (colour.contrasted, ImageEnhance.Contrast),
        (colour.saturated, ImageEnhance.Color),
        (colour.sharpened, ImageEnhance.Sharpness),
    ],
)
def test_enhancements_are_pillows_to_one_level(ours: object, theirs: type) -> None:
    # Pillow cuts the fraction off, we round: one level of 255 is the whole difference.
    images, factors = pictures(), torch.linspace(0, 2, 40)
    enhanced = [theirs(pillow(i)).enhance(f) for i, f in zip(images, factors.tolist(), strict=True)]
    assert largest_difference(ours(images, factors), enhanced) <= 1  # type: ignore[operator]
    assert torch.equal(ours(images, torch.ones(40)), images)  # type: ignore[operator]


def test_invert_autocontrast_and_equalize_are_pillows_exactly() -> None:
    images = torch.cat([pictures(120), pictures(40, seed=1) // 3 + 20])
    for ours, theirs in (
        (colour.inverted, ImageOps.invert),
        (colour.autocontrasted, ImageOps.autocontrast),
        (colour.equalized, ImageOps.equalize),
    ):
        assert largest_difference(ours(images), [theirs(pillow(image)) for image in images]) == 0


@pytest.mark.slow
def test_autocontrast_is_pillows_for_every_range_of_values() -> None:
    low, high = torch.triu_indices(256, 256, offset=1)[:, ::23]
    images = torch.stack([low, high], dim=1).to(torch.uint8).view(-1, 1, 1, 2)
    levels = torch.linspace(0, 1, 14).view(1, 1, 1, -1)
    images = (images[..., :1] + (images[..., 1:].float() - images[..., :1].float()) * levels).to(torch.uint8)
    images = images.expand(-1, 3, -1, -1).contiguous()
    assert largest_difference(colour.autocontrasted(images), [ImageOps.autocontrast(pillow(i)) for i in images]) == 0


@pytest.mark.parametrize("bits", range(1, 9))
def test_posterize_is_pillows_exactly(bits: int) -> None:
    images = pictures()
    ours = colour.posterized(images, torch.full((40,), float(bits)))
    assert largest_difference(ours, [ImageOps.posterize(pillow(image), bits) for image in images]) == 0


@pytest.mark.parametrize("threshold", [0, 1, 128, 255, 256])
def test_solarize_is_pillows_exactly(threshold: int) -> None:
    images = pictures()
    ours = colour.solarized(images, torch.full((40,), float(threshold)))
    assert largest_difference(ours, [ImageOps.solarize(pillow(image), threshold) for image in images]) == 0


def test_a_turned_hue_is_colorsys_to_one_level() -> None:
    images, turns = pictures(8, (3, 6, 6)), torch.linspace(-0.5, 0.5, 8)
    ours = colour.hue_turned(images, turns)
    for image, changed, turn in zip(images, ours, turns.tolist(), strict=True):
        for before, after in zip(image.flatten(1).T.tolist(), changed.flatten(1).T.tolist(), strict=True):
            hue, saturation, value = colorsys.rgb_to_hsv(*(channel / 255 for channel in before))
            wanted = colorsys.hsv_to_rgb((hue + turn) % 1, saturation, value)
            assert after == pytest.approx([255 * channel for channel in wanted], abs=0.51)


def test_jitter_stays_within_its_shares_and_is_nothing_at_zero() -> None:
    grey = torch.full((100, 3, 4, 4), 100, dtype=torch.uint8)
    brighter = colour.jitter(grey, draw(100), brightness=0.3, contrast=0, saturation=0, hue=0)
    assert 70 <= int(brighter.min()) < 75
    assert 125 < int(brighter.max()) <= 130
    still = colour.jitter(pictures(), draw(40), brightness=0, contrast=0, saturation=0, hue=0)
    assert torch.equal(still, pictures())


# Policies


def test_trivialaugment_gives_each_image_one_of_fourteen_operations_at_one_of_31_strengths() -> None:
    images = pictures(30)
    members = changes(shear=0.99, across=32, down=32, degrees=135, enhance=0.99, bits=6)
    assert len(members) == 14
    examples = Examples(images, torch.zeros(30, dtype=torch.int64))
    rows = torch.arange(30)
    call = augmenter("trivialaugment", seed=4, epoch=0, examples=examples, rows=rows, classes=2)
    numbers = call.draw("augment/trivialaugment/1", rows)
    operation, strength = numbers.whole("operation", 0, 13), numbers.whole("strength", 0, 30).float() / 30
    changed = call(rows)[0]
    for row in range(30):
        alone = list(members.values())[operation[row]](
            images[row : row + 1], strength[row : row + 1], numbers.side("side")[row : row + 1]
        )
        assert torch.equal(changed[row], alone[0])
    assert len(operation.unique()) > 8


def test_policies_change_nothing_at_strength_zero() -> None:
    images = pictures(10)
    for name, change in changes(shear=0.9, across=9, down=9, degrees=90, enhance=0.9, bits=6).items():
        if name not in ("autocontrast", "equalize"):
            assert torch.equal(change(images, torch.zeros(10), torch.ones(10)), images), name


def test_the_ends_of_trivialaugments_ranges_are_the_published_ones() -> None:
    images, full, side = pictures(4), torch.ones(4), torch.ones(4)
    members = changes(shear=0.99, across=32, down=32, degrees=135, enhance=0.99, bits=6)
    assert not members["shift x"](images, full, side).any()
    assert torch.equal(members["solarize"](images, full, side), 255 - images)
    assert torch.equal(members["posterize"](images, full, side), images & 0b11000000)
    assert (
        largest_difference(
            members["brightness"](images, full, side),
            [ImageEnhance.Brightness(pillow(i)).enhance(1.99) for i in images],
        )
        <= 1
    )


def test_more_randaugment_operations_change_more_and_share_the_first() -> None:
    once, twice = run("randaugment(1, 9)", count=100)[0], run("randaugment(2, 9)", count=100)[0]
    second = draw(100, purpose="augment/randaugment/1").whole("operation 2", 0, 13)
    assert bool((second == 0).any())
    assert torch.equal(once[second == 0], twice[second == 0])
    assert not torch.equal(once, twice)


# Mixing


@pytest.mark.parametrize("alpha", [0.05, 0.2, 1.0, 2.5, 40.0])
def test_the_shares_follow_a_beta_distribution(alpha: float) -> None:
    part = torch.linspace(0.0005, 0.9995, 1000, dtype=torch.float64)
    wanted = stats.beta(alpha, alpha).ppf(part.numpy())
    assert float(np.abs(beta_quantile(part, alpha).numpy() - wanted).max()) < 1e-3


def test_mixup_is_the_weighted_mean_rounded() -> None:
    images, partners = pictures(40), pictures(40, seed=1)
    mixed, share = mixup(images, partners, draw(40), alpha=1.0)
    weight = share.double().view(-1, 1, 1, 1)
    exact = images.double() * weight + partners.double() * (1 - weight)
    assert float((mixed.double() - exact).abs().max()) <= 0.501
    assert 0.3 < float(share.mean()) < 0.7


def test_cutmix_shares_are_shares_of_pixels() -> None:
    black, white = torch.zeros(200, 3, 16, 24, dtype=torch.uint8), torch.full((200, 3, 16, 24), 255, dtype=torch.uint8)
    mixed, share = cutmix(black, white, draw(200), alpha=1.0)
    assert torch.allclose((mixed == 0).float().mean(dim=(1, 2, 3)), share, atol=1e-6)
    assert float(share.min()) < 0.2
    assert float(share.max()) > 0.95
    for hole in mixed[:20, 0] == 255:
        if hole.any():
            box = int(hole.any(dim=1).sum()) * int(hole.any(dim=0).sum())
            assert int(hole.sum()) == box


@pytest.mark.parametrize("text", ["mixup(0.5)", "cutmix", "mixup(1) + cutmix", "crop + flip + cutmix(0.3)"])
def test_targets_are_shares_that_add_up_to_one(text: str) -> None:
    _, targets = run(text)
    assert targets.shape == (40, 5)
    assert torch.allclose(targets.sum(dim=1), torch.ones(40), atol=1e-6)
    assert float(targets.min()) >= 0
    assert int(((targets > 0).sum(dim=1) <= 2).sum()) == 40
    assert int(((targets > 0.01).sum(dim=1) == 2).sum()) > 5


def test_targets_match_the_pixels_that_are_seen() -> None:
    # Every class has its own grey, so the mean of a mixed image tells the shares.
    levels = torch.tensor([0, 200])
    labels = torch.arange(60) % 2
    images = levels[labels].to(torch.uint8).view(-1, 1, 1, 1).expand(60, *SHAPE).contiguous()
    rows = torch.arange(60)
    for text in ("mixup(1)", "cutmix(1)", "mixup(1) + cutmix(1)"):
        call = augmenter(text, seed=0, epoch=0, examples=Examples(images, labels), rows=rows, classes=2)
        mixed, targets = call(rows)
        assert torch.allclose(mixed.float().mean(dim=(1, 2, 3)), targets[:, 1] * 200, atol=0.51)


def test_partners_come_from_the_training_rows_and_look_as_they_do_themselves() -> None:
    images = pictures(40)
    examples, training = Examples(images, torch.arange(40)), torch.arange(0, 40, 4)
    call = augmenter("flip + mixup(100)", seed=0, epoch=3, examples=examples, rows=training, classes=40)
    mixed, targets = call(training)
    alone = augmenter("flip", seed=0, epoch=3, examples=examples, rows=training, classes=40)
    whole = alone(torch.arange(40))[0].double()
    assert set(targets.nonzero()[:, 1].tolist()) <= set(training.tolist())
    for picture, target in zip(mixed, targets, strict=True):
        wanted = (whole * target.double().view(-1, 1, 1, 1)).sum(dim=0)
        assert float((picture.double() - wanted).abs().max()) <= 0.51


def test_with_both_each_image_is_mixed_in_one_way() -> None:
    both, mixed, cut = (run(text, count=200)[1] for text in ("mixup(1) + cutmix(1)", "mixup(1)", "cutmix(1)"))
    as_mixup, as_cutmix = (both == mixed).all(dim=1), (both == cut).all(dim=1)
    assert bool((as_mixup | as_cutmix).all())
    assert 60 < int(as_cutmix.sum()) < 140


# Views


def test_views_are_the_image_its_mirror_and_both_shifted_by_a_pixel() -> None:
    images = pictures(5)
    frame = np.pad(images.numpy(), ((0, 0), (0, 0), (1, 1), (1, 1)), "reflect")
    shifted = [torch.from_numpy(frame[:, :, start : start + 32, start : start + 32]) for start in (0, 2)]
    wanted = [images, images.flip(-1), *(view for s in shifted for view in (s, s.flip(-1)))]
    for text, count in (("none", 1), ("flip", 2), ("flip+shift", 6), ("flip + shift", 6)):
        found = [view.change(images) for view in views(text)]
        assert len(found) == count
        assert all(torch.equal(ours, theirs) for ours, theirs in zip(found, wanted, strict=False))


def test_an_unknown_view_is_refused_with_the_nearest() -> None:
    with pytest.raises(RecipeError, match="did you mean .flip"):
        views("flp")


def test_views_of_an_odd_size_keep_their_shape() -> None:
    images = pictures(3, (1, 7, 9))
    assert all(view.change(images).shape == images.shape for view in views("flip+shift"))


def test_images_that_are_measured_can_be_changed_like_those_of_training():
    images = torch.arange(2 * 3 * 8 * 8).remainder(251).to(torch.uint8).reshape(2, 3, 8, 8)
    examples = Examples(images, torch.tensor([1, 0]))
    changed = disturbed("crop(2) + mixup", examples, torch.tensor([1]), seed=3, epoch=1)
    trained = augmenter("crop(2)", seed=3, epoch=1, examples=examples, rows=torch.arange(2), classes=2)
    assert torch.equal(changed.images, trained(torch.tensor([1]))[0])
    assert not torch.equal(changed.images, images[1:])
    assert changed.labels.tolist() == [0]
    assert len(disturbed("crop(2)", examples, None, seed=0, epoch=0)) == 2


def test_airbench_gives_the_unshifted_pair_half_of_the_weight() -> None:
    shown = views("airbench")
    assert [view.weight for view in shown] == [2, 2, 1, 1, 1, 1]
    images = pictures(3)
    for ours, theirs in zip(shown, views("flip+shift"), strict=True):
        assert torch.equal(ours.change(images), theirs.change(images))
