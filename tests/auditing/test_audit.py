"""What published figures allow one to conclude: known judgements, statistics checked elsewhere, all kinds of tables."""

import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ablab.auditing import Audit, audit, judge
from ablab.auditing.claims import Claim, figures
from ablab.auditing.faults import inflation, is_whole
from ablab.auditing.noise import guessed_floor, spread_of, study_pairs, welch
from ablab.auditing.quantities import accuracies, count, seconds
from ablab.auditing.sentences import check
from ablab.auditing.suggest import study_text
from ablab.errors import InputError
from ablab.study import Study

PERCENT = st.integers(0, 10_000).map(lambda whole: whole / 100)


def kinds(audited: Audit) -> set[str]:
    return {fault.kind for fault in audited.faults}


def only(table: str, **options) -> Audit:
    read = figures(table, "table.csv")
    return audit(read.claims, remarks=read.remarks, **options)


def test_a_point_between_two_single_runs_is_no_verdict():
    (one,) = audit([73.20, 74.19], test_size=10_000).judgements
    assert one.word == "no verdict"
    assert one.sentence == (
        "one run each: no verdict; noise alone gives such a gap in about 52 % of repeats at a run-to-run sd of 1.1 pp"
    )
    assert [(noise.sd, round(noise.share, 2)) for noise in one.noise] == [(0.3, 0.02), (0.5, 0.16), (1.1, 0.52)]
    assert any("2 % at sd 0.3; 16 % at sd 0.5; 52 % at sd 1.1 pp" in line for line in one.arithmetic)
    assert one.error_reduction == pytest.approx(0.99 / 26.80)


@pytest.mark.parametrize("images", [5_000, 10_000, None])
def test_six_points_are_far_beyond_noise(images):
    (one,) = audit([66.14, 72.06], test_size=images).judgements
    assert one.word == "far beyond noise"


@pytest.mark.parametrize(("epochs", "parameters"), [(None, None), (30, 80_000), (3, None), (1, 2_000_000)])
def test_the_range_of_noise_is_that_of_runs_like_the_claimed_ones(epochs, parameters):
    claims = [Claim(60.0, epochs=epochs, parameters=parameters), Claim(61.0, epochs=epochs, parameters=parameters)]
    seen = spread_of(*claims)
    assert seen.low <= seen.middle <= seen.high
    assert seen.passes == {None: 5, 30: 5, 3: 2, 1: 0}[epochs]
    assert judge(*claims).noise[-1].sd == round(seen.high, 1)
    assert f"{seen.middle:.2f} pp in half of {seen.recipes} recipes" in " ".join(judge(*claims).arithmetic)


def test_short_training_is_noisier_so_its_gaps_say_less():
    short, long = (judge(Claim(40.0, epochs=n), Claim(44.0, epochs=n)) for n in (1, 30))
    assert short.noise[-1].share > 5 * long.noise[-1].share
    assert short.pairs_for_margin > long.pairs_for_margin


def test_six_points_on_few_images_are_not_far_beyond_noise():
    (one,) = audit([66.14, 72.06], test_size=200).judgements
    assert one.word == "no verdict"


def test_the_share_of_repeats_is_what_drawing_pairs_of_runs_gives():
    runs = 0.5 * np.random.default_rng(1).standard_normal((2, 400_000))
    seen = float((np.abs(runs[0] - runs[1]) >= 0.99).mean())
    noise = next(noise for noise in audit([73.20, 74.19]).judgements[0].noise if noise.sd == 0.5)
    assert noise.share == pytest.approx(seen, abs=0.002)


def test_welchs_interval_is_scipys():
    a, b = [73.1, 73.9, 72.8, 73.4, 73.0], [74.3, 75.6, 74.0]
    claims = [Claim(float(np.mean(x)), seeds=len(x), sd=float(np.std(x, ddof=1)), test_size=10_000) for x in (a, b)]
    other = stats.ttest_ind(b, a, equal_var=False)
    freedom, low, high = welch(*claims, 0.05)
    assert freedom == pytest.approx(other.df, rel=1e-9)
    assert (low, high) == pytest.approx(tuple(other.confidence_interval(0.95)), rel=1e-9)
    one = judge(*claims)
    assert (one.low, one.high, one.word) == (low, high, "undecided")


def test_several_comparisons_share_the_error():
    base, better = Claim(73.0, seeds=5, sd=0.5), Claim(73.8, seeds=5, sd=0.5)
    alone, among = judge(base, better), judge(base, better, comparisons=10)
    assert alone.word == "beyond noise"
    assert among.word == "undecided"
    assert among.low < alone.low


def test_many_equal_runs_show_that_a_difference_is_smaller_than_the_margin():
    one = judge(Claim(73.0, seeds=30, sd=0.3), Claim(73.05, seeds=30, sd=0.3))
    assert one.word == "smaller than the margin"


def test_runs_without_any_spread_still_have_an_interval():
    one = judge(Claim(73.0, seeds=3, sd=0.0, test_size=10_000), Claim(73.01, seeds=3, sd=0.0, test_size=10_000))
    assert one.low < one.difference < one.high


@pytest.mark.parametrize(("sd", "word"), [(0.3, "beyond noise"), (0.5, "no verdict")])
def test_a_spread_known_from_elsewhere_judges_single_runs(sd, word):
    one = judge(Claim(73.20, seeds=1, sd=sd), Claim(74.19, seeds=1, sd=sd))
    assert one.word == word
    assert one.high - one.difference == pytest.approx(stats.norm.ppf(0.975) * sd * math.sqrt(2))


def test_means_of_several_runs_without_their_spread_get_no_interval():
    one = judge(Claim(73.0, seeds=5), Claim(73.9, seeds=5))
    assert (one.word, one.low) == ("no verdict", None)
    single = judge(Claim(73.0), Claim(73.9))
    assert all(mean.share < alone.share for mean, alone in zip(one.noise, single.noise, strict=True))


def test_a_spread_without_the_number_of_runs_gives_no_interval_and_is_remarked_on():
    audited = audit([Claim(73.20, sd=0.1), Claim(74.19, sd=0.1)])
    assert (audited.judgements[0].word, audited.judgements[0].low) == ("no verdict", None)
    assert "standard error" in audited.remarks[0]


def test_equal_figures_are_not_called_equal_recipes():
    (one,) = audit([73.0, 73.0]).judgements
    assert one.word == "no verdict"
    assert "do not show that the recipes are equally good" in one.sentence


@settings(max_examples=60)
@given(a=PERCENT, b=PERCENT, images=st.sampled_from([None, 100, 10_000]), seeds=st.sampled_from([None, 1, 2, 10]))
def test_any_two_accuracies_give_a_judgement_that_is_json_and_mirrors(a, b, images, seeds):
    sd = 0.4 if seeds else None
    there, back = (
        audit([Claim(x, seeds=seeds, sd=sd), Claim(y, seeds=seeds, sd=sd)], test_size=images)
        for x, y in ((a, b), (b, a))
    )
    json.dumps(dataclasses.asdict(there), allow_nan=False)
    one, other = there.judgements[0], back.judgements[0]
    assert (one.word, one.difference) == (other.word, -other.difference)
    assert 0 <= one.noise[0].share <= one.noise[-1].share <= 1
    for word in ("significant", "proves", "no effect"):
        assert word not in json.dumps(dataclasses.asdict(there))


def test_the_guessed_floor_is_that_of_a_long_trained_network():
    assert guessed_floor(Claim(94.4, test_size=10_000), Claim(94.4, test_size=10_000)) == pytest.approx(0.15, abs=0.005)


def test_a_suggested_study_finds_the_gap_and_one_pair_less_would_not():
    from ablab.statistics.paired import power
    from ablab.statistics.sequential import multipliers

    pairs, is_enough = study_pairs(0.99, 0.05, 0.5)
    chances = [power(n, 0.99, math.sqrt(0.5), multipliers(3, n, 0.05)[n]) for n in (pairs - 1, pairs)]
    assert is_enough
    assert chances[0] < 0.8 <= chances[1]


# faults of method


def test_a_table_with_every_fault_shows_every_fault():
    table = """
name,accuracy,seeds,test images,params,seconds,gpu,epochs,selected,lr,trials,test augmented
plain,73.20,1,10000,1.25M,120,GTX 1080,20,test,0.1,1,yes
wide,74.19,1,5000,2.5M,98,T4,30,last,0.05,5,no
deep,73.333,1,10000,1.25M,98,T4,30,last,0.05,5,no
other,74,1,10000,1.25M,98,T4,30,last,0.05,5,no
"""
    assert kinds(only(table)) == {
        "one run each",
        "epoch chosen on the test set",
        "different rules for choosing the epoch",
        "times from different hardware",
        "unequal size",
        "unequal epochs",
        "unequal tuning",
        "test images augmented",
        "different test sets",
        "not a whole number of images",
        "several comparisons",
    }


def test_a_table_without_faults_shows_none():
    table = """
name,accuracy,sd,seeds,test images,params,seconds,gpu,epochs,selected
plain,73.20,0.3,5,10000,1.25M,120,T4,20,validation
batch norm,74.19,0.4,5,10000,1.26M,130,T4,20,validation
"""
    audited = only(table)
    assert audited.faults == audited.not_said == audited.remarks == ()
    assert not audited.needs_study


def test_an_unknown_test_size_is_a_fault_and_the_unsaid_is_listed():
    audited = audit([73.20, 74.19])
    assert kinds(audited) == {"one run each", "test size unknown"}
    assert "which epoch counts" in audited.not_said


@pytest.mark.parametrize(("epochs", "known"), [(2, 1 / math.sqrt(math.pi)), (10, 1.53875), (50, 2.24907)])
def test_the_best_of_many_epochs_is_inflated_as_order_statistics_say(epochs, known):
    assert inflation(epochs) == pytest.approx(known, abs=1e-4)


@given(images=st.integers(1, 20_000), data=st.data())
def test_every_rounded_share_of_whole_images_is_seen_as_whole(images, data):
    right = data.draw(st.integers(0, images))
    assert is_whole(round(100 * right / images, 2), images)


# sentences about percentages


@pytest.mark.parametrize(
    ("sentence", "kind", "is_fault", "said"),
    [
        (
            "47.2 % is 36 % lower than 73.8 %",
            "relative",
            False,
            "a relative difference: 36 % of 73.8 %, which is 26.6 points",
        ),
        ("75 % is 5 % higher than 70 %", "points", True, "write 5 points"),
        ("accuracy improved from 70.0 % to 75.0 % by 5 pp", "points", False, "right: 5 points"),
        ("75.2 % is 7.3 points above 70.1 %", "relative", True, "in points, it is 5.1"),
        ("92.5 % against 90 % is 25 % better", "relative error", False, "25.0 % of the 10 % that are wrong"),
        ("600 s is 30 % longer than 495 s", "none", True, "+21.2 %"),
        ("70 % is 5 points higher than 75 %", "points", True, "the direction is wrong"),
        ("On CIFAR-10, ResNet-18 drops from 82.18 % to 74.95 %, by 7.23 points", "points", False, "right: 7.23 points"),
        ("With dropout, 75.0 % is 7.1 % higher than 70.0 %", "relative", False, "5 points"),
    ],
)
def test_a_sentence_is_told_apart_into_points_and_percent(sentence, kind, is_fault, said):
    judged = check(sentence)
    assert (judged.kind, judged.is_fault) == (kind, is_fault)
    assert said in judged.says
    assert ("percent and points" in kinds(audit([], sentences=[sentence]))) == is_fault


@pytest.mark.parametrize("sentence", ["", "better", "47.2 % is lower than 73.8 %", "5 % is 5 % more than 0 %", "1 2 3"])
def test_a_sentence_without_two_levels_and_a_difference_is_an_error(sentence):
    with pytest.raises(InputError, match=r"47\.2 %|relative to 0"):
        check(sentence)


# tables and quantities


def test_markdown_and_csv_of_one_table_are_the_same_claims():
    markdown = """
# Results
| **Network** | Test-Accuracy (%) | Runs | Params | Training time | GPU |
|---|---:|:---:|---|---|---|
| **plain** | 73.20 ± 0.4 | 5 | 1.25M | 2 min 3 s | T4 |
| `batch norm` | 74.19 % | - | 1,250,000 | 1:02:03 | n/a |

| other | table |
"""
    table = """Model;ACC;seeds;sd;Parameters;seconds;hardware
plain;73,20;5;0,4;1250000;123;T4
batch norm;74,19 %;;;1_250_000;3723;
"""
    expected = (
        Claim(73.20, "plain", seeds=5, sd=0.4, parameters=1_250_000, seconds=123.0, hardware="T4"),
        Claim(74.19, "batch norm", parameters=1_250_000, seconds=3723.0),
    )
    assert figures(markdown, "table.md").claims == expected
    assert figures(table.encode("utf-8-sig"), "table.csv").claims == expected


def test_shares_are_told_from_percent_and_scale_their_spread():
    claims = figures("name,acc,std\na,0.7320,0.004\nb,.7419,0.003\n", "t.csv").claims
    assert [(claim.accuracy, claim.sd) for claim in claims] == [(73.20, 0.4), (74.19, pytest.approx(0.3))]
    assert accuracies(["0.7320", "0.7419"]) == ((73.20, None), (74.19, None))
    assert accuracies(["0.5 %", "74.19 %"]) == ((0.5, None), (74.19, None))
    assert accuracies(["73.2 ± 0.4", "74.19 (0.3)"]) == ((73.2, 0.4), (74.19, 0.3))


def test_an_unknown_column_is_remarked_on_with_what_was_meant():
    read = figures("name,accuracy,test imges,train acc\na,73,10000,99\nb,74,10000,99\n", "t.csv")
    assert 'did you mean "test images"?' in read.remarks[0]
    assert "train acc" in read.remarks[1]
    assert len(read.claims) == 2


def test_rows_without_an_accuracy_are_left_out_and_counted():
    read = figures("name,accuracy\na,73\nb,-\nc,74\n", "t.csv")
    assert [claim.name for claim in read.claims] == ["a", "c"]
    assert "1 of 3 rows" in read.remarks[0]


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("123", 123),
        ("2 min 3 s", 123),
        ("3 h 52", 13920),
        ("1h", 3600),
        ("0:02:03", 123),
        ("495 s", 495),
        ("23 min", 1380),
    ],
)
def test_a_time_is_read_as_people_write_it(text, known):
    assert seconds(text) == known


def test_a_bare_time_is_in_the_unit_of_its_column():
    (a, _) = figures("acc,time (min)\n73,18\n74,20\n", "t.csv").claims
    assert a.seconds == 1080


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "this table is empty"),
        ("name,accuracy\n", "no row has an accuracy"),
        ("name,score,top5\na,1,2\n", 'call one "accuracy".*columns found: name, score, top5'),
        ("acc\n73\n0.74\n", "is one a share"),
        ("acc\n73\n174\n", r"t\.csv:3: .*outside 0 to 100"),
        ("acc\n73\nnan\n", r"t\.csv:3: .*is not an accuracy"),
        ("acc,seeds\n73,0\n74,1\n", r"t\.csv:2: seeds = 0"),
        ("acc,seeds\n73,2.5\n74,1\n", r"t\.csv:2: seeds: .*whole number"),
        ("acc,time\n73,soon\n74,1\n", r't\.csv:2: time: "soon"'),
        ("acc,images\n73,0\n74,1\n", r"t\.csv:2: test size = 0"),
        ("name,acc\na,73,20\n", r"t\.csv:2: 3 cells below 2 columns"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"acc\n73\x00\n", "not a text file"),
        ("acc\n" + "73\n" * 500, "one audit compares at most 200"),
    ],
)
def test_a_table_that_cannot_be_read_says_where_and_what_to_write(table, said):
    with pytest.raises(InputError, match=said):
        figures(table, "t.csv")


@settings(max_examples=200)
@given(st.text(alphabet="acnme,;|\t\n\"'-:0123456789.%± hs", max_size=120))
def test_any_text_is_a_table_or_an_error_for_a_person(text):
    for content in (text, f"name,accuracy\n{text}", f"|name|accuracy|time|\n|-|-|-|\n{text}"):
        try:
            audit(figures(content, "t.csv").claims)
        except InputError as error:
            assert str(error)


@pytest.mark.parametrize(
    "claims", [[73.0], [math.nan, 73.0], [101.0, 73.0], [-1.0, 73.0], [math.inf, 73.0], []], ids=repr
)
def test_what_cannot_be_judged_is_an_error(claims):
    with pytest.raises(InputError):
        audit(claims)


@pytest.mark.parametrize("margin", [0.0, -1.0, math.nan])
def test_a_margin_of_nothing_is_an_error(margin):
    with pytest.raises(InputError, match="margin"):
        audit([73.0, 74.0], margin=margin)


def test_counts_have_units():
    assert [count(text, "n") for text in ("1.25M", "36.2 m", "10,000", "150k", "10000")] == [
        1_250_000,
        36_200_000,
        10_000,
        150_000,
        10_000,
    ]


# the study that would settle it


def test_the_suggested_study_is_a_study_that_asks_about_the_published_change():
    audited = audit([Claim(73.20, "plain", epochs=20), Claim(74.19, 'batch "norm"', epochs=20)], test_size=10_000)
    study = Study.from_toml(study_text(audited, {"model": "cnn3"}, ["norm=batch"]))
    assert (study.base.model, study.base.epochs, study.base.data) == ("cnn3", 20, "cifar10")
    assert [(variant.name, variant.change) for variant in study.variants] == [('batch "norm"', "norm=batch")]
    assert study.rule.seeds == (3, study_pairs(0.99, 0.05, 1.1)[0])


def test_figures_without_names_give_variants_the_words_of_their_change():
    study = Study.from_toml(study_text(audit([73.20, 74.19]), {"model": "cnn3"}, ["norm=batch"]))
    assert study.variants[0].name == "norm=batch"


@pytest.mark.slow
@given(names=st.lists(st.text(max_size=30), min_size=2, max_size=2))
@settings(max_examples=50)
def test_whatever_the_names_the_template_is_a_study(names):
    audited = audit([Claim(73.20, names[0]), Claim(74.19, names[1])])
    assert Study.from_toml(study_text(audited)).base.model == "simple-nn"
