"""Pictures show what the records say: sizes, colours, names, captions with n, and known answers behind them."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictured import CLASSES, DATA, IMAGES, LABELS, drawn, has_colour, result, share_of_paper

from ablab.errors import DataError, InputError
from ablab.recipe import Recipe
from ablab.records import DataFacts, Machine
from ablab.report import figures
from ablab.report.figures import BAND, COLOURS
from sample_runs import sample_run

RESULT = result()
ARMS = figures.arms_of(RESULT.study, RESULT.runs)
PICTURES = np.random.default_rng(1).integers(0, 256, (IMAGES, 3, 16, 16)).astype("u1")


def texts(picture: figures.Picture) -> list[str]:
    """All that is written in a picture."""
    return [text.get_text().replace(r"\$", "$") for text in picture.figure.findobj(lambda it: hasattr(it, "get_text"))]


def test_arms_are_the_base_and_the_variants_with_their_runs_in_the_order_of_seeds():
    assert list(ARMS) == ["base", "batch norm", "crop + flip", "dropout", "wide"]
    assert all([run.spec.seed for run in runs] == [0, 1, 2, 3, 4] for runs in ARMS.values())
    assert {run.spec.recipe for run in ARMS["batch norm"]} == {RESULT.study.variants[0].recipe}


def test_effects_show_every_verdict_with_interval_and_n_over_the_band():
    picture = figures.effects(RESULT.decision.verdicts, RESULT.runs)
    image = drawn(picture)
    assert image.width == 1125
    assert 0.4 < share_of_paper(image) < 0.97
    assert has_colour(image, BAND, 1000)
    assert has_colour(image, figures.WORDS["helps"][0])
    assert has_colour(image, figures.WORDS["hurts"][0])
    written = " ".join(texts(picture))
    for verdict in RESULT.decision.verdicts:
        assert verdict.variant in written
        assert verdict.word in written
        assert f"{verdict.effect:+.2f}  ({verdict.low:+.2f} to {verdict.high:+.2f}), n = {verdict.pairs}" in written
    assert "n = 3 to 5 seed pairs" in picture.caption
    assert set(picture.runs) == {run.id for run in RESULT.runs}


def test_an_effect_without_an_interval_says_so_and_its_mark_is_empty():
    verdict = dataclasses.replace(RESULT.decision.verdicts[0], low=None, high=None, word="undecided", pairs=2)
    picture = figures.effects([verdict], RESULT.runs)
    assert any("no interval yet" in text for text in texts(picture))
    (mark,) = [line for line in picture.figure.axes[0].get_lines() if line.get_marker() == "o"]
    assert mark.get_markerfacecolor() == "white"


def test_biased_effects_are_marked_as_such():
    verdict = dataclasses.replace(RESULT.decision.verdicts[0], is_biased=True)
    picture = figures.effects([verdict], [sample_run(recipe=Recipe(select="test"))])
    assert "Biased" in picture.caption
    assert any("(biased)" in text for text in texts(picture))


def test_curves_show_the_mean_the_single_runs_and_the_selected_epochs():
    arms = {name: ARMS[name] for name in ("base", "batch norm")}
    picture = figures.curves(arms)
    first = picture.figure.axes[0]
    thick = [line for line in first.get_lines() if line.get_linewidth() == 1.8]
    assert len(thick) == 2
    runs = arms["batch norm"]
    means = [100 * np.mean([run.curve[at].val_accuracy for run in runs]) for at in range(12)]
    assert thick[1].get_ydata() == pytest.approx(means)
    assert len([line for line in first.get_lines() if line.get_linewidth() == 0.6]) == 10
    dots = [line for line in first.get_lines() if line.get_marker() == "o"]
    assert sorted(dot.get_xdata()[0] for dot in dots) == sorted(
        run.selected_epoch for some in arms.values() for run in some
    )
    image = drawn(picture)
    assert has_colour(image, COLOURS[0])
    assert has_colour(image, COLOURS[1])
    assert not has_colour(image, COLOURS[2])
    assert "n = 5 runs" in picture.caption


def test_runs_that_broke_down_are_counted_and_left_out_of_the_mean():
    made = result(breaks=(("wide", 1),))
    picture = figures.curves({"base": (), "wide": figures.arms_of(made.study, made.runs)["wide"]})
    assert "1 of 5 runs did not finish" in picture.caption
    assert "n = 4 runs" in picture.caption
    assert "wide (n = 4)" in texts(picture)
    low, high = picture.figure.axes[2].get_ylim()
    assert 0 <= low < high < 5
    drawn(picture)


def test_a_single_run_has_curves():
    picture = figures.curves({"run": (sample_run(),)})
    assert picture.runs == (sample_run().id,)
    assert "n = 1 run)" in picture.caption
    assert 0.5 < share_of_paper(drawn(picture)) < 0.99


def test_more_curves_than_can_be_told_apart_are_refused():
    many = {f"recipe {at}": (sample_run(at),) for at in range(7)}
    with pytest.raises(InputError, match="choose up to 5 variants"):
        figures.curves(many)
    with pytest.raises(InputError, match="has a curve"):
        figures.curves({"run": (sample_run(curve=()),)})


def test_confusion_shows_the_shares_and_their_difference():
    arms = {name: ARMS[name] for name in ("base", "batch norm")}
    picture = figures.confusion(arms, DATA)
    base, other, difference = (np.asarray(axes.images[0].get_array()) for axes in picture.figure.axes[:3])
    assert base.sum(1) == pytest.approx(100 * np.ones(len(CLASSES)))
    assert difference == pytest.approx(other - base)
    right = [(np.frombuffer(run.predictions, "u1") == LABELS)[LABELS == 2].mean() for run in arms["base"]]
    assert base[2][2] == pytest.approx(100 * np.mean(right))
    assert "base n = 5, batch norm n = 5" in picture.caption
    assert "not a test" in picture.caption
    assert "square $x^2$" in texts(picture)
    assert share_of_paper(drawn(picture)) < 0.9


def test_many_classes_have_a_matrix_without_names():
    k = 40
    labels = tuple(range(k)) * 5
    data = DataFacts("fingerprint", "many", tuple(f"class {at}" for at in range(k)), labels)
    picture = figures.confusion({"run": (sample_run(predictions=bytes(labels)),)}, data)
    assert "class 3" not in texts(picture)
    assert np.array_equal(picture.figure.axes[0].images[0].get_array(), 100 * np.eye(k))


def test_answers_to_other_images_are_refused():
    elsewhere = sample_run()  # of other images, by their fingerprint
    run = ARMS["base"][0]
    exploring = dataclasses.replace(run, spec=dataclasses.replace(run.spec, explores=True))
    for other in (elsewhere, exploring, dataclasses.replace(run, predictions=b"")):
        with pytest.raises(InputError, match="answers to these test images"):
            figures.confusion({"run": (other,)}, DATA)
        with pytest.raises(InputError, match="probabilities"):
            figures.most_wrong([other], DATA, 5)
    with pytest.raises(DataError, match="are not to these 300 test images"):
        figures.confusion({"run": (dataclasses.replace(run, predictions=run.predictions[:-1]),)}, DATA)


def test_cost_has_a_panel_for_everything_that_is_known():
    def panels(arms: figures.Arms) -> list[str]:
        return [axes.get_xlabel() for axes in figures.cost(arms).figure.axes]

    assert panels(ARMS) == ["seconds of training", "parameters"]
    with_macs = {
        name: [dataclasses.replace(run, cost=dataclasses.replace(run.cost, macs=10**6)) for run in runs]
        for name, runs in ARMS.items()
    }
    assert panels(with_macs) == ["seconds of training", "MACs of an image", "parameters"]
    elsewhere = Machine("bob", "cpu", 2, "fp32", "2.13.0", "3.11.7", "AVX2")
    mixed = {**ARMS, "wide": [dataclasses.replace(run, machine=elsewhere) for run in ARMS["wide"]]}
    assert panels(mixed) == ["parameters"]
    assert "Times are left out" in figures.cost(mixed).caption
    assert 0.5 < share_of_paper(drawn(figures.cost(ARMS))) < 0.97


costs = st.lists(st.tuples(st.integers(1, 20), st.integers(0, 20)), min_size=1, max_size=12)


@given(costs)
def test_nothing_beats_what_is_on_the_front_and_something_beats_the_rest(both):
    values, heights = [float(cost) for cost, _ in both], [float(height) for _, height in both]
    front = figures.pareto(values, heights)

    def is_beaten(at: int) -> bool:
        return any(
            values[by] <= values[at]
            and heights[by] >= heights[at]
            and (values[by], heights[by]) != (values[at], heights[at])
            for by in range(len(both))
        )

    assert not any(is_beaten(at) for at in front)
    on_it = {(values[at], heights[at]) for at in front}
    assert all(is_beaten(at) or (values[at], heights[at]) in on_it for at in range(len(both)))
    assert [values[at] for at in front] == sorted(values[at] for at in front)


def test_the_worst_images_are_those_that_are_most_surely_wrong():
    data = DataFacts("fingerprint", "six", ("a", "b", "c"), (0, 0, 1, 1, 2, 2))
    run = sample_run(predictions=bytes([0, 1, 1, 2, 0, 2]), certainty=bytes([255, 102, 51, 204, 255, 51]))
    found = figures.most_wrong([run], data, 10)
    assert [(one.image, one.true, one.given, round(one.probability, 2)) for one in found] == [
        (4, 2, 0, 1.0),
        (3, 1, 2, 0.8),
        (1, 0, 1, 0.4),
    ]
    assert [one.image for one in figures.most_wrong([run], data, 2)] == [4, 3]


def test_over_several_runs_a_right_answer_counts_nothing():
    data = DataFacts("fingerprint", "two", ("a", "b", "c"), (0, 1))
    sure = sample_run(0, predictions=bytes([2, 1]), certainty=bytes([255, 255]))
    also = sample_run(1, predictions=bytes([0, 2]), certainty=bytes([255, 51]))
    third = sample_run(2, predictions=bytes([2, 2]), certainty=bytes([204, 51]))
    first, second = figures.most_wrong([sure, also, third], data, 5)
    assert (first.image, first.given, first.times, first.runs) == (0, 2, 2, 3)
    assert first.probability == pytest.approx((1 + 0.8) / 3)
    assert (second.image, second.times) == (1, 2)
    assert second.probability == pytest.approx((0.2 + 0.2) / 3)


def test_a_contact_sheet_shows_the_pictures_themselves():
    picture = figures.worst(ARMS["base"], DATA, PICTURES, most=8)
    found = figures.most_wrong(ARMS["base"], DATA, 8)
    axes = picture.figure.axes
    assert len(axes) == 12
    for one, place in zip(found, axes, strict=False):
        assert np.array_equal(place.images[0].get_array(), PICTURES[one.image].transpose(1, 2, 0))
    assert not axes[8].images
    assert f"{100 * found[0].probability:.0f} %, {found[0].times} of 5" in " ".join(texts(picture))
    assert "n = 5 runs" in picture.caption
    assert share_of_paper(drawn(picture)) < 0.8


def test_grey_pictures_are_shown_and_other_channels_refused():
    drawn(figures.worst(ARMS["base"], DATA, PICTURES[:, :1], most=3))
    with pytest.raises(DataError, match="2 channels"):
        figures.worst(ARMS["base"], DATA, PICTURES[:, :2], most=3)


def test_runs_without_probabilities_or_without_mistakes_are_told_apart():
    with pytest.raises(InputError, match="probabilities"):
        figures.worst([dataclasses.replace(run, certainty=b"") for run in ARMS["base"]], DATA, PICTURES)
    perfect = dataclasses.replace(ARMS["base"][0], predictions=LABELS.astype("u1").tobytes())
    with pytest.raises(InputError, match="no test image for anything else"):
        figures.worst([perfect], DATA, PICTURES)


def test_a_biased_recipe_is_named_under_every_picture():
    run = sample_run(recipe=Recipe(select="test"), certainty=bytes([200] * 200))
    data = DataFacts("fingerprint", "five", ("a", "b", "c", "d", "e"), (0,) * 200)
    pictures = [
        figures.curves({"run": (run,)}),
        figures.cost({"run": (run,)}),
        figures.confusion({"run": (run,)}, data),
        figures.worst([run], data, PICTURES[:200]),
    ]
    assert all("Biased" in picture.caption for picture in pictures)


def test_what_explored_is_told_from_evidence():
    run = sample_run()
    exploring = dataclasses.replace(run, spec=dataclasses.replace(run.spec, explores=True))
    assert "nothing is decided" in figures.curves({"run": (exploring,)}).caption
    assert "nothing is decided" not in figures.curves({"run": (run,)}).caption


def test_a_caption_can_stand_elsewhere():
    with_it, without = (figures.curves(ARMS, has_caption=has) for has in (True, False))
    assert with_it.caption == without.caption
    assert drawn(with_it).height > drawn(without).height


@pytest.mark.parametrize("values", [[50.0, 60.0, 70.0], [0.1, 0.2, 9.0]])
def test_intervals_of_shares_stay_between_0_and_100(values):
    mean, low, high = figures.centre(values, 0.01)
    assert 0 <= low < mean < high <= 100
    assert mean == pytest.approx(np.mean(values))
    assert figures.centre(values[:1], 0.01) is None
