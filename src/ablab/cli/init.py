"""Write a study file with every line explained, to be filled in"""

from pathlib import Path

import click

from ablab.cli.shared import json_option, say

GROUP = "Ask"
EXAMPLES = (
    "ablab init mine",
    "ablab init mine --model vgg6 --data cifar10",
)


@click.command(help=__doc__)
@click.argument("name")
@click.option("--model", default="simple-nn", show_default=True, help="Ask about this network.")
@click.option("--data", default="phantom", show_default=True, help="Ask on these data: a name, a folder, a file.")
@json_option
def command(name: str, model: str, data: str, as_json: bool) -> None:
    from ablab.study.question.files import begin_study

    path = begin_study(Path(name), model=model, data=data)
    text = f"{path}: change the question, the base and the variants, then see what it takes"
    say(as_json, {"study": str(path)}, text, f"ablab plan {path}")
