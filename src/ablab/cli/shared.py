"""What all commands share: the options that mean the same everywhere, recipe words, and how a result is shown."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
import shlex
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ablab.catalogue import is_own
from ablab.cli.kinds import StudyWord
from ablab.errors import InputError, ModelError

if TYPE_CHECKING:
    from torch import nn

    from ablab.models import Io
    from ablab.recipe import Recipe
    from ablab.store import Store
    from ablab.study import Study

Command = TypeVar("Command", bound=Callable[..., Any])
EXPLAIN = "ablab.explain"  # in a context's meta: whether answers are explained


def json_option(function: Command) -> Command:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")(function)


def data_root_option(function: Command) -> Command:
    return click.option(
        "--data-root",
        metavar="DIR",
        help="Look for data in this folder first, then in $ABLAB_DATA, ./data and the user's cache.",
    )(function)


def store_option(function: Command) -> Command:
    return click.option(
        "--store", metavar="DIR", help="Keep runs in this folder  [default: $ABLAB_STORE, else .ablab]"
    )(function)


def scale_option(function: Command) -> Command:
    return click.option(
        "--scale",
        type=click.Choice(["default", "full"]),
        default="default",
        help="Choose the size of the study; full applies the [full] section of its file.",
    )(function)


@dataclass(frozen=True)
class StudyWords:
    """A study as a command line names it, and where its runs and its data are."""

    path: Path | None
    scale: str = "default"
    store: str | None = None
    data_root: str | None = None

    def parts(self) -> tuple[Study, ...]:
        """The study, once for each of its data sets."""
        from ablab.study.question.files import read_studies
        from ablab.trials.file import read_trials

        assert self.path is not None  # a command that can do without a study has asked
        if read_trials(self.path):
            raise InputError(
                f"{self.path}: this study calls a program, and this command works only for studies of recipes"
            )
        return read_studies(self.path, self.scale)

    def open_store(self, *, create: bool = False) -> Store:
        """The store; an error where there is none, unless it may be made."""
        from ablab.store import opened

        return opened(self.store, create=create)

    def command(self, verb: str, *options: str) -> str:
        """A command about the same study."""
        return shlex.join(["ablab", *verb.split(), *([str(self.path)] if self.path else []), *options])


def is_run(word: str) -> bool:
    """Whether a word is the beginning of a run's id: hexadecimal digits, and neither a network nor a file here."""
    from ablab.catalogue import catalogue

    is_hexadecimal = bool(word) and set(word) <= set("0123456789abcdef")
    return is_hexadecimal and word not in catalogue("models", "model") and not Path(word).exists()


def study_words(*declaration: str, **attributes: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command its study, as a StudyWords: an argument, or the option that is declared, and how to find it."""
    add = click.option if declaration else click.argument
    attributes = {"type": StudyWord(), **attributes}

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def called(
            *args: Any, study: Path | None, scale: str, store: str | None, data_root: str | None, **rest: Any
        ) -> None:
            function(*args, study=StudyWords(study, scale, store, data_root), **rest)

        return add(*(declaration or ("study",)), **attributes)(scale_option(data_root_option(store_option(called))))

    return decorate


def studies_words(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command any number of studies, each as StudyWords, and `words`: what they share."""

    @functools.wraps(function)
    def called(
        *args: Any, studies: tuple[Path, ...], scale: str, store: str | None, data_root: str | None, **rest: Any
    ) -> None:
        words = StudyWords(None, scale, store, data_root)
        several = [dataclasses.replace(words, path=path) for path in dict.fromkeys(studies)]
        function(*args, words=words, studies=several, **rest)

    add = click.argument("studies", nargs=-1, type=StudyWord(), metavar="[STUDY]...")
    return add(scale_option(data_root_option(store_option(called))))


def reuse_option(function: Command) -> Command:
    told = "Use runs whose results were known before this study; the verdicts say so."
    return click.option("--reuse", "reuses", is_flag=True, help=told)(function)


def exit_code_option(function: Command) -> Command:
    told = "Exit with code 3 if a verdict is undecided, and with 4 if a variant hurts (for scripts)."
    return click.option("--exit-code", "has_exit_code", is_flag=True, help=told)(function)


def explain_option(function: Command) -> Command:
    """Give a command `--explain`, which `answered` heeds: it changes what is printed and nothing else."""

    def keep(ctx: click.Context, _parameter: click.Parameter, is_wanted: bool) -> None:
        ctx.meta[EXPLAIN] = is_wanted

    told = "Explain every term, interval, warning and cost in the answer, using its own figures."
    return click.option("--explain", is_flag=True, expose_value=False, callback=keep, help=told)(function)


def answered(
    as_json: bool, value: dict[str, Any], text: str, end: str, next_command: str, explain: Callable[[], Iterable[Any]]
) -> None:
    """Print an answer with its explanations, where the command line asks for them, in front of its last line."""
    if click.get_current_context().meta.get(EXPLAIN):
        explanations = list(explain())
        value = {**value, "explanations": [dataclasses.asdict(one) for one in explanations]}
        text = "\n\n".join([text, *(_wrapped(str(one)) for one in explanations)])
    say(as_json, value, f"{text}{end}", next_command)


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 98, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def leave(words: Iterable[str]) -> None:
    """End with a code that a script understands: 4 where anything hurts, else 3 where anything is undecided."""
    found = set(words)
    code = 4 if "hurts" in found else 3 if "undecided" in found else 0
    if code:
        click.get_current_context().exit(code)


def track_option(function: Command) -> Command:
    def checked(_ctx: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]) -> tuple[str, ...]:
        from ablab.track import check_trackers

        check_trackers(texts)
        return texts

    told = 'Send progress and results to this tracker as well, such as "jsonl(events.jsonl)" (may be repeated).'
    return click.option("--track", multiple=True, metavar="NAME", help=told, callback=checked)(function)


def execution_options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command `execution`: where runs are carried out, how many at a time, and the trackers; for run_study."""

    @functools.wraps(function)
    def called(*args: Any, executor: str | None, workers: int | None, track: tuple[str, ...], **rest: Any) -> None:
        from ablab.execute import check_executor

        check_executor(executor, workers)
        function(*args, execution={"executor": executor, "workers": workers, "track": track}, **rest)

    many = "Train this many runs at a time  [default: one per core; one on a GPU]"
    named = click.option(
        "--executor", metavar="NAME", help='Choose where to train: here, "workers(3)", "ray(HOST:PORT)", ...'
    )
    return named(click.option("--workers", type=click.IntRange(1, 256), help=many)(track_option(called)))


def recipe_words(words: Iterable[str], *, first: str) -> dict[str, Any]:
    """Recipe keys from the words of a command line; one bare word, in front, is the value of `first`."""
    from ablab.grammar import assignments
    from ablab.recipe import typed

    texts: dict[str, str] = {}
    for position, word in enumerate(words):
        if position == 0 and "=" not in word.partition("(")[0]:
            texts[first] = word
            continue
        for key, value in assignments(word).items():
            if key in texts:
                raise InputError(f'"{key}" is given twice')
            texts[key] = value
    return typed(texts)


def recipe_of(words: Iterable[str]) -> Recipe:
    """The recipe in the words of a command line; code of the user's own is named before any of it is executed."""
    from ablab.recipe import Recipe

    recipe = Recipe.of(recipe_words(words, first="model"))
    say_own_code([recipe])
    return recipe


def say_own_code(recipes: Iterable[Recipe], *names: str) -> None:
    """Name the code of the user's own that is about to be executed: that of recipes, and other names."""
    from ablab.operations import own_code

    found = dict.fromkeys(name for recipe in recipes for name in own_code(recipe.changes()))
    if own := [*found, *dict.fromkeys(filter(is_own, names))]:
        click.echo(f"runs your own code: {', '.join(own)}", err=True)


def say_code_of(studies: Iterable[Study]) -> None:
    """Name the code of the user's own that studies execute: that of their recipes and of what they decide by."""
    parts = list(studies)
    metrics = [name for part in parts for name in (part.rule.metric, *dict(part.rule.also))]
    say_own_code([recipe for part in parts for recipe in part.recipes], *metrics)


def network_words(words: Iterable[str]) -> tuple[str, dict[str, Any]]:
    """A network and its options from words of a command line: its name first, then key=value."""
    from ablab.grammar import assignments, value

    name, *rest = words
    if "=" in name:
        raise InputError(f'"{name}" is not the name of a network; all names: ablab models')
    texts: dict[str, str] = {}
    for word in rest:
        for key, text in assignments(word).items():
            if key in texts:
                raise InputError(f'"{key}" is given twice')
            texts[key] = text
    return name, {key: value(text) for key, text in texts.items()}


def outline(name: str, io: Io, options: dict[str, Any]) -> nn.Module:
    """A network made without weights where it can be."""
    import torch

    from ablab.models import build

    try:
        with torch.device("meta"):
            return build(name, io, **options)
    except ModelError:
        if not is_own(name):
            raise
        return build(name, io, **options)  # a user's own constructor may look at numbers, which meta has not


def picture_size(text: str) -> tuple[int, int, int]:
    """`3x32x32` as (channels, height, width)."""
    match = re.fullmatch(r"(\d{1,4})[x,](\d{1,4})[x,](\d{1,4})", text.strip())
    sizes = tuple(int(size) for size in match.groups()) if match else ()
    if not sizes or min(sizes) < 1:
        raise InputError(f"--in-shape {text}: give channels, height and width, such as 3x32x32")
    return sizes[0], sizes[1], sizes[2]


def in_shape_option(function: Command) -> Command:
    return click.option(
        "--in-shape",
        default="3x32x32",
        show_default=True,
        metavar="CxHxW",
        help="Set the channels, height and width of a picture.",
    )(function)


def classes_option(function: Command) -> Command:
    return click.option("--classes", type=click.IntRange(1, 1 << 20), default=10, show_default=True)(function)


def say(as_json: bool, value: Any, text: str, next_command: str | None = None) -> None:
    """Print a result: as one JSON value, or as text with the command that a person would type next."""
    if as_json:
        click.echo(json.dumps(value, allow_nan=False, ensure_ascii=True))
        return
    click.echo(text)
    if next_command:
        say_next(next_command)


def say_next(command: str, *, err: bool = False) -> None:
    """Print the command that a person would type next."""
    click.echo(f"next: {in_place(command)}", err=err)


def in_place(command: str) -> str:
    """A command with the scale, the store and the data root that this one was given, as far as it takes them."""
    words = shlex.split(command)
    ctx = click.get_current_context(silent=True)
    given = _places_given(ctx) if ctx else {}
    taken = {parameter.name for parameter in _named_by(words).params}
    for name, value in given.items():
        option = f"--{name.replace('_', '-')}"
        if name in taken and option not in words:
            words += [option, value] if isinstance(value, str) else [option]
    return " ".join(map(_quoted, words))


def to_write(words: StudyWords) -> str:
    """A line with the command that prints sentences about a study's verdicts; nothing where no file has the study."""
    return f"\nsentences for a paper: {in_place(words.command('write'))}" if words.path else ""


def _places_given(ctx: click.Context) -> dict[str, str | bool]:
    """What the command line said of where things are and how they are read, without what is at its default."""
    given = {name: ctx.params.get(name) for name in ("scale", "store", "data_root", "skip_unreadable")}
    return {name: value for name, value in given.items() if value and (name, value) != ("scale", "default")}


def _named_by(words: list[str]) -> click.Command:
    """The command that these words are given to; `ablab` itself where the second names none."""
    from ablab.cli import command

    found: click.Command = command
    for word in words[1:]:
        inner = found.get_command(click.Context(found), word) if isinstance(found, click.Group) else None
        if inner is None:
            break
        found = inner
    return found


def _quoted(word: str) -> str:
    """A word for a shell, in double quotes where it has single ones in it and these are enough."""
    return f'"{word}"' if "'" in word and not set(word) & set('"$`\\!') else shlex.quote(word)
