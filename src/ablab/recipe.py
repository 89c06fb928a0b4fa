"""Recipe: everything that decides a training run except the seed."""

import functools
import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, Self

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from ablab import aliases, grammar, recipes
from ablab.catalogue import LENGTH, bind, catalogue, find, is_own
from ablab.errors import Fault, GrammarError, InputError, RecipeError, did_you_mean
from ablab.operations import PLACES, faults_of, pinned_names, spelled, written

VERSION = 1  # part of every hash: raised when a default changes its meaning, because hashes leave defaults out
AS_STORED = "as stored"  # the context in which pydantic reads recipes that were made before: names are not checked
MOST_HINTS = 20

Positive = Annotated[int, Field(ge=1)]


class Recipe(BaseModel):
    """Frozen and hashable. Keys that are not fields are options of the model.

    >>> Recipe.of({"model": "simple-nn"}).with_("norm=batch lr=0.1").changes()
    {'lr': 0.1, 'norm': 'batch'}
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    data: str = Field("phantom", description="data set: a name, a path, or phantom(difficulty=0.5)")
    size: Positive | None = Field(None, description="pixels per side; folders of pictures are resized to 32 by default")
    train_images: Positive | None = Field(None, description="train on this many images, the same number of every class")
    data_fraction: float = Field(1.0, gt=0, le=1, description="train on this share of the images of every class")
    imbalance: float = Field(1.0, ge=1, description="long tail: ratio of the largest class to the smallest one")
    label_noise: float = Field(0.0, ge=0, lt=1, description="share of the training labels to replace with wrong ones")
    val: float = Field(0.1, gt=0, lt=1, description="share of the training images to set aside for validation")
    split_seed: int | None = Field(
        None, ge=0, description="use one validation split for all seeds instead of a new one for each seed"
    )
    model: str = Field("simple-nn", description="network: a name")
    options: dict[str, Any] = Field(default_factory=dict, description="options of the network, such as norm=batch")
    init: str = Field(
        "torch",
        description="initial weights: torch, he, glorot, lecun, orthogonal, dirac, normal(0.01), or run:ID, "
        "FILE.safetensors",
    )
    train_only: str | None = Field(None, min_length=1, description="train only these parts: head, or head + layer4.*")
    whiten: int = Field(
        0,
        ge=0,
        description="initialize the first convolution by whitening the patches of this many training images; 0: off",
    )
    epochs: Positive = Field(10, description="passes over the training images")
    steps: Positive | None = Field(None, description="stop after this many steps, not after whole epochs")
    time: str | None = Field(None, description="stop after the epoch in which training time reaches this: 90s, 30m")
    target: float | None = Field(
        None, gt=0, lt=100, description="stop once validation accuracy reaches this many percent"
    )
    patience: Positive | None = Field(None, description="stop after this many epochs without improvement")
    floor: str | None = Field(
        None, description="stop if the best validation accuracy so far is lower than this: 2:30, 4:45 (epoch:percent)"
    )
    batch: Positive = Field(128, description="images per step")
    batch_split: Positive | Literal["auto"] = Field(
        1, description="split each batch into this many parts to save memory; auto: as many as memory requires"
    )
    sync_norm: bool = Field(
        False,
        description="if processes share a batch, normalize over the whole batch; otherwise, each process over its part",
    )
    drop_last: bool = Field(False, description="drop the last batch of an epoch if it is not full")
    resolution: str = Field("none", description="smaller training images in the first epochs: low(24, epochs=4)")
    optimizer: str = Field("sgd(momentum=0.9)", description="update rule: a name with its options")
    lr: float = Field(0.05, gt=0, description="learning rate (the peak, if a schedule changes it)")
    lr_scale: str = Field(
        "none", description="factors on the learning rate of parts: head(0.1) + biases(2), or layers by name"
    )
    schedule: str = Field(
        "cosine",
        description="learning rate over time: constant, linear, triangle, cosine, onecycle, step, multistep, plateau",
    )
    warmup: float = Field(0.0, ge=0, description="epochs over which the learning rate rises from 0")
    weight_decay: float = Field(5e-4, ge=0, description="L2 penalty (weight decay)")
    decay: Literal["weights", "all"] = Field(
        "weights", description="what the penalties apply to: weights only, or biases and norms as well"
    )
    l1: float = Field(0.0, ge=0, description="L1 penalty, on the same parameters as weight_decay")
    clip: float | None = Field(None, gt=0, description="clip gradients to this norm")
    average: str = Field(
        "none", description="average weights for measuring: none, ema(decay=0.998) or lookahead(every=5)"
    )
    loss: str = Field("cross-entropy", description="loss function: cross-entropy or focal(gamma=2)")
    class_weights: Literal["none", "balanced"] = Field(
        "none", description="balanced: give rare classes as much weight as common ones"
    )
    label_smoothing: float = Field(
        0.0, ge=0, lt=1, description="label smoothing: share of the target to spread over all classes"
    )
    augment: str = Field("none", description="random changes to training images: crop(4) + flip + cutout(8)")
    tta: str = Field(
        "none",
        description="test-time views to average: none, flip, flip+shift, airbench, or (a mistake) augment",
    )
    select: Literal["best", "last", "test"] = Field(
        "best", description="epoch to keep: best on validation, last, or (biased) best on test"
    )
    precision: Literal["auto", "fp32", "bf16", "fp16"] = Field(
        "auto", description="number format of the forward pass; weights stay in fp32"
    )
    channels_last: bool | Literal["auto"] = Field(
        "auto", description="store images with channels last in memory; auto: if that is faster"
    )
    compile: bool | Literal["auto"] = Field(
        "auto", description="compile the network with torch.compile; auto: a CUDA graph on a GPU, nothing elsewhere"
    )
    kernels: Literal["auto", "off"] = Field(
        "off",
        description="auto: the compiled kernels and the precision that are fastest on this CPU; off: torch's kernels",
    )
    device: str = Field("auto", description="auto, cpu, cuda, cuda:1 or mps")
    threads: Positive | None = Field(None, description="CPU threads; by default, as many as torch uses")

    @field_validator("data", "model", *PLACES)
    @classmethod
    def _names_what_is_there(cls, text: str, info: ValidationInfo) -> str:
        key = str(info.field_name)
        is_text = key in ("data", "model")
        if info.context == AS_STORED:
            return text if is_text else written(text)
        text, faults = _with_digests(key, text)
        if faults := faults or (() if key == "model" else _told(key, text)):
            raise PydanticCustomError("named", "{text}", {"text": "\n".join(map(str, faults)), "faults": faults})
        return text if is_text else spelled(key, text)

    @field_validator("time")
    @classmethod
    def _a_time(cls, text: str | None) -> str | None:
        try:
            seconds = 1.0 if text is None else grammar.duration(text)
        except GrammarError as error:
            raise ValueError(error.faults[0].message) from None
        if seconds <= 0:
            raise ValueError("must be above 0")
        return text

    @field_validator("floor")
    @classmethod
    def _floors(cls, text: str | None) -> str | None:
        try:
            return None if text is None else ", ".join(f"{at}:{low:g}" for at, low in grammar.floors(text).items())
        except GrammarError as error:
            raise ValueError(error.faults[0].message) from None

    @field_validator("lr", "weight_decay", "l1", "clip", "warmup", "val", "label_smoothing", "target", "imbalance")
    @classmethod
    def _finite(cls, number: float | None) -> float | None:
        if number is not None and not math.isfinite(number):
            raise ValueError("must be a finite number")
        return number

    @classmethod
    def of(cls, keys: Mapping[str, Any], base: "Recipe | None" = None) -> "Recipe":
        """A recipe from typed keys, over `base` or the defaults. All faults are reported together."""
        return cls._of(keys, base)

    @classmethod
    def stored(cls, keys: Mapping[str, Any]) -> "Recipe":
        """A recipe that was made before, perhaps by another version, which may have known other names."""
        return cls._of(keys, None, AS_STORED)

    @classmethod
    def _of(cls, keys: Mapping[str, Any], base: "Recipe | None", context: str | None = None) -> "Recipe":
        fields = set(cls.model_fields) - {"options"}
        keys, faults = _with_named(keys)
        given = {
            **(base.model_dump(exclude={"options"}, exclude_defaults=True) if base else {}),
            **{k: keys[k] for k in keys if k in fields},
        }
        options = {**(base.options if base else {}), **{k: v for k, v in keys.items() if k not in fields}}
        recipe = None
        try:
            recipe = cls.model_validate(given, context=context)
        except ValidationError as error:
            faults += [fault for detail in error.errors() for fault in _plain(detail)]
        model = recipe.model if recipe else str(given.get("model", cls.model_fields["model"].default))
        if not is_own(model):  # a user's own network answers for its options when it is built
            options, wrong = _options(model, options, check=context != AS_STORED)
            faults += wrong
        if recipe is None or faults:
            raise RecipeError(faults)
        return recipe.model_copy(update={"options": dict(sorted(options.items()))})

    def with_(self, text: str) -> "Recipe":
        """This recipe with changes, in the words of the command line: `norm=batch lr=0.1`."""
        return Recipe.of(typed(grammar.assignments(text)), base=self)

    def changes(self) -> dict[str, Any]:
        """The keys that differ from the defaults, model options beside the others."""
        own = {k: v for k, v in self.model_dump(exclude={"options"}).items() if v != type(self).model_fields[k].default}
        return {**own, **self.options}

    def difference(self, other: "Recipe") -> dict[str, tuple[Any, Any]]:
        """The keys in which two recipes differ, with both values; an option's default is shown as its default."""
        mine, theirs = self.full(), other.full()
        return {k: (mine.get(k), theirs.get(k)) for k in {**mine, **theirs} if mine.get(k) != theirs.get(k)}

    def full(self) -> dict[str, Any]:
        """Every key with its value, the model's options at their defaults where they were not given."""
        return {**self.model_dump(exclude={"options"}), **_model_options(self.model), **self.options}

    def toml(self) -> str:
        """The recipe as a TOML file: all that differs from the defaults, the data and the model."""
        return tomli_w.dumps({"data": self.data, "model": self.model, **self.changes()})

    @functools.cached_property
    def hash(self) -> str:
        """Twelve hexadecimal digits that two recipes share if and only if they say the same."""
        text = json.dumps([VERSION, self.data, self.model, self.changes()], sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def __repr__(self) -> str:
        return f"Recipe.of({self.changes()!r})"

    def __hash__(self) -> int:
        return hash(self.hash)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with changes that nobody checks; its hash is its own, though pydantic copies what was cached."""
        copied = super().model_copy(update=update, deep=deep)
        copied.__dict__.pop("hash", None)
        return copied


def typed(texts: Mapping[str, str]) -> dict[str, Any]:
    """Values of the command line as the kind that their key wants: whole numbers, numbers, or text."""
    kinds = {key: field.annotation for key, field in Recipe.model_fields.items()}
    return {
        key: text if kinds.get(key) in (str, str | None) else _number_as_wanted(grammar.value(text), kinds.get(key))
        for key, text in texts.items()
    }


def keys() -> list[tuple[str, str, str]]:
    """Every key of a recipe with its default and its help, for the reference page."""
    return [
        (key, grammar.show(field.default), field.description or "")
        for key, field in Recipe.model_fields.items()
        if key != "options"
    ]


def _with_named(keys: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Fault]]:
    """The keys over those of the shipped recipe that they name: `recipe=fast94`, or `fast94` in a network's place."""
    name = keys.get("recipe") or (keys["model"] if keys.get("model") in recipes.names() else None)
    if name is None:
        return keys, []
    own = {key: value for key, value in keys.items() if key != "recipe" and (key, value) != ("model", name)}
    if name not in recipes.names():
        return own, [
            Fault("recipe", f'no recipe is called "{name}"', str(name), did_you_mean(str(name), recipes.names()))
        ]
    return {**recipes.keys_of(name), **own}, []


def _model_options(model: str) -> dict[str, Any]:
    """Options and defaults of a model of the zoo; none are known of a user's own."""
    entry = catalogue("models", "model").get(model)
    return entry.options if entry else {}


def _options(model: str, given: dict[str, Any], *, check: bool) -> tuple[dict[str, Any], Iterable[Fault]]:
    """The options of a model that are not at their defaults, and what is wrong with them."""
    try:
        entry = find("models", "model", model)
    except InputError as error:
        return given, error.faults
    unknown = [key for key in given if key not in entry.options]
    known = {*Recipe.model_fields, *entry.options} - {"options"}
    # did-you-mean costs 0.1 ms, and nobody reads hundreds of hints
    faults = [
        _unknown(key, given[key], known if number < MOST_HINTS else (), model) for number, key in enumerate(unknown)
    ]
    changed = {k: v for k, v in given.items() if k in entry.options and v != entry.options[k]}
    return changed, [*faults, *(bind(grammar.Call(model, options=changed), entry)[1] if check else ())]


def _unknown(key: str, value: Any, known: Iterable[str], model: str) -> Fault:
    near = aliases.hint(key, grammar.show(value)[:LENGTH]) or did_you_mean(key[:LENGTH], known)
    all_keys = f"all keys: ablab recipe, options of {model}: ablab models {model}"
    told = (
        f"{near} {all_keys}"
        if near.endswith("?")
        else all_keys
        if near.startswith("known: ")
        else f"{near}; {all_keys}"
    )
    message = f'"{key}" is not a recipe key' if near == aliases.SEED else f'unknown recipe key "{key}"'
    return Fault(key, message, key, told)


def _told(key: str, text: str) -> tuple[Fault, ...]:
    """The faults of a named value; an option that is a key of the recipe itself belongs outside the brackets."""
    return tuple(
        replace(fault, hint=f"{fault.near} is a key of the recipe itself: write {fault.near}=... beside {key}")
        if fault.near in Recipe.model_fields and fault.near != key
        else fault
        for fault in faults_of(key, text)
    )


def _with_digests(key: str, text: str) -> tuple[str, tuple[Fault, ...]]:
    """The text with the digests of a user's own code, or why there is none.

    What is wrong with the file of a network is found when it is built.
    """
    try:
        return pinned_names(key, text), ()
    except InputError as error:
        return text, () if key == "model" else (Fault(key, f"{key} = {text}: {error}", text),)


def _number_as_wanted(found: Any, kind: Any) -> Any:
    return float(found) if kind in (float, float | None) and type(found) is int else found


def _plain(detail: Any) -> tuple[Fault, ...]:
    """What pydantic found, as faults; those of names are in its context."""
    if "faults" in detail.get("ctx", {}):
        return tuple(detail["ctx"]["faults"])
    key, message = (
        str(detail["loc"][0]),
        str(detail["msg"]).removeprefix("Value error, ").replace("Input should be", "it must be"),
    )
    return (Fault(key, f"{key} = {grammar.show(detail['input'])}: {message[0].lower()}{message[1:]}", key),)
