"""Labels: do the predictions of runs and the labels of the test images give the accuracies that the runs have?

Labels may come with an import. Those of the data themselves stand above them.
"""

from array import array

from ablab.errors import StoreError
from ablab.records import DataFacts, Run
from ablab.store.store import Store

AT_ONCE = 200  # runs that are in memory at a time
NAMED = 10  # runs in a message


def keep_own(store: Store, data: DataFacts) -> None:
    """Keep what a data set says of itself. Labels that an import brought give way if no run rests on them."""
    there = store.data(data.fingerprint)
    if there is None or (there.classes, there.labels) == (data.classes, data.labels):
        store.keep_data(data)
        return
    ids, wrong = store.ids(), list[str]()
    for first in range(0, len(ids), AT_ONCE):
        runs = store.runs(ids[first : first + AT_ONCE])
        wrong += [run.id for run in runs if run.spec.fingerprint == data.fingerprint and contradiction(run, data)]
    if wrong:
        more = f" (and {len(wrong) - NAMED} more)" if len(wrong) > NAMED else ""
        raise StoreError(
            f"{store.file}: an import brought test labels of {data.name} that differ from those of the data. Remove "
            f"the runs that use them{more}: ablab runs rm {' '.join(wrong[:NAMED])}"
        )
    store.keep_data(data, replaces=True)


def contradiction(run: Run, data: DataFacts | None) -> str:
    """What is wrong where predictions and labels are known and do not give the accuracy that the run says it has."""
    if data is None or not run.predictions or run.test is None or run.spec.explores:
        return ""
    images = len(data.labels)
    width = 1 if len(run.predictions) == images else 2
    if run.test.images != images or len(run.predictions) != width * images:
        return f"it has {len(run.predictions)} bytes of predictions for {run.test.images} images; the data has {images}"
    right = _agreements(run.predictions, data.labels, width)
    if abs(right / images - run.test.accuracy) > 0.5 / images:
        said = f"{run.test.points:.2f} %"
        return f"it says {said}, and its predictions are right for {right} of {images} images"
    return ""


def _agreements(predictions: bytes, labels: tuple[int, ...], width: int) -> int:
    """How many predictions are the labels; as differences of whole numbers, because a loop over 10,000 takes a ms."""
    truth = b"".join(label.to_bytes(width, "little") for label in labels) if width > 1 else bytes(labels)
    different = int.from_bytes(predictions, "little") ^ int.from_bytes(truth, "little")
    return array("H" if width > 1 else "B", different.to_bytes(len(truth), "little")).count(0)
