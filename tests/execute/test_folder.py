"""Runs by way of a folder: what this process gives, to the last bit, whatever becomes of owner and workers."""

import dataclasses
import json
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass

import pytest

from ablab.data.sources.phantom import phantom
from ablab.errors import AblabError, DataError, InputError
from ablab.events import EpochDone, Noticed, Started
from ablab.execute import Job
from ablab.execute import drop as drops
from ablab.execute.checkpoints import carry_out
from ablab.execute.drop import Drop
from ablab.execute.folder import Folder
from ablab.execute.work import work
from ablab.recipe import Recipe
from ablab.records import RunSpec

RECIPE = Recipe.of({"data": "phantom(train=200, test=60)", "epochs": 4, "batch": 50, "threads": 1})
DATA = phantom(train=200, test=60)
SPECS = [RunSpec(RECIPE, seed, DATA.fingerprint) for seed in range(3)]


@dataclass(frozen=True)
class Tiny:
    """Gives the same small data in every process."""

    def __call__(self, recipe):
        return DATA


def timeless(run):
    curve = tuple(dataclasses.replace(row, seconds=0.0) for row in run.curve)
    cost = dataclasses.replace(run.cost, seconds=0.0, wall_seconds=0.0, memory=0)
    return dataclasses.replace(run, curve=curve, origin=None, cost=cost)


def nobody(*_):
    pass


def in_background(drop):
    worker = threading.Thread(target=work, args=(drop, Tiny(), nobody, 60.0))
    worker.start()
    return worker


def owner(folder, **options):
    return Folder(Job(Tiny(), weights=options.pop("weights", None)), path=str(folder), **options)


def opened(folder):
    drop = Drop(folder)
    drop.make()
    drop.open_for(keeps_weights=False)
    return drop


@pytest.mark.slow
def test_two_workers_give_the_runs_of_this_process_and_leave_when_all_is_done(tmp_path):
    told = []
    with owner(tmp_path / "drop", slots=2, weights=tmp_path / "weights") as execute:
        workers = [in_background(execute.drop) for _ in range(2)]
        done = list(execute(lambda: SPECS, lambda spec, event: told.append((spec.id, event))))
    for worker in workers:
        worker.join()
    alone = [carry_out(spec, DATA, nobody, weights=tmp_path / "alone") for spec in SPECS]
    assert {run.id: timeless(run) for run in done} == {run.id: timeless(run) for run in alone}
    for spec in SPECS:
        assert [event.row.epoch for id_, event in told if id_ == spec.id and isinstance(event, EpochDone)] == [
            1,
            2,
            3,
            4,
        ]
        files = [tmp_path / folder / f"{spec.id}.safetensors" for folder in ("weights", "alone")]
        assert files[0].read_bytes() == files[1].read_bytes()
    assert all(event.node for _, event in told if isinstance(event, Started))
    assert not [path for part in drops.PARTS for path in (tmp_path / "drop" / part).iterdir()]


@pytest.mark.long
@pytest.mark.parametrize("blow", [signal.SIGTERM, signal.SIGKILL])
def test_a_worker_that_is_stopped_leaves_its_run_to_the_next_one_which_goes_on(blow, tmp_path):
    spec = RunSpec(RECIPE.with_("epochs=40"), 0, DATA.fingerprint)
    words = [sys.executable, "-m", "ablab", "work", str(tmp_path), "--json"]
    told, workers = [], []

    def observe(_spec, event):
        told.append(event)
        if isinstance(event, EpochDone) and event.row.epoch == 3 and not workers:
            first.send_signal(blow)
            first.communicate()
            workers.append(in_background(execute.drop))

    with (
        owner(tmp_path, lost=5.0 if blow == signal.SIGKILL else 300.0) as execute,
        subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as first,
    ):
        (run,) = execute(lambda: [spec], observe)
    workers[0].join()
    assert first.returncode == (143 if blow == signal.SIGTERM else -9)
    notes = [event.text for event in told if isinstance(event, Noticed)]
    assert any("continues after epoch" in note for note in notes) == (blow == signal.SIGTERM)
    assert any("has not responded" in note for note in notes) == (blow == signal.SIGKILL)
    assert timeless(run) == timeless(carry_out(spec, DATA, nobody))


@pytest.mark.slow
def test_an_owner_that_is_interrupted_takes_in_what_was_finished_meanwhile(tmp_path):
    def interrupt(_spec, event):
        raise KeyboardInterrupt

    drop = opened(tmp_path)
    worker = in_background(drop)
    with pytest.raises(KeyboardInterrupt), owner(tmp_path, slots=3) as execute:
        list(execute(lambda: SPECS, interrupt))
    while not all(drop.result(spec.id) for spec in SPECS):
        worker.join(0.1)
    with owner(tmp_path) as execute:
        done = {run.id: timeless(run) for run in execute(lambda: SPECS, nobody)}
    worker.join()
    assert done == {spec.id: timeless(carry_out(spec, DATA, nobody)) for spec in SPECS}


def test_a_worker_without_an_owner_is_told_what_to_type(tmp_path):
    with pytest.raises(InputError, match="no study has started here: .*ablab run STUDY --executor"):
        work(Drop(tmp_path), Tiny(), nobody, 0.0)


def test_a_worker_of_another_version_is_refused(tmp_path):
    drop = opened(tmp_path)
    said = json.loads((tmp_path / "folder.json").read_text())
    (tmp_path / "folder.json").write_text(json.dumps({**said, "torch": "1.0"}))
    with pytest.raises(InputError, match="its owner has torch 1.0 and this machine has torch"):
        work(drop, Tiny(), nobody, 0.0)


def test_a_worker_of_another_kind_than_the_first_is_refused(tmp_path):
    drop = opened(tmp_path)
    assert work(drop, Tiny(), nobody, 0.0) == 0
    kind = json.loads((tmp_path / "kind.json").read_text())
    (tmp_path / "kind.json").write_text(json.dumps({**kind, "device": "NVIDIA H100"}))
    with pytest.raises(InputError, match="the first worker here was of another kind .NVIDIA H100"):
        work(drop, Tiny(), nobody, 0.0)


def test_a_worker_with_other_images_says_so_and_gives_the_run_back(tmp_path):
    drop = opened(tmp_path)
    spec = RunSpec(RECIPE, 0, "0" * 64)
    drop.offer(1, spec)
    with pytest.raises(DataError, match="the images here are not those of the owner"):
        work(drop, Tiny(), nobody, 0.0)
    assert drop.is_offered(spec.id)


@pytest.mark.slow
def test_an_error_of_a_run_reaches_the_owner(tmp_path):
    wrong = RunSpec(RECIPE.with_("train_images=100000"), 0, DATA.fingerprint)
    worker = in_background(opened(tmp_path))
    with pytest.raises(AblabError, match="only 180 training images"), owner(tmp_path) as execute:
        list(execute(lambda: [wrong], nobody))
    execute.drop.close()
    worker.join()


def test_a_second_owner_of_a_folder_is_refused(tmp_path):
    with owner(tmp_path), pytest.raises(InputError, match="another study is using this folder"), owner(tmp_path):
        pass


def test_a_run_is_taken_once_however_many_workers_there_are(tmp_path):
    drop = opened(tmp_path)
    for number, spec in enumerate(SPECS):
        drop.offer(number, spec)
    claims = [drop.take() for _ in range(4)]
    assert [claim and claim.spec for claim in claims] == [*SPECS, None]


def test_a_file_that_is_cut_short_or_changed_is_no_result(tmp_path):
    drop = opened(tmp_path)
    drop.offer(1, SPECS[0])
    claim = drop.take()
    drop.finish(claim, b'{"error": "x"}')
    path = drop.file("done", SPECS[0].id)
    whole = path.read_bytes()
    assert drop.result(SPECS[0].id) == {"error": "x"}
    for content in (whole[:-1], whole[:10], b"", whole.replace(b"x", b"y")):
        path.write_bytes(content)
        assert drop.result(SPECS[0].id) == {}


def test_what_is_no_run_is_never_begun(tmp_path):
    drop = opened(tmp_path)
    (tmp_path / "wanted" / "000001-abc.json").write_text('{"recipe": {"model": 3}, "seed": "x"}')
    with pytest.raises(InputError, match="this is not a run that an owner has offered"):
        work(drop, Tiny(), nobody, 0.0)
