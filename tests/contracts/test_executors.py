"""Whatever executor the folder holds: it gives every run that is wanted, as every other one, and drops what is not."""

import dataclasses
import threading
from dataclasses import dataclass

import pytest

from ablab.catalogue import catalogue, read_operation
from ablab.data.dataset import Dataset
from ablab.data.sources.phantom import phantom
from ablab.errors import AblabError, InputError
from ablab.events import EpochDone, Finished, Started
from ablab.execute import Job, choose
from ablab.execute.checkpoints import carry_out
from ablab.execute.drop import Drop
from ablab.execute.work import work
from ablab.recipe import Recipe
from ablab.records import RunSpec
from local_cluster import local_cluster

RECIPE = Recipe.of({"epochs": 2, "batch": 50, "threads": 1})
NAMES = [
    pytest.param(name, marks=[pytest.mark.long, pytest.mark.timeout(600)] if entry.needs else [pytest.mark.slow])
    for name, entry in catalogue("execute", "executor").items()
]


@dataclass(frozen=True)
class Tiny:
    """Gives the same small data in every process."""

    def __call__(self, recipe: Recipe) -> Dataset:
        return phantom(train=200, test=60)


DATA = Tiny()(RECIPE)
SPECS = [RunSpec(RECIPE.with_(f"lr={rate}"), 0, DATA.fingerprint) for rate in (0.05, 0.01)]


def timeless(run):
    curve = tuple(dataclasses.replace(row, seconds=0.0) for row in run.curve)
    cost = dataclasses.replace(run.cost, seconds=0.0, wall_seconds=0.0, memory=0)
    return dataclasses.replace(run, curve=curve, origin=None, cost=cost)


@pytest.fixture(scope="module")
def ray_address():
    with local_cluster() as cluster:
        yield cluster.address


@pytest.fixture
def folder_with_worker(tmp_path):
    """A drop folder where a worker in another thread waits for runs."""
    drop = Drop(tmp_path)
    drop.make()
    drop.open_for(keeps_weights=False)
    worker = threading.Thread(target=work, args=(drop, Tiny(), lambda *_: None, 60.0))
    worker.start()
    yield tmp_path
    worker.join()


@pytest.fixture
def make(name, request):
    """What makes the executor of this name, and before that starts what it cannot do without."""
    elsewhere = {"ray": "ray_address", "folder": "folder_with_worker"}.get(name)
    text = f"{name}({request.getfixturevalue(elsewhere)})" if elsewhere else name
    return read_operation("execute", "executor", text).load()


@pytest.mark.parametrize("name", NAMES)
def test_it_gives_every_run_once_with_its_events_in_order(make, tmp_path):
    told = []
    with make(Job(Tiny(), tmp_path, len(SPECS))) as execute:
        runs = list(execute(lambda: SPECS, lambda spec, event: told.append((spec.id, type(event)))))
        assert execute.slots >= 1
    assert sorted(run.id for run in runs) == sorted(spec.id for spec in SPECS)
    for spec in SPECS:
        kinds = [kind for id_, kind in told if id_ == spec.id and kind in (Started, EpochDone, Finished)]
        assert kinds == [Started, EpochDone, EpochDone, Finished]
    run = next(run for run in runs if run.id == SPECS[0].id)
    assert timeless(run) == timeless(carry_out(SPECS[0], DATA, lambda *_: None))


@pytest.mark.parametrize("name", NAMES)
def test_a_run_that_is_no_longer_wanted_ends_and_the_others_go_on(make, tmp_path):
    long = RunSpec(RECIPE.with_("epochs=5000"), 0, DATA.fingerprint)
    wanted = [long, SPECS[0]]

    def observe(spec, event):
        if spec == long and isinstance(event, EpochDone) and long in wanted:
            wanted.remove(long)

    with make(Job(Tiny(), tmp_path)) as execute:
        runs = []
        for run in execute(lambda: tuple(wanted), observe):
            runs.append(run.id)
            wanted[:] = [spec for spec in wanted if spec.id != run.id]
    assert runs == [SPECS[0].id]
    assert list(tmp_path.rglob(f"{long.id}.checkpoint"))


@pytest.mark.parametrize("name", NAMES)
def test_an_error_names_its_run_and_the_executor_can_be_called_again_for_the_others(make, tmp_path):
    own = tmp_path / "broken.py"
    own.write_text("def net():\n    return None\n")
    broken = RunSpec(RECIPE.with_(f"model={own}:net"), 0, DATA.fingerprint)
    with make(Job(Tiny(), tmp_path, 2)) as execute:
        with pytest.raises(AblabError, match="does not take") as caught:
            list(execute(lambda: [broken], lambda *_: None))
        assert caught.value.run == broken.id
        assert next(iter(execute(lambda: [SPECS[1]], lambda *_: None))).id == SPECS[1].id


def test_so_many_workers_are_an_executor_and_both_at_once_are_refused(tmp_path):
    assert type(choose(None, 1, Job(Tiny(), tmp_path))).__name__ == "Here"
    assert choose(None, 3, Job(Tiny(), tmp_path)).slots == 3
    assert choose("workers(2)", None, Job(Tiny(), tmp_path)).slots == 2
    with pytest.raises(InputError, match="give only one of them"):
        choose("workers(2)", 3, Job(Tiny(), tmp_path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("heer", 'did you mean "here"'),
        ("here(2)", "takes no arguments"),
        ("workers(1, 2)", "takes at most 1 argument .number"),
        ("workers(count=2)", "no option is called"),
        ("workers(many)", "must be a whole number"),
        ("workers(300)", "from 1 to 256"),
        ("workers(0)", "from 1 to 256"),
    ],
)
def test_an_executor_that_cannot_be_is_refused_with_what_can(text, message, tmp_path):
    with pytest.raises(InputError, match=message):
        choose(text, None, Job(Tiny(), tmp_path))
