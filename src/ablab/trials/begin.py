"""A study file about a command to begin with, every line explained."""

import json
from pathlib import Path

from ablab.atomic import atomic_write
from ablab.errors import StudyError
from ablab.study.question.toml import read
from ablab.trials.file import study_of
from ablab.trials.question import PLACEHOLDER


def begin_trials(path: Path, command: str) -> Path:
    """Write a study of a program, with every line explained; a file that says something else is left alone."""
    place = path if path.suffix == ".toml" else path.with_name(f"{path.name}.toml")
    text = begun_text(command)
    study_of(read(text, str(place)), place)  # raises for a command that cannot be called
    if place.exists() and place.read_text(encoding="utf-8") != text:
        raise StudyError(f"{place}: this file already has another study; choose another name")
    place.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(place, text)
    return place


def begun_text(command: str) -> str:
    """The text of a study of a program, with comments."""
    return f"""# What do you want to know? The report shows the question at the top.
question = "Do these options help?"

# The program. ablab fills in {{seed}}, {{args}}, and {{folder}}, an empty folder for each call.
command = {json.dumps(command, ensure_ascii=False)}
# base = "--dropout 0"    # arguments of the base; without this line it has none
# files = ["train.py"]    # files that results depend on; if one changes, its trials run anew
# limit = "30m"           # time limit of one trial

# Each variant is a name and its arguments. Write one line for each variant.
[variants]
"an option" = "{PLACEHOLDER}"

# The program prints its result as a line of JSON, such as {{"accuracy": 0.93}}. Every key here is optional.
[result]
# unit = "%"              # figures are shares from 0 to 1; show them in percent
# better = "lower"        # for figures such as a loss
# chance = 0.1            # the figure of a guess; a failed trial counts as this
# file = "{{folder}}/result.json"          # read the result from this file
# pattern = 'accuracy: ([\\d.]+)'           # or with a regular expression

[decide]
# metric = "accuracy"     # the number that decides, if the result has several
margin = 0.01             # the smallest effect worth having, in the unit of the figure
seeds = "3..10"           # trials of each variant: at first, and at most; undecided variants get more
# confidence = 0.95       # for all verdicts of the study together
# budget = "2h"           # or "40 runs"; when it is spent, the verdicts stay as they are
"""
