"""The unit and the direction of figures are those of their names and values, or are asked for."""

import json

import pytest

from ablab.elsewhere.columns import table_of
from ablab.elsewhere.formats import records
from ablab.elsewhere.judge import Rule, judge
from ablab.elsewhere.scale import scale_of
from ablab.errors import InputError
from commands import ablab

SHARES = {"plain": (0.305, 0.301, 0.309, 0.305), "bn": (0.282, 0.280, 0.287, 0.279)}


def table(tmp_path, metric, sides, form="{}"):
    rows = [
        f"{name},{seed},{form.format(value)}" for name, values in sides.items() for seed, value in enumerate(values)
    ]
    (tmp_path / "r.csv").write_text("\n".join([f"model,seed,{metric}", *rows]))
    return table_of(records(tmp_path / "r.csv"), {"metric": metric})


def word(tmp_path, metric, sides, margin, **options):
    found = table(tmp_path, metric, sides)
    judged = judge(found, "plain", Rule(margin), scale_of(found, **options))
    return judged.compared[0].word, judged


@pytest.mark.parametrize(
    ("metric", "direction", "unit"),
    [
        ("val/top1_acc", "higher", "%"),
        ("epochAccuracy", "higher", "%"),
        ("error_rate", "lower", "%"),
        ("testError", "lower", "%"),
        ("val_loss", "lower", ""),
        ("mean_squared_error", "lower", ""),
        ("runtime", "lower", ""),
    ],
)
def test_the_name_of_a_figure_says_which_way_is_better_and_whether_it_is_a_share(tmp_path, metric, direction, unit):
    found = scale_of(table(tmp_path, metric, SHARES))
    assert (found.metric.direction, found.metric.unit) == (direction, unit)
    assert bool(found.remarks) == (direction == "lower")


def test_a_loss_between_1_and_100_is_no_percentage_and_has_no_usual_margin(tmp_path):
    losses = {"plain": (1.70, 1.71, 1.69, 1.72), "bn": (1.31, 1.30, 1.33, 1.29)}
    found = scale_of(table(tmp_path, "loss", losses))
    with pytest.raises(InputError, match="--margin is missing.*loss"):
        found.margin(None)
    decided, judged = word(tmp_path, "loss", losses, 0.05)
    assert decided == "helps"
    assert "pp" not in judged.compared[0].sentence
    assert any("lower is better" in remark for remark in judged.remarks)


def test_an_error_rate_stays_in_percentage_points_where_lower_is_better(tmp_path):
    for options in ({}, {"direction": "lower"}):
        decided, judged = word(tmp_path, "error_rate", SHARES, 0.5, **options)
        assert decided == "helps"
        assert judged.compared[0].effect == pytest.approx(-2.3)
        assert "-2.30 pp" in judged.compared[0].sentence
    assert word(tmp_path, "error_rate", SHARES, 0.5, direction="higher")[0] == "hurts"


def test_only_accuracies_error_rates_and_what_is_said_to_be_such_have_a_usual_margin(tmp_path):
    percents = {name: [100 * value for value in values] for name, values in SHARES.items()}
    assert scale_of(table(tmp_path, "accuracy", SHARES)).margin(None) == 0.5
    assert scale_of(table(tmp_path, "mine", percents), unit="percent").margin(None) == 0.5
    for sides in (SHARES, percents):
        with pytest.raises(InputError, match="--unit share"):
            scale_of(table(tmp_path, "mine", sides)).margin(None)
    assert any("reads them as shares" in it for it in scale_of(table(tmp_path, "mine", SHARES)).remarks)
    assert scale_of(table(tmp_path, "mine", SHARES), unit="other").metric.unit == ""


def test_figures_of_which_some_look_like_shares_and_some_like_percentages_are_refused(tmp_path):
    mixed = {"plain": (0.70, 0.71), "bn": (72.0, 71.5)}
    with pytest.raises(InputError, match=r"line 2: acc is 0.7, and .*line 4 has 72: some figures look like shares"):
        scale_of(table(tmp_path, "acc", mixed))
    assert scale_of(table(tmp_path, "acc", mixed), unit="percent").factor == 1
    assert any("caution" in remark for remark in scale_of(table(tmp_path, "score", mixed)).remarks)


def test_a_figure_with_a_percent_sign_is_a_percentage_however_small(tmp_path):
    small = {"plain": (0.9, 0.8), "bn": (0.7, 0.6)}
    found = scale_of(table(tmp_path, "rejected", small, "{} %"))
    assert (found.factor, found.metric.unit, found.margin(None)) == (1, "%", 0.5)
    (tmp_path / "r.csv").write_text("model,seed,acc\na,0,70%\nb,0,71\n")
    with pytest.raises(InputError, match='line 3: acc is 71 without "%"'):
        scale_of(table_of(records(tmp_path / "r.csv"), {}))


def test_a_unit_that_figures_cannot_have_is_refused_with_the_place(tmp_path):
    with pytest.raises(InputError, match="line 2: acc is 70, and a share is between 0 and 1"):
        scale_of(table(tmp_path, "acc", {"plain": (70, 71), "bn": (72, 73)}), unit="share")


def test_an_interval_that_shows_equality_says_that_it_has_90_percent(tmp_path):
    same = {"plain": (70.0, 71.0, 70.5, 70.2), "bn": (70.1, 71.0, 70.4, 70.2)}
    decided, judged = word(tmp_path, "acc", same, 0.5)
    assert decided == "no practical difference"
    assert judged.compared[0].level == 0.9
    assert "(90 % interval " in judged.compared[0].sentence
    assert "(95 % interval " in word(tmp_path, "error_rate", SHARES, 0.5)[1].compared[0].sentence


def test_the_command_asks_for_a_margin_that_it_cannot_know_and_gives_sentences_for_a_paper(tmp_path):
    table(tmp_path, "loss", SHARES)
    asked = ablab("verdict", "r.csv", "--metric", "loss", cwd=tmp_path)
    assert asked.returncode == 2
    assert 'there is no usual margin for "loss"' in asked.stderr
    table(tmp_path, "error_rate", SHARES)
    answer = ablab("verdict", "r.csv", "--metric", "error_rate", cwd=tmp_path)
    assert "bn helps: -2.30 pp" in answer.stdout
    assert 'base: "plain", the first variant' in answer.stdout
    assert 'next: ablab init asked --command "python train.py' in answer.stdout.replace("'", '"')
    value = json.loads(ablab("verdict", "r.csv", "--metric", "error_rate", "--json", cwd=tmp_path).stdout)
    assert (value["unit"], value["better"], value["margin"]) == ("pp", "lower", 0.5)
    text, markdown, latex = (
        ablab("verdict", "r.csv", "--metric", "error_rate", "--write", form, cwd=tmp_path).stdout
        for form in ("text", "markdown", "latex")
    )
    assert text.strip() == value["verdicts"][0]["statement"]
    assert "With bn, the mean error_rate was 28.20 % (SD 0.36), against 30.50 % (SD 0.33) with plain" in text
    assert "Lower values of error_rate are better. The variant helps" in text
    assert "error\\_rate" in markdown
    assert r"\cite{ablab}" in latex
    assert "% @misc{ablab," in latex


@pytest.mark.parametrize(("metric", "kind"), [("test_acc", "an accuracy"), ("error_rate", "an error rate")])
def test_a_slip_among_percentages_is_told_with_its_place(tmp_path, metric, kind):
    sides = {"plain": (170.0, 70.2, 70.4, 70.1), "bn": (72.0, 72.3, 72.1, 72.2)}
    with pytest.raises(InputError, match=f"line 2: {metric} is 170, which is not {kind}"):
        scale_of(table(tmp_path, metric, sides))
    assert scale_of(table(tmp_path, metric, sides), unit="other").metric.unit == ""
