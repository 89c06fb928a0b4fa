"""What `ablab` alone says: where to start, or where one stopped."""

from ablab.cli.shared import StudyWords
from ablab.errors import AblabError, InputError
from ablab.version import VERSION

START = f"""ablab {VERSION}: does this change help this image classifier: by how much, how sure, at what cost?

  ablab demo            answers a real question in about two minutes
  ablab init mine       writes a study file of your own, with every line explained
  ablab run mine.toml   trains until it is answered, and writes the report
  ablab verdict FILE    judges the results of another program
  ablab --help          lists all commands
"""


def welcome() -> str:
    """The first steps, and below them the study that was begun last, if there is a store here."""
    try:
        last, following = _last_study()
    except AblabError as error:
        last, following = f"the store here cannot be read: {error}", "ablab runs verify"
    return f"{START}\n{last}\nnext: {following}" if last else f"{START}\nnext: {following}"


def _last_study() -> tuple[str, str]:
    """Where the study stands that was begun last, and what to type next; nothing where there is none."""
    try:
        store = StudyWords(None).open_store()
    except InputError:  # there is no store here
        return "", "ablab demo"
    kept = store.studies()
    if not kept:
        return "", "ablab demo"
    from ablab.nouns import counted
    from ablab.report.wording import shown
    from ablab.result import plan_of, result_of

    result = result_of(plan_of(kept[-1]), store, with_again=False)
    verdicts = result.decision.every
    decided = sum(verdict.word != "undecided" for verdict in verdicts)
    state = f"{decided} of {counted(len(verdicts), 'verdict')} decided after {counted(len(result.runs), 'run')}"
    open_runs = f", {counted(len(result.decision.wanted), 'run')} still to train" if result.decision.wanted else ""
    return f"last study here: {shown(kept[-1].name)}: {state}{open_runs}", "ablab serve --open"
