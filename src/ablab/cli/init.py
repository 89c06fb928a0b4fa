"""Write a study file with every line explained, for you to fill in"""

import shlex
from pathlib import Path

import click
from click.core import ParameterSource

from ablab.cli.shared import json_option, say

GROUP = "Ask"
EXAMPLES = (
    "ablab init mine",
    "ablab init mine --model vgg6 --data cifar10",
    'ablab init mine --command "python train.py --seed {seed} {args}"',
    "ablab init homework --course dropout",
)


@click.command(help=__doc__)
@click.argument("name")
@click.option("--model", default="simple-nn", show_default=True, help="Ask about this network.")
@click.option("--data", default="phantom", show_default=True, help="Use these data: a name, a folder, or a file.")
@click.option(
    "--command", "program", metavar="TEXT", help="Ask about a program: give its command with {seed} and {args}."
)
@click.option("--course", metavar="NAME", help="Copy an assignment from the course: a study and a worksheet.")
@click.option("--solution", is_flag=True, help="Copy the solution of the assignment as well.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    name: str,
    model: str,
    data: str,
    program: str | None,
    course: str | None,
    solution: bool,
    as_json: bool,
) -> None:
    from ablab.study.question.files import begin_study
    from ablab.trials.begin import begin_trials

    place = Path(name)
    if course is not None:
        _refuse_others(ctx)
        _copy(place, course, as_json, solution=solution)
        return
    if solution:
        raise click.UsageError("--solution needs an assignment: add --course NAME")
    path = begin_study(place, model=model, data=data) if program is None else begin_trials(place, program)
    text = f"{path}: edit the question, the base and the variants; then see what it costs"
    say(as_json, {"study": str(path)}, text, shlex.join(["ablab", "plan", str(path)]))


def _refuse_others(ctx: click.Context) -> None:
    """An assignment says itself which network, data and program it is about."""
    for key, option in (("model", "--model"), ("data", "--data"), ("program", "--command")):
        if ctx.get_parameter_source(key) is not ParameterSource.DEFAULT:
            raise click.UsageError(f"{option}: an assignment has its own; leave the option out, and edit the copy")


def _copy(place: Path, course: str, as_json: bool, *, solution: bool) -> None:
    from ablab.study.question.assignments import begin_assignment

    paths = [str(path) for path in begin_assignment(place, course, with_solution=solution)]
    text = f"{paths[0]}: the study; {paths[1]}: the worksheet"
    say(as_json, {"study": paths[0], "files": paths}, text, shlex.join(["ablab", "plan", paths[0]]))
