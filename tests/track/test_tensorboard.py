"""TensorBoard's own reader finds the curves, parameters and verdicts of a study in the event files."""

import json

import pytest

from ablab.conduct import run_study
from ablab.store import Store
from ablab.study import Study

pytest.importorskip("tensorboard", reason="the extra tensorboard is not installed")
pytestmark = pytest.mark.filterwarnings("ignore")  # of what TensorBoard imports
SMALL = "mlp data=phantom(train=200,test=60) hidden=[8] train_images=60 epochs=2 batch=20"


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tensorboard")
    study = Study("Does it help?", SMALL, {"batch norm": "norm=batch"}, seeds=3, margin=1.0, name="mine")
    result = run_study(
        study,
        Store(folder / "store"),
        show=lambda _planned: lambda _spec, _event: None,
        executor="here",
        track=[f"tensorboard({folder}/runs)"],
    )
    return result, folder / "runs" / "mine"


def read(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    reader = EventAccumulator(str(folder))
    reader.Reload()
    return reader


def text(reader, tag):
    return reader.Tensors(f"{tag}/text_summary")[0].tensor_proto.string_val[0].decode()


def test_every_run_has_its_curves_and_its_test(mirrored):
    result, folder = mirrored
    assert len([path for path in folder.iterdir() if "verdicts" not in path.name]) == len(result.runs) == 6
    for run in result.runs:
        (place,) = folder.glob(f"* {run.id}")
        reader = read(place)
        losses = [(event.step, event.value) for event in reader.Scalars("val/loss")]
        assert losses == [(row.epoch, pytest.approx(row.val_loss, rel=1e-6)) for row in run.curve]
        (accuracy,) = reader.Scalars("test/accuracy")
        assert (accuracy.step, accuracy.value) == (run.selected_epoch, pytest.approx(run.test.accuracy, rel=1e-6))
        assert text(reader, "status") == "finished"


def test_parameters_are_there_to_be_compared(mirrored):
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    result, folder = mirrored
    run = next(run for run in result.runs if run.spec.recipe.options.get("norm") == "batch")
    (place,) = folder.glob(f"* {run.id}")
    content = read(place).SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    given = HParamsPluginData.FromString(content).session_start_info.hparams
    assert given["norm"].string_value == "batch"
    assert given["seed"].string_value == str(run.spec.seed)


def test_verdicts_are_there_in_words_and_as_json(mirrored):
    result, folder = mirrored
    reader = read(folder / "mine verdicts")
    assert result.verdicts[0].sentence in text(reader, "verdicts")
    outcome = json.loads(text(reader, "outcome").removeprefix("```json\n").removesuffix("\n```"))
    assert outcome["plan"] == result.plan.hash


def test_a_trial_of_a_program_has_its_arguments_its_figures_and_how_it_ended(tmp_path):
    from ablab.track import Activity
    from ablab.track.tensorboard import TensorBoard
    from ablab.trial import Outcome, Trial

    told = TensorBoard(Activity(tmp_path, name="mine"), folder=str(tmp_path / "runs"))
    outcome = Outcome(Trial("subject", "--width 2", 3), "finished", 1.0, {"acc": 0.5})
    told.kept(outcome)
    told.close()
    reader = read(tmp_path / "runs" / "mine" / f"--width 2 seed 3 {outcome.id}")
    assert reader.Scalars("acc")[0].value == 0.5
    assert text(reader, "status") == "finished"
