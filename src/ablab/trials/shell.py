"""Words of a command that only a shell would act on: pipes, redirections, variables."""

import re
import shlex
from pathlib import PurePath

SHELLS = ("sh", "bash", "dash", "zsh", "ksh", "fish")
_OPERATOR = re.compile(r"\|\|?|&&?|;|[^;'\"]+;|<|\d?>>?.*|&>.*|\d>&\d")
_EXPANDED = re.compile(r"\$[A-Za-z_({]|`|^~/")


def is_shell(command: str) -> bool:
    """Whether the program of a command is a shell that is given its commands as text.

    >>> is_shell("bash -c 'python a.py | tail -1'"), is_shell("sh train.sh $HOME")
    (True, False)
    """
    program, *words = shlex.split(command)
    return PurePath(program).name in SHELLS and any(re.fullmatch(r"-[a-z]*c", word) for word in words)


def meant_for_a_shell(text: str) -> tuple[str, ...]:
    """The words that a shell would not hand on as they are; one in quotes is meant as it is written.

    >>> meant_for_a_shell("python a.py $DATA --name 'a | $b' 2>err | tail -1")
    ('$DATA', '2>err', '|')
    """
    try:
        words = shlex.split(text, posix=False)  # which leaves the quotes
    except ValueError:  # a quote behind a backslash, which only the other way reads
        words = shlex.split(text)
    return tuple(word for word in words if _OPERATOR.fullmatch(word) or ("'" not in word and _EXPANDED.search(word)))
