"""Every command ends with one to type next, which names the same scale, store and data, and works when it is pasted."""

import re
import shlex

import click
import pytest
from click.testing import CliRunner
from PIL import Image

from ablab.cli import command
from ablab.cli.shared import in_place
from ablab.store import Store
from sample_runs import sample_run
from small_study import small_study

pytestmark = pytest.mark.long

STUDY = small_study() + "[full]\nbatch = 100\n"
PLACE = {"scale": "full", "store": "my runs", "data_root": "my data"}
TINY = ["simple-nn", "data=phantom(train=200, test=50)", "epochs=1", "batch=50"]
QUICK = ["--steps", "5", "--images", "20", "--directions", "1", "--hessian", "0"]
LAYER = ["--in", "8x8x3", "--filters", "4", "--kernel", "3"]
CALLS = {  # every command, in an order in which each can be given; RUN and OTHER are runs that ablab train kept
    "train": ["train", *TINY, "augment=crop(4)+flip"],
    "init": ["init", "mine"],
    "plan": ["plan", "s.toml"],
    "explore": ["explore", "s.toml", "--workers", "1"],
    "run": ["run", "s.toml", "--workers", "1"],
    "report": ["report", "s.toml"],
    "write": ["write", "s.toml"],
    "show": ["show", "effects", "s.toml"],
    "table": ["table", "s.toml", "--format", "latex"],
    "compare": ["compare", *TINY, "--vs", "norm=batch", "--seeds", "3", "--study", "c.toml", "--dry-run"],
    "verify": ["verify", "reports/s-full.html", "--rerun", "0"],
    "export": ["export", "RUN", "--to", "safetensors"],
    "predict": ["predict", "RUN", "p.png"],
    "evaluate": ["evaluate", "RUN"],
    "landscape": ["landscape", *TINY, "--untrained", *QUICK],
    "gradients": ["gradients", *TINY, "--images", "20"],
    "lr-find": ["lr-find", *TINY, "augment=crop(4)+flip", "--steps", "20"],
    "runs ls": ["runs", "ls"],
    "runs show": ["runs", "show", "RUN"],
    "runs diff": ["runs", "diff", "RUN", "OTHER"],
    "runs tag": ["runs", "tag", "RUN", "--add", "good"],
    "runs gc": ["runs", "gc", "--dry-run"],
    "runs verify": ["runs", "verify"],
    "runs export": ["runs", "export", "--study", "s.toml", "--to", "class/s.ablab"],
    "runs import": ["runs", "import", "class/s.ablab"],
    "grade": ["grade", "class"],
    "runs rm": ["runs", "rm", "OTHER"],
    "data list": ["data", "list"],
    "data check": ["data", "check", "phantom(train=200, test=50)"],
    "data show": ["data", "show", "phantom(train=200, test=50)"],
    "doctor": ["doctor"],
    "recipe": ["recipe", *TINY, "augment=crop(4)+flip"],
    "models": ["models", "alexnet"],
    "inspect": ["inspect", "simple-nn", "width=2"],
    "fit-params": ["fit-params", "simple-nn", "--target", "150k"],
    "audit": ["audit", "73.20", "74.19", "--test-size", "10000", "--names", "a b,c"],
    "verdict": ["verdict", "results.csv"],
    "arith conv": ["arith", "conv", *LAYER],
    "arith transposed": ["arith", "transposed", *LAYER],
    "arith depthwise": ["arith", "depthwise", *LAYER],
    "arith pool": ["arith", "pool", "--in", "8x8x3", "--kernel", "2"],
    "arith linear": ["arith", "linear", "--in", "8x8x3", "--units", "10"],
    "arith batch-norm": ["arith", "batch-norm", "--in", "8x8x3"],
}
# one needs a network, two wait (for a browser, for work), one is tried from a wheel, one with its example, two print
# files for others, and behind a backup the copy is the store that is meant
NOT_HERE = {"data get", "serve", "work", "demo", "search", "completion", "slurm", "runs backup"}
# what comes next trains or inspects for minutes, or downloads: it is parsed
LASTING = {"doctor", "data list", "inspect", "arith linear", "arith batch-norm"}


def leaves(group: click.Group, above: str = "") -> dict[str, click.Command]:
    """Every command by its whole name."""
    found = {}
    for name in group.list_commands(click.Context(group)):
        it = group.get_command(click.Context(group), name)
        found |= leaves(it, f"{above}{name} ") if isinstance(it, click.Group) else {f"{above}{name}": it}
    return found


LEAVES = leaves(command)


def invoke(*words: str) -> str:
    result = CliRunner().invoke(command, [*words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def places(name: str) -> list[str]:
    """The scale, the store and the data root, as far as the command takes them."""
    taken = {parameter.name for parameter in LEAVES[name].params}
    return [word for key, value in PLACE.items() if key in taken for word in (f"--{key.replace('_', '-')}", value)]


def named_by(words: list[str]) -> str:
    return next(name for name in (" ".join(words[:2]), words[0]) if name in LEAVES)


@pytest.fixture(scope="module")
def following(tmp_path_factory):
    """The words of the next command after each one, and the folder that they were given in."""
    folder = tmp_path_factory.mktemp("next")
    (folder / "s.toml").write_text(STUDY)
    (folder / "my data").mkdir()
    rows = [f"{name},{seed},{70 + seed + gain}" for name, gain in (("a", 0), ("b", 2)) for seed in range(3)]
    (folder / "results.csv").write_text("\n".join(["variant,seed,accuracy", *rows]))
    Image.new("RGB", (40, 30), "red").save(folder / "p.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        invoke("train", *TINY, "--seed", "1", "--store", "my runs")
        invoke("train", *TINY, "norm=batch", "--store", "my runs")
        other, run = sorted(path.stem for path in (folder / "my runs" / "weights").glob("*.safetensors"))
        found = {}
        for name, words in CALLS.items():
            output = invoke(*({"RUN": run, "OTHER": other}.get(word, word) for word in words), *places(name))
            (line,) = re.findall(r"^next: ablab (.*)$", output, flags=re.MULTILINE)
            found[name] = shlex.split(line)
        yield found


def test_every_command_is_tried_here():
    assert set(LEAVES) - NOT_HERE == set(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_the_next_command_is_about_the_same_study_runs_and_data(following, name):
    words, given = following[name], places(name)
    wanted = places(named_by(words))
    for option, value in zip(wanted[::2], wanted[1::2], strict=True):
        assert words.count(option) == (option in given)
        if option in given:
            assert words[words.index(option) + 1] == value


@pytest.mark.parametrize("name", CALLS)
def test_the_next_command_works(following, name):
    words, next_name = [word for word in following[name] if word != "--open"], named_by(following[name])
    if name in LASTING:
        LEAVES[next_name].make_context(next_name, words[len(next_name.split()) :])
    else:
        invoke(*words)


def test_a_command_that_names_a_store_already_is_left_as_it_is():
    with click.Context(LEAVES["runs ls"]) as context:
        context.params = {"store": "a b"}
        assert in_place("ablab runs show 01 --store c") == "ablab runs show 01 --store c"
        assert in_place("ablab runs show 01") == "ablab runs show 01 --store 'a b'"
        assert in_place("ablab models") == "ablab models"
        assert in_place("ablab train x augment=crop(4)") == "ablab train x 'augment=crop(4)' --store 'a b'"
        assert in_place("ablab runs ls --where \"tag = 'a'\"") == "ablab runs ls --where \"tag = 'a'\" --store 'a b'"


def test_a_store_of_the_environment_is_not_repeated(tmp_path, monkeypatch):
    Store(tmp_path / "store").add(sample_run(0, 0.5))
    monkeypatch.setenv("ABLAB_STORE", str(tmp_path / "store"))
    assert "--store" not in invoke("runs", "ls")
