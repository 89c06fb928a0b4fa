"""Try out a study on validation images; it never looks at the test images, and decides nothing"""

from typing import Any

import click

from ablab.cli.shared import StudyWords, execution_options, json_option, say, say_code_of, study_words

GROUP = "Ask"
EXAMPLES = ("ablab explore quickstart",)


@click.command(help=__doc__)
@study_words()
@execution_options
@json_option
def command(study: StudyWords, execution: dict[str, Any], as_json: bool) -> None:
    from ablab.conduct import run_study
    from ablab.report.terminal.live import Live
    from ablab.report.terminal.result import verdicts_on_screen

    store = study.open_store(create=True)
    parts = study.parts()
    say_code_of(parts)
    for part in parts:
        with Live(as_json=as_json) as live:
            result = run_study(part, store, root=study.data_root, show=live.of_study, explores=True, **execution)
        text = (
            f"\n{verdicts_on_screen(result)}\n\n"
            "exploratory: measured on validation images, with seeds that no study uses; this decides nothing"
        )
        say(as_json, result.to_dict(), text, study.command("run"))
