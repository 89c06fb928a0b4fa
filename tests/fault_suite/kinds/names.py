"""Names that are hard on shells, terminals, pages and file systems, wherever a person may give ablab a name.

Each is taken or refused in words, no character of it reaches the terminal that a terminal would obey, and nothing is
written outside the folder.
"""

import json
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import tomli_w

from fault_suite.child import Ended, judged
from fault_suite.fault import HELD, Fault, Trial
from fault_suite.forms import noise
from fault_suite.kinds.kills import TRAIN
from fault_suite.nursery import Nursery

NAMES = (
    *("with blanks", " ", "umläute ß é", "中文", "🧪" * 64, "x" * 255, "x" * 10_000, "new\nline", "tab\there"),
    *("..", "../outside", "/outside", "-dash", "--help", "~nobody", "$HOME", "`touch outside`", "%00", "CON", "dot."),
    *("\x1b[31mred\x07", "\u202ehctab", "\u200binvisible", "b\u0430tch norm", "\u2028", "é", "e\u0301"),
    *("<script>__pwned=1</script>", "' OR 1=1 --", '"quoted"', "back\\slash", "=1+1", "{{7*7}}", "a=b", "[x]", "#"),
)
STUDY = {"question": "Does it help?", "data": "phantom(train=200, test=60)", "model": "simple-nn", "epochs": 2}


def as_variant(nursery: Nursery, folder: Path, name: str) -> Ended:
    study = {**STUDY, "variants": {name: "norm=batch"}, "decide": {"margin": 1.0, "seeds": "3..4"}}
    (folder / "study.toml").write_text(tomli_w.dumps(study), encoding="utf-8")
    return nursery.run(["plan", "study.toml"], folder)


def as_question(nursery: Nursery, folder: Path, name: str) -> Ended:
    study = {**STUDY, "question": name, "variants": {"norm": "norm=batch"}, "decide": {"margin": 1.0, "seeds": "3..4"}}
    (folder / "study.toml").write_text(tomli_w.dumps(study), encoding="utf-8")
    return nursery.run(["plan", "study.toml"], folder)


def as_study_file(nursery: Nursery, folder: Path, name: str) -> Ended:
    return nursery.run(["plan", "--", f"{name}.toml"], folder)


def as_store(nursery: Nursery, folder: Path, name: str) -> Ended:
    return nursery.run(["runs", "ls", f"--store={name}"], folder)


def as_data(nursery: Nursery, folder: Path, name: str) -> Ended:
    return nursery.run(["data", "check", "--", name], folder)


def as_model(nursery: Nursery, folder: Path, name: str) -> Ended:
    return nursery.run(["plan", "--", name, "--vs", "norm=batch"], folder)


def as_class(nursery: Nursery, folder: Path, name: str) -> Ended:
    """A folder of pictures of this class, where the file system takes the name."""
    for kind in (name, "other"):
        place = folder / "pictures" / kind
        if Path(name).name != name:
            break
        try:
            place.mkdir(parents=True)
        except OSError:
            break
        for at in range(3):
            (place / f"{at}.png").write_bytes(noise("PNG", at))
    return nursery.run(["data", "check", "pictures"], folder)


def as_tag(nursery: Nursery, folder: Path, name: str) -> Ended:
    """A tag of a run, which then stands in the list as it was given."""
    run = json.loads(nursery.run(TRAIN, nursery.folder / "named").out.splitlines()[-1])["id"]
    store = f"--store={nursery.folder / 'named' / 'store'}"
    given = nursery.run(["runs", "tag", store, run, f"--add={name}"], folder)
    if given.code:
        return given
    listed = nursery.run(["runs", "ls", store], folder)
    nursery.run(["runs", "tag", store, run, f"--remove={name}"], folder)
    return listed


PLACES: dict[str, Callable[[Nursery, Path, str], Ended]] = {
    "variant": as_variant,
    "question": as_question,
    "study file": as_study_file,
    "store": as_store,
    "data set": as_data,
    "model": as_model,
    "class": as_class,
    "tag": as_tag,
}


def named(nursery: Nursery, folder: Path, number: int) -> Iterator[Trial]:
    cases = [(name, place) for name in NAMES for place in PLACES]
    for at, (name, place) in enumerate(cases[:: max(1, len(cases) // number)][:number]):
        here, what = folder / str(at) / "inside", f"{name[:40]!r} as {place}"
        here.mkdir(parents=True)
        ended = PLACES[place](nursery, here, name)
        trial = judged(ended, what, [0, 2])
        outside = [path.name for path in here.parent.iterdir() if path != here]
        obeyed = {letter for letter in ended.out + ended.err if is_obeyed(letter)}
        if trial is not HELD or not (outside or obeyed):
            yield trial
        else:
            yield Trial("silent", f"{what}: {sorted(obeyed)} reached the terminal, {outside} were made outside")


def is_obeyed(letter: str) -> bool:
    """Whether a terminal acts on a character instead of showing it."""
    return letter != "\n" and unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp", "Cs")


FAULTS = (Fault("names that are hard on what shows them", 3, len(NAMES) * len(PLACES), named),)
