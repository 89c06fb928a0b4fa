"""Write a study file with every line explained, to be filled in"""

from pathlib import Path

import click

from ablab.cli.shared import json_option, say

GROUP = "Ask"
EXAMPLES = (
    "ablab init mine",
    "ablab init mine --model vgg6 --data cifar10",
    'ablab init mine --command "python train.py --seed {seed} {args}"',
)


@click.command(help=__doc__)
@click.argument("name")
@click.option("--model", default="simple-nn", show_default=True, help="Ask about this network.")
@click.option("--data", default="phantom", show_default=True, help="Ask on these data: a name, a folder, a file.")
@click.option("--command", "program", metavar="TEXT", help="Ask about a program: its command with {seed} and {args}.")
@json_option
def command(name: str, model: str, data: str, program: str | None, as_json: bool) -> None:
    from ablab.study.question.files import begin_study
    from ablab.trials.begin import begin_trials

    place = Path(name)
    path = begin_study(place, model=model, data=data) if program is None else begin_trials(place, program)
    text = f"{path}: change the question, the base and the variants, then see what it takes"
    say(as_json, {"study": str(path)}, text, f"ablab plan {path}")
