"""Published reports beside ours: their claims, figures and counts as sections that page and papers arrange."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ablab.nouns import counted
from ablab.replication.answer import Answer, answers
from ablab.replication.evidence import Repeated, of_study
from ablab.replication.published_report import IMAGES, PublishedReport
from ablab.report.replication.tables import claims_table, counts_table, figures_table
from ablab.report.section import Paragraph, Section, Terms

RULE = (
    "A claim about a difference is confirmed where the 95 % interval of the difference lies wholly on the claimed side "
    "of zero, and refuted where it lies wholly on the other side, or within the margin of no practical difference (one "
    "point of accuracy, 0.05 of a loss, a tenth of a time). A claim that two things are equal is confirmed within that "
    "margin, and refuted where the interval lies wholly beyond it. Claims about parameters and operations are "
    "computed. The table leaves out networks that have hardly learned: those below twice chance, or more than five "
    "points below the accuracy that the report gives for the base."
)


def screen(reports: Sequence[PublishedReport], repeated: Sequence[Repeated]) -> tuple[Section, ...]:
    """Every claim, every figure and every count of some reports: a row each."""
    return _rows(reports, {report.letter: answers(report, repeated) for report in reports}, repeated)


def _rows(
    reports: Sequence[PublishedReport], answered: Mapping[str, Sequence[Answer]], repeated: Sequence[Repeated]
) -> tuple[Section, ...]:
    return (
        Section("summary", "", (Paragraph(_summary([one for each in answered.values() for one in each])),)),
        Section("claims", "The result for each claim", (claims_table(answered), Paragraph(RULE, "small"))),
        Section("figures", "Their figures beside ours", (figures_table(reports, repeated),)),
        Section("counts", "Parameters", (counts_table(reports),)),
    )


def of_report(report: PublishedReport, repeated: Sequence[Repeated]) -> tuple[Section, ...]:
    """The same for one report, with what its method was and what is known to be wrong with it."""
    about = {
        "course": report.course,
        "date": report.date,
        "method": report.setup,
        "not stated": report.unknown,
        "accuracies are of": IMAGES[report.images] or "validation images",
    }
    answered = answers(report, repeated)
    opening, *rest = _rows([report], {report.letter: answered}, repeated)
    method = Section("method", "How the report measured", (Terms(tuple(about.items())), *_faults(report, repeated)))
    words = tuple(Paragraph(sentence(one), lead=f"{one.claim.name}. {one.claim.text}") for one in answered)
    return opening, *rest, Section("sentences", "The claims in words", words), method


def _summary(answered: Sequence[Answer]) -> str:
    words = [one.word for one in answered]
    counts = [f"{words.count(word)} {word}" for word in dict.fromkeys(sorted(words))]
    return f"{counted(len(answered), 'claim')}: {', '.join(counts)}."


def sentence(one: Answer) -> str:
    """What became of a claim, in words that can stand in a text.

    >>> from ablab.replication.published_report import Claim
    >>> sentence(Answer(Claim("X", "It helps."), "not run", remark="ablab run study.toml"))
    'Not run; ablab run study.toml.'
    """
    parts = [one.word.capitalize()]
    if one.ours:
        runs = counted(one.pairs, "run") if one.claim.value is not None else f"{counted(one.pairs, 'pair')} of runs"
        seeds = f" ({runs}, {one.size})" if one.pairs else ""
        parts[0] += f": {one.ours}{seeds}"
    if one.effect is not None and one.claim.value is None:
        shown = f"{one.effect.mean:.2f} times" if one.unit == "times" else f"{one.effect.mean:+.2f} {one.unit}".rstrip()
        parts.append(f"a difference of {shown}, 95 % interval {one.effect.low:.2f} to {one.effect.high:.2f}")
    if one.claim.theirs:
        parts.append(f"the report has {one.claim.theirs}")
    if one.remark:
        parts.append(one.remark.rstrip("."))
    if one.size and not one.is_full and one.size != "computed":
        parts.append("shortened")
    return "; ".join(parts) + "."


def _faults(report: PublishedReport, repeated: Sequence[Repeated]) -> Iterator[Paragraph]:
    """Every fault of the report's method once, with the studies that it weakens."""
    where: dict[str, list[str]] = {}
    for name in report.studies:
        there = of_study(repeated, name)
        told = there.studies[0].published if there else None
        for fault in told.faults if told else ():
            where.setdefault(fault, []).append(name)
    for fault, names in where.items():
        yield Paragraph(f"{fault} ({', '.join(names)})")
