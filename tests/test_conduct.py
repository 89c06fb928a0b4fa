"""The conductor: trains what is wanted, keeps it, decides; and goes on where it stopped."""

import math

import pytest
import torch

from ablab.conduct import conduct, run_studies, run_study, train_one
from ablab.course import trials
from ablab.data import load_dataset
from ablab.errors import InputError, RecipeError, StudyError
from ablab.events import EpochDone, Noticed, Projection
from ablab.recipe import Recipe
from ablab.records import Run
from ablab.result import look_up, result_of
from ablab.store import Store
from ablab.store.care import damages
from ablab.study import Rule, Study, Variant, plan
from ablab.study.question.files import read_studies
from ablab.track.progress import folder_of, request_stop
from ablab.train.measure import packed
from ablab.train.trained import read
from sample_runs import sample_run
from simulated_executor import Simulated, conducted
from small_study import DATA, small_study

BASE = Recipe()
NORM = BASE.with_("norm=batch")
LABELS = (1, 2, 3, 0) * 50
GAIN = {BASE.hash: 0.0, NORM.hash: 0.02}
TEXT = small_study()


def read_studies_of(folder, text):
    path = folder / "norm.toml"
    path.write_text(text)
    return read_studies(path)


def nothing(wanted, event):
    pass


@pytest.fixture
def planned():
    return plan(Study("?", BASE, (Variant("norm", NORM, "norm=batch"),), Rule(seeds=(3, 8))), "fingerprint")


def executor(trained, *, stop_after=None):
    """An executor that gives every run an accuracy, and may break down."""

    def train(spec):
        if stop_after is not None and len(trained) >= stop_after:
            raise KeyboardInterrupt
        trained.append(spec.id)
        wobble = 0.004 * ((spec.seed * 7) % 3)
        return sample_run(spec.seed, 0.7 + GAIN[spec.recipe.hash] * (1 + wobble) + wobble, spec.recipe)

    return Simulated(train)


def test_it_trains_until_nothing_is_wanted_and_keeps_every_run(planned, tmp_path):
    trained = []
    decision = conducted(planned, Store(tmp_path), executor(trained), nothing, labels=LABELS)
    assert decision.verdicts[0].word == "helps"
    assert not decision.wanted
    assert {run.id for run in Store(tmp_path).runs()} == set(trained)
    assert len(trained) == len(set(trained))


def test_a_study_that_was_interrupted_trains_nothing_twice(planned, tmp_path):
    trained = []
    with pytest.raises(KeyboardInterrupt):
        conducted(planned, Store(tmp_path), executor(trained, stop_after=4), nothing, labels=LABELS)
    kept = {run.id for run in Store(tmp_path).runs()}
    assert len(kept) == 4
    decision = conducted(planned, Store(tmp_path), executor(trained), nothing, labels=LABELS)
    assert len(trained) == len(set(trained))
    whole = conducted(planned, Store(tmp_path / "other"), executor([]), nothing, labels=LABELS)
    assert decision == whole


def test_a_study_that_is_asked_to_stop_wants_nothing_more_and_goes_on_from_what_was_kept(planned, tmp_path):
    trained, store = [], Store(tmp_path)
    stop = folder_of(tmp_path) / f"stop-{planned.hash}"
    stop.parent.mkdir()

    def observe(_spec, event):
        if isinstance(event, Run) and len(trained) == 4:
            stop.touch()

    with pytest.raises(KeyboardInterrupt):
        conducted(planned, store, executor(trained), observe)
    assert len(store.ids()) == len(trained) == 4
    stop.unlink()
    assert not conducted(planned, store, executor(trained)).wanted
    assert len(trained) == len(set(trained))


@pytest.mark.slow
def test_a_study_is_stopped_through_the_folder_of_its_store_and_keeps_the_last_epoch(tmp_path):
    (study,) = read_studies_of(tmp_path, TEXT.replace("epochs = 1", "epochs = 500"))
    store, epochs = Store(tmp_path / "store"), []

    def show(planned):
        def observe(spec, event):
            if isinstance(event, EpochDone) and not epochs:
                epochs.append(event.row.epoch)
                request_stop(store.folder, planned.hash)

        return observe

    with pytest.raises(KeyboardInterrupt):
        run_study(study, store, show=show, executor="here")
    assert len(list(store.checkpoints.iterdir())) > 0
    assert store.ids() == []


@pytest.mark.parametrize("names", [{"executor": "heer"}, {"track": ["jsnol(x)"]}, {"executor": "here", "workers": 2}])
def test_a_wrong_executor_or_tracker_is_refused_before_data_are_read(tmp_path, names):
    (study,) = read_studies_of(tmp_path, TEXT.replace(DATA, "no/such/folder"))
    with pytest.raises(InputError, match="did you mean|give only one of them"):
        run_study(study, Store(tmp_path / "store"), show=lambda planned: nothing, **names)


def test_a_wrong_tracker_of_a_single_run_is_refused_even_where_the_run_is_stored(tmp_path):
    with pytest.raises(InputError, match='did you mean "jsonl"'):
        train_one(Recipe.of({"data": "no/such/folder"}), 0, Store(tmp_path), show=nothing, track=["jsnol(x)"])


def test_a_tracker_of_a_run_that_is_stored_already_is_said_to_get_nothing(tmp_path):
    store, noticed = Store(tmp_path / "store"), []
    recipe = Recipe.of({"data": DATA, "model": "mlp", "epochs": 1})

    def show(_spec, event):
        noticed.extend([event.text] if isinstance(event, Noticed) else [])

    tracker = f"jsonl({tmp_path / 'events.jsonl'})"
    assert train_one(recipe, 0, store, show=show, track=[tracker])[1]
    assert not any("nothing" in text for text in noticed)
    assert not train_one(recipe, 0, store, show=show, track=[tracker])[1]
    assert noticed[-1] == (
        f'tracker "{tracker}" gets nothing: the store already has this run, and trackers follow only new ones'
    )
    noticed.clear()
    train_one(recipe, 0, store, show=show)
    assert noticed == []


def test_a_finished_study_trains_nothing(planned, tmp_path):
    conducted(planned, Store(tmp_path), executor([]), nothing, labels=LABELS)
    trained = []
    conducted(planned, Store(tmp_path), executor(trained), nothing, labels=LABELS)
    assert trained == []


@pytest.mark.slow
def test_a_study_in_a_file_is_carried_out_and_looked_up_again(tmp_path):
    path = tmp_path / "norm.toml"
    path.write_text(TEXT)
    store = Store(tmp_path / "store")
    result = run_study(*read_studies(path), store, show=lambda planned: nothing, workers=1)
    assert len(result.runs) == 6
    assert result.decision.verdicts[0].pairs == 3
    assert all(0 <= run.test.accuracy <= 1 and run.status == "finished" for run in result.runs)
    again = look_up(*read_studies(path), Store(tmp_path / "store"))
    assert again.decision == result.decision
    assert again.runs == result.runs


def test_a_study_that_was_not_run_cannot_be_looked_up(tmp_path):
    path = tmp_path / "norm.toml"
    path.write_text(TEXT)
    with pytest.raises(
        InputError, match="this store has no run of this study yet, or .* changed since; start it with: ablab run"
    ):
        look_up(*read_studies(path), Store(tmp_path / "store"))


@pytest.mark.parametrize(
    ("name", "message"), [("missing.toml", "missing.toml does not exist"), ("", "this is a folder")]
)
def test_what_is_no_study_file_is_refused(tmp_path, name, message):
    with pytest.raises(StudyError, match=message):
        run_study(*read_studies(tmp_path / name), Store(tmp_path / "store"), show=lambda planned: nothing)


def test_a_recipe_that_cannot_be_trained_is_refused_before_anything_is(tmp_path):
    path = tmp_path / "norm.toml"
    path.write_text(TEXT.replace("norm=batch", "batch=5000"))
    store = Store(tmp_path / "store")
    with pytest.raises(RecipeError, match="batch = 5000"):
        run_study(*read_studies(path), store, show=lambda planned: nothing)
    assert store.runs() == []


def test_one_run_is_trained_once(tmp_path):
    recipe = Recipe.of({"data": "phantom(train=200, test=50)", "epochs": 1, "batch": 50})
    store = Store(tmp_path)
    run, is_new = train_one(recipe, 7, store, show=nothing)
    again, is_new_again = train_one(recipe, 7, store, show=nothing)
    assert (is_new, is_new_again) == (True, False)
    assert again == run
    assert run.spec.seed == 7


def test_a_run_without_weights_is_trained_again_for_them_and_keeps_its_results(tmp_path):
    recipe = Recipe.of({"data": "phantom(train=200, test=50)", "epochs": 1, "batch": 50})
    store, notes = Store(tmp_path), []
    run, _ = train_one(recipe, 7, store, show=nothing)
    path = store.weights_of(run.id)
    weights = path.read_bytes()
    for file in store.weights.glob(f"{run.id}.*"):
        file.unlink()

    def note(_spec, event):
        if isinstance(event, Noticed):
            notes.append(event.text)

    again, is_trained = train_one(recipe, 7, store, show=note)
    assert is_trained
    assert again == run
    assert store.runs() == [run]
    assert path.read_bytes() == weights
    assert [text for text in notes if "weights" in text] == [
        "the store has the results of this run without its weights: ablab trains it again"
    ]
    assert not list(store.checkpoints.glob("*"))


@pytest.mark.slow
def test_a_study_that_was_changed_after_its_first_run_is_refused_with_what_changed(tmp_path):
    path, store = tmp_path / "norm.toml", Store(tmp_path / "store")
    path.write_text(TEXT)
    before = run_study(*read_studies(path), store, show=lambda planned: nothing, workers=1)
    assert {run.plan for run in before.runs} == {before.plan.hash}
    path.write_text(TEXT.replace("norm=batch", "norm=group").replace("margin = 1.0", "margin = 2.0"))
    with pytest.raises(StudyError, match=f"started as plan {before.plan.hash}") as refused:
        run_study(*read_studies(path), store, show=lambda planned: nothing)
    assert "margin: 1.0 before, now 2.0" in str(refused.value)
    assert "(norm=batch) was removed or has changed" in str(refused.value)
    assert "add --new" in str(refused.value)
    again = run_study(*read_studies(path), store, show=lambda planned: nothing, workers=1, is_new=True)
    assert again.ledger.study == 2
    path.write_text(TEXT)
    with pytest.raises(StudyError, match="has changed since"):
        run_study(*read_studies(path), store, show=lambda planned: nothing)


@pytest.mark.slow
def test_a_question_on_two_data_sets_is_two_studies_that_share_the_error(tmp_path):
    path, store = tmp_path / "norm.toml", Store(tmp_path / "store")
    hard = "phantom(train=200, test=50, difficulty=0.6)"
    path.write_text(TEXT.replace(f'data = "{DATA}"', f'data = ["{DATA}", "{hard}"]'))
    first, second = read_studies(path)
    assert (first.base.data, second.base.data) == (DATA, hard)
    assert first.comparisons == second.comparisons == 2
    results = [run_study(one, store, show=lambda planned: nothing, workers=1) for one in (first, second)]
    assert results[0].plan.alpha == 0.025
    assert results[0].plan.hash != results[1].plan.hash
    assert all(result.decision.verdicts[0].comparisons == 2 for result in results)


@pytest.mark.slow
def test_exploring_sees_no_test_image_decides_nothing_and_leaves_the_ledger_alone(tmp_path):
    path, store = tmp_path / "norm.toml", Store(tmp_path / "store")
    path.write_text(TEXT)
    (study,) = read_studies(path)
    explored = run_study(study, store, show=lambda planned: nothing, workers=1, explores=True)
    assert all(run.spec.explores and run.test.images == 20 for run in explored.runs)  # a tenth of 200
    assert all(run.test.accuracy == run.curve[run.selected_epoch - 1].val_accuracy for run in explored.runs)
    assert store.studies() == []
    confirmed = run_study(study, store, show=lambda planned: nothing, workers=1)
    assert confirmed.ledger.study == 1
    assert {run.id for run in confirmed.runs}.isdisjoint(run.id for run in explored.runs)
    assert {run.spec.seed for run in confirmed.runs} == {0, 1, 2}
    assert all(run.test.images == 50 for run in confirmed.runs)


@pytest.mark.slow
def test_a_tuned_study_gives_both_verdicts_and_says_where_they_disagree(tmp_path):
    path, store = tmp_path / "norm.toml", Store(tmp_path / "store")
    path.write_text(TEXT.replace("[variants]", 'tune = { lr = "auto" }\n[variants]'))
    (study,) = read_studies(path)
    result = run_study(study, store, show=lambda planned: nothing, workers=1)
    assert len(result.tuned.trials[0]) == len(result.tuned.trials[1]) >= 5
    assert (result.after_tuning.study.base.lr,) == result.tuned.taken[0]
    assert len(result.after_tuning.verdicts) == 1
    words = (result.verdicts[0].word, result.after_tuning.verdicts[0].word)
    assert result.disagreements == (() if words[0] == words[1] else ("batch norm",))
    again = look_up(study, Store(tmp_path / "store"))
    assert again.tuned == result.tuned
    assert again.after_tuning.decision == result.after_tuning.decision


@pytest.mark.long
def test_a_study_that_tunes_for_each_seed_trains_every_seed_at_its_own_rate_and_is_found_again(tmp_path):
    path, store = tmp_path / "norm.toml", Store(tmp_path / "store")
    path.write_text(TEXT.replace("[variants]", 'tune = { lr = "auto", repeat = "each seed" }\n[variants]'))
    (study,) = read_studies(path)
    result = run_study(study, store, show=lambda planned: nothing, workers=1)
    after = result.after_tuning
    assert [len(rates) for rates in result.tuned.taken] == [3, 3]
    assert [tuple(run.spec.recipe.lr for run in arm.runs) for arm in after.arms] == list(result.tuned.taken)
    assert [verdict.pairs for verdict in after.verdicts] == [3]
    count = len(store.ids())
    again = run_study(study, Store(tmp_path / "store"), show=lambda planned: nothing, workers=1)
    assert (again.tuned, again.after_tuning.decision) == (result.tuned, after.decision)
    assert len(store.ids()) == count


def test_trials_are_taken_off_the_list_as_they_finish(tmp_path):
    """An executor that trains whatever is wanted until nothing is would otherwise train the first trial for ever."""
    study = Study.from_toml(TEXT.replace("[variants]", 'tune = { lr = "auto" }\n[variants]'), "norm.toml")
    planned, store, lengths = plan(study, "fingerprint"), Store(tmp_path), []

    class OneByOne:
        slots = 1

        def __call__(self, wanted, observe):
            while specs := wanted():
                lengths.append(len(specs))
                off = abs(math.log10(specs[-1].recipe.lr / 0.05))  # decades from the best rate
                yield sample_run(0, 0.5 - off / 9, specs[-1].recipe, spec=specs[-1])

    list(conduct([trials(planned, store, nothing)], store, OneByOne()))
    assert lengths[0] > 1
    assert lengths[: lengths[0]] == list(range(lengths[0], 0, -1))
    assert result_of(planned, store).tuned is not None


def test_after_every_round_it_says_what_is_likely_to_come(planned, tmp_path):
    told = []
    conducted(planned, Store(tmp_path), executor([]), lambda wanted, event: told.append(event), labels=LABELS)
    rounds = [event for event in told if isinstance(event, Projection)]
    assert all(isinstance(event, Projection | Run) for event in told)
    assert rounds[0].comparisons == 1
    assert (rounds[-1].decided, rounds[-1].runs) == (1, 0)


@pytest.mark.parametrize("executor", ["here", pytest.param("workers(1)", marks=pytest.mark.long)])
def test_a_study_keeps_the_weights_of_its_runs_where_its_file_says_so_and_its_plan_is_the_same(tmp_path, executor):
    """The weights are those that were tested: with them, the network gives the predictions that the store has."""
    text = f'precision = "fp32"\n{TEXT}'
    (study,) = read_studies_of(tmp_path, f'keep = "weights"\n{text}')
    (other,) = read_studies_of(tmp_path, text)
    assert plan(study, "fingerprint").hash == plan(other, "fingerprint").hash
    store = Store(tmp_path / "store")
    result = run_study(study, store, show=lambda _planned: nothing, executor=executor)
    test = load_dataset(DATA).test
    for run in result.runs:
        kept = read(store.weights_of(run.id))
        mean, sd = (torch.tensor(each).view(1, -1, 1, 1) for each in (kept.mean, kept.sd))
        given = kept.network()((test.images.float() - mean) / sd).argmax(1)
        assert packed(given, 10) == run.predictions
    assert len(result.runs) == 6
    assert list(damages(store)) == []


def test_runs_that_explore_and_studies_that_ask_for_nothing_leave_no_weights(tmp_path):
    (study,) = read_studies_of(tmp_path, f'keep = "weights"\n{TEXT}')
    (other,) = read_studies_of(tmp_path, TEXT)
    store = Store(tmp_path / "store")
    run_study(study, store, show=lambda _planned: nothing, executor="here", explores=True)
    run_study(other, store, show=lambda _planned: nothing, executor="here")
    assert not store.weights_of("any").parent.exists()


def test_what_cannot_be_kept_is_refused_with_its_line_and_a_study_in_python_says_it_in_its_text(tmp_path):
    with pytest.raises(StudyError, match=r'norm.toml:1: keep = "weights" keeps the weights of every run'):
        read_studies_of(tmp_path, f'keep = "everything"\n{TEXT}')
    with pytest.raises(StudyError, match='keep = "weights"'):
        Study("Does batch norm help?", "simple-nn", {"norm": "norm=batch"}, keep="everything")
    study = Study("Does batch norm help?", "simple-nn", {"norm": "norm=batch"}, keep="weights")
    assert Study.from_toml(study.text).keep == "weights"


@pytest.mark.long
def test_a_replication_on_two_data_sets_that_was_stopped_goes_on_and_repeats_none_that_is_done(tmp_path):
    text = TEXT.replace(f'"{DATA}"', '["phantom(train=200, test=50)", "phantom(train=200, test=60)"]')
    studies = read_studies_of(tmp_path, text)
    store = Store(tmp_path / "store")

    def asked(*, replicates, stops=False):
        options = {"show": lambda planned: nothing, "executor": "here", "replicates": replicates}
        conducting = run_studies(studies, store, **options)
        if stops:
            next(conducting)  # the first data set has its answer
            conducting.close()
        else:
            assert len(list(conducting)) == 2

    asked(replicates=False)
    asked(replicates=True, stops=True)
    assert {kept.root for kept in store.studies()} == {0, 1}
    stopped_at = len(store.ids())
    assert 12 < stopped_at < 24
    asked(replicates=True)
    assert len(store.ids()) == 24
    assert sorted(kept.root for kept in store.studies()) == [0, 0, 1, 1]
    asked(replicates=True)
    assert sorted(kept.root for kept in store.studies()) == [0, 0, 1, 1, 2, 2]
