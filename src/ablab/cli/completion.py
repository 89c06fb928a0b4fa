"""Print a script that lets a shell complete commands, recipe keys, networks, data sets, studies and runs"""

import click
from click.shell_completion import get_completion_class

from ablab.cli.shared import json_option, say

GROUP = "Tools"
EXAMPLES = ("ablab completion bash >> ~/.bashrc", "ablab completion fish > ~/.config/fish/completions/ablab.fish")
SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_ABLAB_COMPLETE"  # by which the shell asks
WHOLE_WORDS = "COMP_WORDBREAKS=${COMP_WORDBREAKS//=}  # key=value is one word\n"


@click.command(help=__doc__)
@click.argument("shell", type=click.Choice(SHELLS))
@json_option
def command(shell: str, as_json: bool) -> None:
    from ablab.cli import command as whole

    kind = get_completion_class(shell)
    assert kind is not None  # click has one for each of these shells
    script = (WHOLE_WORDS if shell == "bash" else "") + kind(whole, {}, "ablab", VARIABLE).source()
    say(as_json, {"shell": shell, "script": script}, script, None)
