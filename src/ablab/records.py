"""What a run leaves behind: frozen values that go to JSON and back, and know nothing of torch."""

import functools
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from ablab import grammar
from ablab.errors import RecipeError
from ablab.nouns import counted, ordinal
from ablab.recipe import AS_STORED, Recipe

LARGEST_SEED = (1 << 63) - 1  # the largest whole number of SQLite

Observer = Callable[["RunSpec", Any], None]  # (which run, an event of it or the run itself): what only looks
Status = Literal["finished", "diverged", "failed"]


@dataclass(frozen=True)
class RunSpec:
    """One run that somebody wants. The data's fingerprint belongs to it: other pixels are another run.

    A run that explores never sees the test images: what stands for them is its own validation images.
    """

    recipe: Recipe
    seed: int
    fingerprint: str
    explores: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.seed <= LARGEST_SEED:
            raise RecipeError(f"seed = {self.seed}: give a whole number from 0 to {LARGEST_SEED}")

    @functools.cached_property
    def id(self) -> str:
        """Names the run everywhere: in the store, in file names, on the screen."""
        text = json.dumps([self.recipe.hash, self.seed, self.fingerprint, *(["explores"] if self.explores else [])])
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class EpochRow:
    """One line of a run's curve. Training figures are means over examples, taken while the weights moved."""

    epoch: int  # 1 is the first
    lr: float  # at the last step of the epoch
    train_loss: float
    train_accuracy: float  # shares, 0 to 1
    val_loss: float
    val_accuracy: float
    seconds: float  # of training; measuring is left out
    examples: int = 0  # images that it took

    @property
    def train_points(self) -> float:
        """Training accuracy in percentage points, which is how people read and compare it."""
        return 100 * self.train_accuracy

    @property
    def val_points(self) -> float:
        """Validation accuracy in percentage points."""
        return 100 * self.val_accuracy


def missed_floor(recipe: Recipe, curve: Sequence[EpochRow]) -> float | None:
    """The floor of a recipe that a curve ends below, in percent; None where the run may go on."""
    least = grammar.floors(recipe.floor).get(len(curve)) if recipe.floor else None
    return least if least is not None and max(row.val_points for row in curve) < least else None


@dataclass(frozen=True)
class Measurement:
    """A network on a set of images."""

    loss: float  # mean cross-entropy, which is the mean negative log-likelihood
    accuracy: float
    images: int
    metrics: dict[str, float] = field(default_factory=dict)  # others by their name: top5, ece

    @property
    def points(self) -> float:
        """Accuracy in percentage points."""
        return 100 * self.accuracy


@dataclass(frozen=True)
class Weights:
    """The weights of linear and convolution layers, all together: how many are next to nothing, how they spread."""

    number: int
    near_zero: float  # share whose size is below NEAR_ZERO
    rms: float
    counts: tuple[int, ...]  # in bins of equal width from -SPREAD to SPREAD, the outer ones open


SEEN = {"validation": "validation images", "training": "training images"}  # what a run is asked about beside the test
NEAR_ZERO = 1e-3
SPREAD = 0.5


@dataclass(frozen=True)
class Cost:
    """What a run took. Seconds compare only within one machine and one sitting."""

    seconds: float  # training alone
    wall_seconds: float  # everything
    epochs: int
    examples: int
    parameters: int
    macs: int | None = None  # multiply-adds of one image, forward
    memory: int | None = None  # bytes: on a GPU the most that was held, else the most resident at an end of an epoch


@dataclass(frozen=True)
class Machine:
    """Where a run was carried out: what bit-identical depends on."""

    name: str
    device: str
    threads: int
    precision: str
    torch: str
    python: str
    capability: str
    processes: int = 1  # that trained it together
    resumed: tuple[str, ...] = ()  # what was not as before when it went on after a stop: its last bits may differ

    @property
    def clock(self) -> tuple[str, str, int, int]:
        """Times can be compared where this is the same."""
        return self.name, self.device, self.threads, self.processes


@dataclass(frozen=True)
class Origin:
    """When a run ended, with which ablab, and the state of the code around it."""

    time: str  # UTC, ISO 8601
    ablab: str
    commit: str = ""  # of the git repository around the working folder; ends in + where files were changed


@dataclass(frozen=True)
class DataFacts:
    """What reports need of a data set when the pictures themselves are elsewhere."""

    fingerprint: str
    name: str
    classes: tuple[str, ...]
    labels: tuple[int, ...] = field(repr=False)  # of the test images, in their order
    in_shape: tuple[int, int, int] | None = None  # channels, height, width; None where an older version kept the data


@dataclass(frozen=True)
class StudyText:
    """A study as a store keeps it: the text of its file, and which plan was made of it."""

    plan: str
    name: str
    text: str
    fingerprint: str  # of the data
    comparisons: int  # looks at the test images, for the ledger
    data: str = ""  # on which of its data sets; empty where an older version kept the study
    scale: str = ""  # the same
    root: int = 0  # which seeds its runs have
    locked: str = ""  # when its plan was: UTC, ISO 8601; empty where an older version kept the study


@dataclass(frozen=True)
class Judged:
    """A plan that has judged a run, and when it first did."""

    run: str
    plan: str
    time: str  # UTC, ISO 8601; empty where an older version kept the run


@dataclass(frozen=True)
class Removed:
    """What stays of a run that was removed: which one it was, what it came to, who had judged it, when and why."""

    run: str
    recipe: str  # the hash of its recipe
    model: str
    data: str
    seed: int
    status: str
    accuracy: float | None  # on the test images, 0 to 1
    ended: str  # when its training had ended: UTC, ISO 8601
    plans: tuple[str, ...]  # that had judged it
    time: str  # when it was removed
    why: str = ""


@dataclass(frozen=True)
class Ledger:
    """How often the test images of a data set had been looked at, in one store, when a study was begun."""

    study: int  # it was the 1st, 2nd, ... study on them
    first: int  # its comparisons are those from number so
    last: int  # to number so

    def __str__(self) -> str:
        many = f"{counted(self.last, 'comparison')} so far"
        return f"In this store, this is the {ordinal(self.study)} study on this test set ({many})"


@dataclass(frozen=True, repr=False)
class Run:
    """One recipe trained with one seed."""

    __pydantic_config__ = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", ser_json_inf_nan="strings")

    spec: Annotated[RunSpec, Field(alias="wanted")]  # the name that it has in stored runs
    status: Status
    machine: Machine
    cost: Cost
    untrained_loss: float | None = None
    curve: tuple[EpochRow, ...] = ()
    selected_epoch: int | None = None
    test: Measurement | None = None
    predictions: bytes = field(
        default=b"", repr=False
    )  # the class of every test image: one byte, two above 256 classes
    certainty: bytes = field(default=b"", repr=False)  # the probability of that class, in 255ths: one byte each
    train: Measurement | None = None  # the selected weights on a sample of training images, as they are
    weights: Weights | None = None
    confusions: dict[str, bytes] = field(default_factory=dict, repr=False)  # of the images of SEEN, packed matrices
    note: str = ""  # why it did not finish
    stopped: str = ""  # why it ended before its last epoch, though nothing went wrong
    plan: str = ""  # hash of the plan that it was trained for; empty for a single run, which is no evidence
    origin: Origin | None = None

    plot: ClassVar[Callable[..., Any]]  # given by ablab.api, which can draw

    @property
    def id(self) -> str:
        return self.spec.id

    @property
    def points(self) -> float | None:
        """Test accuracy in percentage points; None where it was not measured."""
        return None if self.test is None else self.test.points

    def __repr__(self) -> str:
        about = f"{self.spec.recipe.model} on {self.spec.recipe.data}, seed {self.spec.seed}"
        accuracy = f", {self.points:.2f} %" if self.points is not None else ""
        return f"<Run {self.id}: {about}, {self.status}{accuracy}>"

    def to_json(self) -> str:
        return _RUN.dump_json(self, by_alias=True).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> "Run":
        return _RUN.validate_json(text, context=AS_STORED)


_RUN: TypeAdapter[Run] = TypeAdapter(Run)
