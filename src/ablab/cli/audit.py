"""Judge published accuracies: show what follows from them, and which faults of method they reveal"""

from __future__ import annotations

import shlex
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ablab.cli.shared import json_option, recipe_words, say
from ablab.errors import InputError, unopened

if TYPE_CHECKING:
    from collections.abc import Callable

    from ablab.auditing import Audit, Judgement
    from ablab.auditing.claims import Claim

GROUP = "Ask"
EXAMPLES = (
    "ablab audit 73.20 74.19 --test-size 10000",
    "ablab audit table.csv",
)

WIDTH = 118
MOST_ADVICE = 6
TABLES = {".csv", ".tsv", ".md", ".markdown", ".txt"}
LISTS = ("names", "seeds", "sd", "params", "seconds", "hardware", "epochs", "selected_on")
ALIKE = ("seeds", "sd", "hardware", "epochs", "selected_on")  # one value may stand for all


@click.command(help=__doc__)
@click.argument("words", nargs=-1, metavar="ACCURACY ACCURACY... | TABLE")
@click.option("--test-size", metavar="N", help="Give the number of test images: 10000 or 10k.")
@click.option("--seeds", metavar="N[,N]", help="Give the number of runs behind each accuracy.")
@click.option("--sd", metavar="PP[,PP]", help="Give the standard deviation between runs, in points.")
@click.option("--names", metavar="A,B", help="Name the accuracies, the base first.")
@click.option("--params", metavar="N,N", help="Give the parameter counts: 1.25M,1.25M.")
@click.option("--seconds", metavar="T,T", help='Give the training times: 120,98 or "2 min 3 s,98".')
@click.option("--hardware", metavar="A,B", help='Give the hardware: "GTX 1080,T4".')
@click.option("--epochs", metavar="N[,N]", help="Give the number of training epochs.")
@click.option("--selected-on", metavar="RULE[,RULE]", help="Say how the epoch was chosen: test, validation or last.")
@click.option("--test-augmented", is_flag=True, help="Say that the test images were augmented, as well.")
@click.option("--claim", "sentences", multiple=True, metavar="TEXT", help="Check this sentence about percentages.")
@click.option(
    "--margin", type=float, default=0.5, show_default=True, help="Set the smallest effect worth having, in points."
)
@click.option(
    "--write-study",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a study that would settle the question to this file.",
)
@click.option("--model", metavar="'MODEL [key=value]...'", help="Use this base recipe for that study.")
@click.option(
    "--vs",
    "changes",
    multiple=True,
    metavar="'key=value...'",
    help="Compare with this change in that study (may be repeated).",
)
@json_option
def command(
    words: tuple[str, ...],
    test_size: str | None,
    test_augmented: bool,
    sentences: tuple[str, ...],
    margin: float,
    write_study: Path | None,
    model: str | None,
    changes: tuple[str, ...],
    as_json: bool,
    **lists: str | None,
) -> None:
    from ablab.auditing import audit
    from ablab.auditing.quantities import count

    size = count(test_size, "--test-size") if test_size is not None else None
    if size is not None and size < 1:
        raise InputError(f"--test-size {test_size}: give the number of test images, such as 10000")
    if (model or changes) and not write_study:
        raise InputError("--model and --vs describe a study: add --write-study study.toml")
    claims, remarks = _claims(words, lists, test_augmented=test_augmented)
    judged = audit(claims, test_size=size, sentences=sentences, remarks=remarks, margin=margin)
    written = _write(judged, write_study, model, changes) if write_study else ""
    text = "\n".join(filter(None, [_text(judged), written and f"written: {write_study}"]))
    value = {**asdict(judged), "needs_study": judged.needs_study, "study": written or None}
    say(as_json, value, text, _next(judged, write_study, words, {"test_size": test_size, **lists}))


def _claims(
    words: tuple[str, ...], lists: dict[str, str | None], *, test_augmented: bool
) -> tuple[tuple[Claim, ...], tuple[str, ...]]:
    """The claims on the command line, or those of the one table that it names."""
    from ablab.auditing.claims import Claim, figures
    from ablab.auditing.quantities import accuracies

    remarks: tuple[str, ...] = ()
    tables = [word for word in words if Path(word).suffix.lower() in TABLES or _is_file(word)]
    if tables and len(words) > 1:
        raise InputError(f"{tables[0]}: give a table by itself: ablab audit {shlex.quote(tables[0])}")
    if tables:
        read = figures(_content(tables[0]), tables[0])
        claims, remarks = read.claims, read.remarks
    else:
        claims = tuple(Claim(accuracy, sd=sd) for accuracy, sd in accuracies(words))
    columns = _columns(lists, len(claims))
    if any(sd <= 0 for sd in columns.get("sd", ())):
        raise InputError("--sd: repeated runs always differ: give a number of points above 0, such as 0.5")
    if claims and "sd" in columns and "seeds" not in columns and all(claim.seeds is None for claim in claims):
        columns["seeds"] = [1] * len(claims)
        remarks = (*remarks, "--sd without --seeds: ablab assumes one run each, with an sd known from other runs")
    filled = []
    for at, claim in enumerate(claims):
        told = {key: values[at] for key, values in columns.items() if getattr(claim, key) in (None, "")}
        if test_augmented and claim.test_augmented is None:
            told["test_augmented"] = True
        filled.append(replace(claim, **told))
    return tuple(filled), remarks


def _columns(lists: dict[str, str | None], length: int) -> dict[str, list[Any]]:
    """The lists of the command line, each as long as the accuracies, under the names of a claim's fields."""
    from ablab.auditing.quantities import count, named, plain_number, seconds, selection

    fields = {"names": "name", "params": "parameters", "selected_on": "selected"}
    found: dict[str, list[Any]] = {}
    for key in LISTS:
        text, option = lists[key], f"--{key.replace('_', '-')}"
        if text is None:
            continue
        parts = [part.strip() for part in text.split(",")]
        if len(parts) == 1 and key in ALIKE:
            parts *= length
        if len(parts) != length:
            alike = ", or one for all" if key in ALIKE else ""
            raise InputError(
                f"{option} {text[:60]}: {len(parts)} values for {length} accuracies: one each is wanted, with commas "
                f"between them{alike} (no commas inside numbers: 1.25M or 1250000)"
            )
        reads: dict[str, Callable[[str], object]] = {
            "seconds": seconds,
            "sd": lambda part: plain_number(part, "--sd", "0.5"),
            "selected_on": selection,
            "names": named,
            "hardware": named,
        }
        read = reads.get(key, lambda part, option=option: count(part, option))
        found[fields.get(key, key)] = [read(part) for part in parts]
    return found


def _is_file(word: str) -> bool:
    try:
        return Path(word).is_file()
    except (OSError, ValueError):
        return False


def _content(path: str) -> bytes:
    from ablab.auditing.claims import LIMIT

    try:
        with Path(path).open("rb") as file:
            return file.read(LIMIT + 1)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; give a CSV or Markdown table") from None
    except (OSError, ValueError) as error:
        raise InputError(unopened(path, error)) from None


def _write(judged: Audit, path: Path, model: str | None, changes: tuple[str, ...]) -> str:
    from ablab.atomic import atomic_write
    from ablab.auditing.suggest import study_text

    if changes and not model:
        raise InputError('--vs needs --model: the network that it changes, such as --model simple-nn --vs "norm=batch"')
    if model and not changes:
        raise InputError(f'--model {model} needs --vs: the change in question, such as --vs "norm=batch"')
    if path.exists() or path.is_symlink():
        raise InputError(
            f"{path}: this file already exists, and ablab left it as it is: give --write-study another name"
        )
    recipe = recipe_words(model.split(maxsplit=1), first="model") if model else None
    text = study_text(judged, recipe, changes, path=str(path))
    atomic_write(path, text)
    return text


def _text(judged: Audit) -> str:
    """The audit for a person."""
    lines: list[str] = []
    for one in judged.judgements:
        lines += [*_judgement(one), ""]
    for sentence in judged.sentences:
        lines += [*_wrapped(f'"{sentence.text}"', ""), *_wrapped(sentence.says, "  "), ""]
    if judged.faults:
        lines.append("faults of method in these reports")
        for number, fault in enumerate(judged.faults, 1):
            lines += _wrapped(f"{number}. {fault.kind}: {fault.seen}", "  ", "     ")
            lines += _wrapped(fault.why, "     ")
        lines.append("")
    if judged.not_said and judged.claims:
        lines += _wrapped(f"not reported, so not checked: {', '.join(judged.not_said)}", "", "  ")
    for remark in judged.remarks:
        lines += _wrapped(f"remark: {remark}", "", "  ")
    lines += _advice(judged)
    return "\n".join(lines).rstrip("\n")


def _judgement(one: Judgement) -> list[str]:
    title = f"{one.name} {one.accuracy:.2f} % against {one.base} {one.base_accuracy:.2f} %: {one.difference:+.2f} pp"
    lines = [title, *_wrapped(one.sentence, "  ")]
    for line in one.arithmetic:
        lines += _wrapped(f"- {line}", "    ", "      ")
    return lines


def _advice(judged: Audit) -> list[str]:
    """How many pairs of seeds would settle what is open."""
    lines: list[str] = []
    are_open = [one for one in judged.judgements if one.word in ("no verdict", "undecided")]
    for one in are_open[:MOST_ADVICE]:
        pairs = ", ".join(f"{noise.pairs or 'over 10,000'} at sd {noise.sd:g}" for noise in one.noise)
        gap = f"a gap of {abs(one.difference):.2f} pp takes {pairs} pp" if one.difference else ""
        margin = (
            f"an effect of {judged.margin:g} pp takes {one.pairs_for_margin or 'over 10,000'} at sd {one.usual_sd:g} pp"
        )
        said = "; ".join(filter(None, [gap, margin]))
        lines += _wrapped(f"to settle {one.name}: seed pairs for an 80 % chance: {said}", "", "  ")
    if len(are_open) > MOST_ADVICE:
        lines.append(f"and {len(are_open) - MOST_ADVICE} more that are open")
    return lines


def _wrapped(text: str, first: str, later: str | None = None) -> list[str]:
    """Lines of a terminal's width; one line where the output goes elsewhere."""
    from ablab.report.terminal.screen import screen_width
    from ablab.report.wording import wrapped

    return wrapped(text, screen_width() and WIDTH, first, first if later is None else later)


def _next(judged: Audit, written: Path | None, words: tuple[str, ...], options: dict[str, str | None]) -> str:
    if written:
        return shlex.join(["ablab", "run", str(written)])
    if not judged.claims:
        return "ablab audit 73.20 74.19 --test-size 10000"
    if not judged.needs_study:
        return "ablab demo"
    given = [part for key, text in options.items() if text for part in (f"--{key.replace('_', '-')}", text)]
    return shlex.join(["ablab", "audit", *words, *given, "--write-study", "study.toml"])
