"""The page says what the verdicts say, is the same for the same runs, asks for nothing, and shows any text as text."""

import base64
import dataclasses
import hashlib
import json
import random
import re
from html.parser import HTMLParser

import pytest
from detailed import detailed, pictures
from hostile import HOSTILE, hostile_page
from simulated import MACHINE, TEXT, result, simulate, study

from ablab.report.page import page
from ablab.study import Study, decide, plan
from ablab.study.verdict import signed

VOID = {"meta", "br", "img", "link", "input", "hr"}


class Reader(HTMLParser):
    """Elements with their attributes, the text, and whether every element is closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("td", "th", "dd"):
            self.words.append(" ")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


@pytest.fixture(scope="module")
def known() -> tuple[Study, str, Reader]:
    it = study()
    _, runs, verdicts = simulate(it)
    html = page(result(it, runs, verdicts))
    return it, html, Reader(html)


def test_the_page_begins_as_html_and_closes_all_that_it_opens(known: tuple[Study, str, Reader]) -> None:
    _, html, reader = known
    assert html.startswith("<!doctype html>")
    assert reader.open == []


def test_question_sentences_and_numbers_are_those_of_the_verdicts(known: tuple[Study, str, Reader]) -> None:
    it, _, reader = known
    _, _, verdicts = simulate(it)
    assert [tag for tag, _ in reader.elements].count("h1") == 1
    assert it.question in reader.text
    assert {verdict.word for verdict in verdicts} >= {"helps", "hurts"}
    for verdict in verdicts:
        assert verdict.effect is not None
        assert verdict.low is not None
        assert verdict.high is not None
        assert verdict.sentence in reader.text
        ends = f"{signed(verdict.low)} to {signed(verdict.high)}"
        assert reader.text.count(f"{signed(verdict.effect)} {ends}") == 2  # in the chart and in the table
        assert verdict.change in reader.text


def test_every_run_is_in_the_table_with_its_accuracy(known: tuple[Study, str, Reader]) -> None:
    it, html, reader = known
    _, runs, _ = simulate(it)
    for run in runs:
        assert run.test
        assert html.count(f">{run.id}</code>") == 1
        assert f"{100 * run.test.accuracy:.2f}" in reader.text


def test_recipes_rule_and_commands_are_there(known: tuple[Study, str, Reader]) -> None:
    it, _, reader = known
    planned = plan(it, "0123456789ab")
    for word in ("ablab run studies/quickstart.toml", planned.hash, it.base.hash, 'optimizer = "sgd(momentum=0.9)"'):
        assert word in reader.text
    assert "norm none batch" in reader.text
    assert "margin 1.00 points, confidence 95 % for all 4 comparisons together, 3 seeds at first and 5" in reader.text


def test_the_same_runs_in_any_order_give_the_same_bytes(known: tuple[Study, str, Reader]) -> None:
    it, html, _ = known
    _, runs, verdicts = simulate(it)
    shuffled = list(runs)
    random.Random(1).shuffle(shuffled)
    assert page(result(it, [*shuffled, shuffled[0]], verdicts)) == html


def test_the_page_asks_for_nothing_and_runs_one_script(known: tuple[Study, str, Reader]) -> None:
    _, html, reader = known
    assert not {tag for tag, _ in reader.elements} & {"link", "img", "iframe", "object", "base", "form"}
    scripts = [attributes for tag, attributes in reader.elements if tag == "script"]
    assert [one.get("type") for one in scripts] == ["application/json", "application/json", None]
    for _, attributes in reader.elements:
        assert not {"src", "srcset", "style"} & set(attributes)
        assert (attributes.get("href") or "#").startswith("#")
        assert not [key for key in attributes if key.startswith("on")]
    assert not re.search(r"https?:|//\w|@import|url\(", html)


def test_the_policy_allows_the_one_style_sheet_the_one_script_and_pictures_that_are_here(
    known: tuple[Study, str, Reader],
) -> None:
    _, html, reader = known
    policy = next(a["content"] for tag, a in reader.elements if a.get("http-equiv") == "Content-Security-Policy")
    style, script = (
        base64.b64encode(hashlib.sha256(html.split(f"<{tag}>")[1].split(f"</{tag}>")[0].encode()).digest()).decode()
        for tag in ("style", "script")
    )
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


@pytest.mark.slow
def test_hostile_text_is_shown_as_typed_and_makes_no_element() -> None:
    html = hostile_page()
    reader = Reader(html)
    it, runs, verdicts, data = detailed()
    usual = Reader(page(result(it, runs, verdicts, data=data), pictures()))
    # those of warnings and of the section on a published report, which this usual study has not
    assert {tag for tag, _ in reader.elements} <= {tag for tag, _ in usual.elements} | {"q", "strong"}
    for name in HOSTILE:
        assert name in reader.text
    assert not [key for _, attributes in reader.elements for key in attributes if key.startswith("on")]


def test_characters_that_turn_or_hide_text_are_spelled_out_and_the_page_can_be_written() -> None:
    html = hostile_page()
    html.encode("utf-8")
    assert "\\u202eabc" in html
    assert "\\u001b[31m\\ud800" in html
    assert not set(html) & {"\u202e", "\x1b"}


def test_a_study_without_runs_says_so_and_how_to_start() -> None:
    it = study()
    reader = Reader(page(result(it, (), decide(plan(it, "ab"), ()).verdicts)))
    assert "There are no runs yet." in reader.text
    assert "ablab run studies/quickstart.toml" in reader.text
    assert "no interval yet" in reader.text
    assert Reader(page(result(it, (), ()))).open == []


def test_runs_of_one_epoch_are_dots() -> None:
    it = study(epochs=1)
    _, runs, verdicts = simulate(it)
    reader = Reader(page(result(it, runs, verdicts)))
    assert [a for tag, a in reader.elements if tag == "circle" and "dot mean" in (a.get("class") or "")]


def test_runs_that_broke_are_named_counted_and_keep_nan_out_of_the_page() -> None:
    it = study()
    _, runs, verdicts = simulate(it, breaks=(("wide", 1), ("base", 4)))
    html = page(result(it, runs, verdicts))
    assert "2 diverged, of 25 runs" in html
    assert html.count("loss became inf at step 211") == 2
    without_notes = html.replace("loss became inf", "")
    assert not re.search(r"\b(nan|inf)\b", without_notes, re.IGNORECASE)


def test_biased_selection_is_said_before_the_figures() -> None:
    it = study(text='select = "test"\n' + TEXT)
    _, runs, verdicts = simulate(it)
    text = Reader(page(result(it, runs, verdicts))).text
    assert text.index("Biased selection:") < text.index("How to read this")


def test_other_machines_and_versions_are_warned_of() -> None:
    it = study()
    _, runs, verdicts = simulate(it)
    assert "Times not comparable" not in page(result(it, runs, verdicts))
    other = dataclasses.replace(MACHINE, name="bob", torch="2.7.0")
    html = page(result(it, [dataclasses.replace(runs[0], machine=other), *runs[1:]], verdicts))
    assert "Times not comparable" in html
    assert "Mixed versions" in html


def test_pairs_of_two_kinds_of_hardware_are_warned_of() -> None:
    it = study()
    _, runs, verdicts = simulate(it)
    assert "Mixed pairs" not in page(result(it, runs, verdicts))
    moved = [dataclasses.replace(run, machine=dataclasses.replace(MACHINE, device="cuda")) for run in runs]
    assert "Mixed pairs" not in page(result(it, moved, verdicts))
    html = page(result(it, [runs[0], *moved[1:]], verdicts))
    assert f"in 1 of {verdicts[0].pairs} pairs of {verdicts[0].variant}" in html
    assert "(cpu in fp32, cuda in fp32)" in html


def test_one_seed_is_called_too_few() -> None:
    it = study()
    planned, runs, _ = simulate(it)
    first = [run for run in runs if run.spec.seed == 0]
    html = page(result(it, first, decide(planned, first).verdicts))
    assert "One seed cannot show the size of the noise: an effect needs 3 pairs" in html


def test_a_verdict_that_holds_for_these_images_alone_is_warned_of() -> None:
    it = study()
    _, runs, verdicts = simulate(it)
    narrow = dataclasses.replace(verdicts[0], is_of_this_test_set=True, wide_low=-0.5, wide_high=9.25)
    html = page(result(it, runs, [narrow, *verdicts[1:]]))
    assert "On this test set only" in html
    assert "-0.50 to +9.25" in html


@pytest.mark.slow
def test_large_studies_stay_below_three_megabytes_and_say_what_is_left_out() -> None:
    grid = TEXT.split("[variants]")[0] + "[grid]\nlr = [" + ", ".join(f"{i / 1000}" for i in range(1, 101)) + "]\n"
    it = study(epochs=200, text=grid + '[decide]\nseeds = "3..5"\n')
    _, runs, verdicts = simulate(it, gains={})
    html = page(result(it, runs, verdicts))
    assert len(html.encode()) < 3_000_000
    assert "There are too many runs to draw each" in html
    assert "Not drawn, because the report would become too large" in html


@pytest.mark.slow
def test_many_variants_with_answers_and_pictures_stay_below_three_megabytes() -> None:
    grid = TEXT.split("[variants]")[0] + "[grid]\nlr = [" + ", ".join(f"{i / 1000}" for i in range(1, 101)) + "]\n"
    it = study(epochs=100, text=grid + '[decide]\nseeds = "3..3"\n')
    it, runs, verdicts, data = detailed(it, gains={})
    html = page(result(it, runs, verdicts, data=data), pictures())
    assert len(html.encode()) < 3_000_000


def test_the_detailed_page_is_the_same_for_the_same_runs_in_any_order() -> None:
    it, runs, verdicts, data = detailed()
    shuffled = list(runs)
    random.Random(2).shuffle(shuffled)
    one, other = (page(result(it, some, verdicts, data=data), pictures()) for some in (runs, shuffled))
    assert one == other
    assert Reader(one).open == []


@pytest.mark.parametrize(
    ("line", "headline"),
    [
        ('select = "test"', "Biased selection:"),
        ('tta = "augment"', "Augmented test images:"),
        ('model = "cnn2"\noutput = "softmax"', "Softmax before the loss:"),
    ],
)
def test_faults_of_method_are_said_before_the_figures(line: str, headline: str) -> None:
    it = study(text=f"{line}\n" + (TEXT.replace('model = "simple-nn"\n', "") if "model" in line else TEXT))
    _, runs, verdicts = simulate(it)
    text = Reader(page(result(it, runs, verdicts))).text
    assert 0 < text.index(headline) < text.index("How to read this")


def test_runs_without_a_plan_are_said_to_be_older_than_this_one() -> None:
    it, runs, verdicts, data = detailed()
    assert "Trained before this plan" not in page(result(it, runs, verdicts, data=data))
    some = [dataclasses.replace(run, plan="") for run in runs[:3]] + list(runs[3:])
    assert "3 of 25 runs were trained before this plan was made" in page(result(it, some, verdicts, data=data))


def test_runs_that_explore_are_said_to() -> None:
    it, runs, verdicts, data = detailed()
    some = [dataclasses.replace(run, spec=dataclasses.replace(run.spec, explores=True)) for run in runs]
    html = page(result(it, some, verdicts, data=data), pictures())
    assert "Exploring:" in html
    assert plan(it, data.fingerprint, explores=True).hash in html
    assert "Misclassified images" not in html


def test_the_target_of_learning_speed_is_said_with_where_it_comes_from() -> None:
    it, runs, verdicts, data = detailed()
    aimed = dataclasses.replace(it, rule=dataclasses.replace(it.rule, target=(40,)))
    text = Reader(page(result(aimed, runs, verdicts, data=data))).text
    assert "Learning speed is the time to 40 % validation accuracy, the target of the study." in text
    assert "ablab set this target after the runs" in Reader(page(result(it, runs, verdicts, data=data))).text


def test_every_figure_says_how_to_read_it_and_has_its_data(known: tuple[Study, str, Reader]) -> None:
    it, runs, verdicts, data = detailed()
    html = page(result(it, runs, verdicts, data=data), pictures())
    names = re.findall(r'<figure[^>]* data-figure="([^"]+)"', html)
    assert len(names) == html.count("<figure") >= 10
    sheets = json.loads(html.split('id="ablab-figures">')[1].split("</script>")[0])["figures"]
    assert set(names) <= set(sheets)
    for figure in html.split("<figure")[1:]:
        assert "How to read this" in figure.split("</section>")[0]


def test_the_page_never_calls_anything_significant() -> None:
    it, runs, verdicts, data = detailed()
    assert "significant" not in page(result(it, runs, verdicts, data=data), pictures()).lower()


def test_every_link_leads_to_a_section_of_the_page(known: tuple[Study, str, Reader]) -> None:
    _, _, reader = known
    links = [attributes["href"] for _, attributes in reader.elements if "href" in attributes]
    assert len(links) >= 7
    assert {str(link)[1:] for link in links} <= {attributes.get("id") for _, attributes in reader.elements}


def test_costs_are_set_beside_those_of_the_base() -> None:
    it, runs, verdicts, data = detailed()
    text = Reader(page(result(it, runs, verdicts, data=data))).text
    assert "wide 324,754 (3.96×) 1,922,832 (2.68×)" in text
    assert "dropout 82,030 716,328" in text
