"""A result on the screen and in a pipe."""

from ablab.report.section import Paragraph
from ablab.report.terminal.plain import lines_of
from ablab.report.wording import wrapped

SENTENCE = "batch norm raises accuracy by 1.20 pp, and the interval of 95 % confidence excludes 0. " * 3


def test_a_sentence_is_one_line_where_no_terminal_shows_it():
    assert [*lines_of(Paragraph(SENTENCE), width=None)] == [SENTENCE, ""]


def test_a_terminal_breaks_a_sentence_between_words_and_never_before_a_unit():
    for width in range(20, 60):
        lines = wrapped(SENTENCE, width)
        assert all(len(line) <= width for line in lines)
        assert not any(line.lstrip().startswith(("%", "pp")) for line in lines)
        assert " ".join(lines) == SENTENCE.strip()
