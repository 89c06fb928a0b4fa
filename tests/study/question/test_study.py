"""A study is read from TOML; all that is wrong with it is said at once, with its place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablab.errors import StudyError
from ablab.recipe import Recipe
from ablab.study import Rule, Study, Variant

TEXT = """question = "Does batch norm help?"
model = "simple-nn"
epochs = 3

[variants]
"batch norm" = "norm=batch"
"slow" = "lr=0.01 epochs=6"

[decide]
margin = 0.4
confidence = 0.9
seeds = "4..12"
"""


def faults(text: str | bytes) -> str:
    with pytest.raises(StudyError) as caught:
        Study.from_toml(text, "some/study.toml")
    return str(caught.value)


def test_a_study_has_a_base_variants_in_the_words_of_the_command_line_and_a_rule():
    study = Study.from_toml(TEXT, "some/study.toml")
    base = Recipe.of({"model": "simple-nn", "epochs": 3})
    assert (study.name, study.question, study.base) == ("study", "Does batch norm help?", base)
    assert study.variants == (
        Variant("batch norm", base.with_("norm=batch"), "norm=batch"),
        Variant("slow", base.with_("lr=0.01 epochs=6"), "lr=0.01 epochs=6"),
    )
    assert study.rule == Rule("accuracy", 0.4, 0.9, (4, 12))
    assert study.recipes == (base, *(variant.recipe for variant in study.variants))


def test_what_is_not_said_is_at_its_default():
    study = Study.from_toml('question = "?"\n[variants]\na = "norm=batch"\n')
    assert study.rule == Rule("accuracy", 0.5, 0.95, (3, 10))
    assert study.base == Recipe()


def test_a_grid_gives_every_combination_but_the_base():
    study = Study.from_toml('question = "?"\n[grid]\nnorm = ["none", "batch"]\nlr = [0.05, 0.1]\n')
    assert [variant.change for variant in study.variants] == [
        "norm=none lr=0.1",
        "norm=batch lr=0.05",
        "norm=batch lr=0.1",
    ]


@pytest.mark.parametrize(
    ("change", "place", "message"),
    [
        (("epochs = 3", "epoch = 3"), "some/study.toml:3", 'did you mean "epochs"'),
        (("epochs = 3", "epochs = 3.5"), "some/study.toml:3", "epochs = 3.5"),
        (("epochs = 3", "epochs = true"), "some/study.toml:3", "epochs"),
        (("epochs = 3", 'epochs = "3"'), "some/study.toml:3", "epochs"),
        (("epochs = 3", "epochs = -1"), "some/study.toml:3", "greater than"),
        (('"simple-nn"', '"simple-n"'), "some/study.toml:2", 'did you mean "simple-nn"'),
        (("norm=batch", "nrom=batch"), "some/study.toml:6", 'did you mean "norm"'),
        (("norm=batch", "norm batch"), "some/study.toml:6", ""),
        (('"norm=batch"', "3"), "some/study.toml:6", "write a variant as text"),
        (("norm=batch", "norm=none"), "some/study.toml:6", "changes nothing"),
        (("norm=batch", "epochs=6 lr=0.01"), "some/study.toml:7", "are the same recipe"),
        (("norm=batch", "data=cifar10"), "some/study.toml:6", "same test images"),
        (("norm=batch", "norm=batch select=test"), "some/study.toml:6", "select=test inflates accuracy"),
        (('"slow"', '"Batch Norm"'), "some/study.toml:7", "look the same"),
        (('"slow"', '"base"'), "some/study.toml:7", "another name"),
        (('"slow"', '""'), "some/study.toml:7", "needs a name"),
        (('"slow"', '"\\u202Eslow"'), "some/study.toml:7", "invisible characters"),
        (("[variants]", "[variant]"), "some/study.toml", 'did you mean "variants"'),
        (("[decide]", "[decides]"), "some/study.toml:9", 'did you mean "decide"'),
        (("margin", "margn"), "some/study.toml:10", 'did you mean "margin"'),
        (("margin = 0.4", "margin = -1"), "some/study.toml:10", "margin = -1"),
        (("margin = 0.4", "margin = nan"), "some/study.toml:10", "margin = nan"),
        (("margin = 0.4", "target = [60, 100]"), "some/study.toml:10", "target = [60, 100]"),
        (("margin = 0.4", "target = '65'"), "some/study.toml:10", "such as 65, or [60, 65, 70]"),
        (("0.9", "95"), "some/study.toml:11", "did you mean 0.95"),
        (('"4..12"', '"12..4"'), "some/study.toml:12", "is backwards"),
        (('"4..12"', '"1..4"'), "some/study.toml:12", "one seed never gives a verdict"),
        (('"4..12"', '"2..4"'), "some/study.toml:12", "two seeds never give a verdict"),
        (('"4..12"', '"few"'), "some/study.toml:12", "seeds"),
        (('question = "Does batch norm help?"\n', ""), "some/study.toml", "the question is missing"),
        (('"batch norm" = "norm=batch"\n"slow" = "lr=0.01 epochs=6"\n', ""), "some/study.toml", "nothing to compare"),
    ],
)
def test_a_fault_is_told_with_file_line_and_what_to_write(change, place, message):
    text = TEXT.replace(*change)
    assert text != TEXT
    found = faults(text)
    assert place in found
    assert message in found


def test_all_faults_are_told_at_once_up_to_a_readable_number():
    found = faults(TEXT.replace("epochs = 3", "epoch = 3").replace("margin", "margn").replace("norm=batch", "nrm=b"))
    assert [f":{line}: " in found for line in (3, 6, 10)] == [True] * 3
    many = 'question = "?"\n' + "\n".join(f"wrong{n} = 1" for n in range(500)) + '\n[variants]\na = "norm=batch"\n'
    assert "and 480 more like these" in faults(many)
    assert len(faults(many).splitlines()) < 100


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("model = simple-nn\n", "some/study.toml:1:9"),
        ('question = "?\nmodel = "simple-nn"\n', "some/study.toml:1"),
        ("[variants\n", "some/study.toml:1"),
        ('a = 1\na = "2"\n', "some/study.toml:2"),
        (f"a = 1\nepochs = 0x{'f' * 60_000}\n", "some/study.toml:2:9: this number has too many digits"),
        (f"a = 1\nb = [[{'9' * 60_000}]]\n", "some/study.toml:2:4: this number has too many digits"),
        (b'question = "\xff"\n', "some/study.toml"),
        (b"\x00\x01\x02", "some/study.toml"),
        ("", "some/study.toml"),
    ],
)
def test_what_is_no_toml_is_told_with_line_and_column(text, place):
    assert place in faults(text)


def test_what_is_no_toml_is_a_fault_as_data_too():
    with pytest.raises(StudyError) as caught:
        Study.from_toml("model = simple-nn\n")
    (fault,) = caught.value.faults
    assert (fault.message, fault.near) == ("text needs quotes", "simple-nn")
    assert fault.hint == 'write: model = "simple-nn"'


def test_windows_line_ends_and_byte_order_marks_do_no_harm():
    study = Study.from_toml(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert study.recipes == Study.from_toml(TEXT).recipes


def test_a_study_of_too_many_variants_is_refused():
    lines = "\n".join(f'v{n} = "lr=0.{n:03}1"' for n in range(1, 300))
    assert "one study compares at most 200" in faults(f'question = "?"\n[variants]\n{lines}\n')
    assert "a grid of 1,000,000 cells" in faults(
        'question = "?"\n[grid]\n' + "".join(f"{key} = {list(range(1, 101))}\n" for key in ("epochs", "batch", "size"))
    )


@pytest.mark.slow
@settings(max_examples=300)
@given(st.data())
def test_a_changed_file_is_a_study_or_one_error_and_nothing_else(data):
    text = TEXT
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 12))
        text = text[:at] + data.draw(st.text(max_size=8)) + text[at + length :]
    try:
        study = Study.from_toml(text.encode("utf-8", "surrogatepass"))
    except StudyError as error:
        assert str(error).strip()
    else:
        assert study.question
        assert study.variants


def test_a_study_made_in_python_is_checked_like_one_that_is_read():
    base = Recipe()
    with pytest.raises(StudyError, match="nothing to compare"):
        Study("?", base, ())
    with pytest.raises(StudyError, match="changes nothing"):
        Study("?", base, (Variant("v", base, ""),))
    with pytest.raises(StudyError, match="two seeds never give a verdict"):
        Rule(seeds=(2, 2))
