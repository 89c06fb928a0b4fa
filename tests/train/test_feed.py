"""What a card is fed, held without a card: nothing waits for it in an epoch, and little is sent."""

import pytest
import torch

from ablab.data.augment import augmenter, disturbed
from ablab.data.augment.cut import Cutter
from ablab.data.dataset import Examples
from ablab.train.device import choose_hardware
from ablab.train.feed import fed, resident, together
from fake_gpu import CARD, Border, card

ROWS = torch.arange(40)
SIZES = [16, 16, 8]


def examples(device=None):
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (40, 3, 16, 16), dtype=torch.uint8, generator=generator)
    labels = torch.randint(0, 4, (40,), generator=generator)
    return Examples(images.to(device), labels.to(device))


def augment_on(part, text, device=None):
    return augmenter(text, seed=3, epoch=1, examples=part, rows=ROWS.to(device), classes=4)


SIMPLE = ["crop(2) + flip", "translate + cutout", "rotate(10) + vflip", "jitter", "crop(2, mode=reflect)"]


@pytest.mark.parametrize("text", SIMPLE)
def test_an_epoch_on_a_card_waits_for_nothing_and_sends_one_column_for_each_draw(text):
    with card(), Border() as border:
        part = examples(CARD)
        augment = augment_on(part, text, CARD)
        batches = torch.split(ROWS.to(CARD), SIZES)
        border.counts.clear()
        seen = list(fed(augment, batches, 3 * 16 * 16))
    assert [images.shape[0] for images, _ in seen] == SIZES
    assert all(images.device == targets.device == CARD for images, targets in seen)
    assert border.counts["waits"] == 0
    assert border.counts["sent"] == sum(len(table.columns) for table in augment.numbers.values()) > 0


def test_cuts_of_an_epoch_are_those_of_its_batches():
    batches = list(torch.split(ROWS, SIZES))
    cutter = Cutter(augment_on(examples(), "crop(2) + flip"))
    for (images, targets), rows in zip(fed(cutter, batches, 3 * 16 * 16), batches, strict=True):
        alone, labels = cutter(rows)
        assert torch.equal(images.images(), alone.images())
        assert torch.equal(targets, labels)


def test_the_border_counts_what_is_read_from_a_card():
    with card(), Border() as border:
        torch.zeros(3, device=CARD).cpu()
    assert border.counts["sent"] == 1


def test_an_operation_that_forgot_the_card_fails_on_it():
    with card(), pytest.raises(RuntimeError, match="at least two devices"):
        torch.zeros(3, device=CARD) + torch.arange(3)


@pytest.mark.parametrize("text", ["crop(2) + flip", "trivialaugment", "randaugment", "mixup + cutmix", "jitter"])
def test_images_that_are_changed_together_look_as_they_do_in_their_batches(text):
    part = examples()
    alone = [augment_on(part, text)(rows) for rows in torch.split(ROWS, SIZES)]
    images, targets = augment_on(part, text)(ROWS)
    assert torch.equal(torch.cat([one for one, _ in alone]), images)
    assert torch.equal(torch.cat([one for _, one in alone]), targets)


def test_images_that_are_measured_can_be_changed_on_a_card():
    with card():
        assert disturbed("crop(2) + flip", examples(CARD), None, seed=0, epoch=0).images.device == CARD


def test_a_cpu_is_fed_the_batches_as_they_come_from_the_data_as_they_are():
    part = examples()
    assert resident(part, choose_hardware("fp32", device="cpu")) is part
    asked = []

    def augment(rows):
        asked.append(rows)
        return rows, rows

    assert len(list(fed(augment, torch.split(ROWS, SIZES), 1))) == len(asked) == 3


@pytest.mark.parametrize(("most", "groups"), [(1, [1, 1, 1]), (32, [2, 1]), (39, [2, 1]), (40, [3])])
def test_batches_go_together_up_to_a_number_of_images(most, groups):
    assert [len(some) for some in together(torch.split(ROWS, SIZES), most)] == groups
