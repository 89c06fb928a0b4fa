"""Forms of what ablab reads from outside or from its own files: a genuine file of each, and how it is read."""

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cifar_files import small
from sample_runs import sample_run

HERE = Path("trial")  # what is read lies in the working folder, under this name
AUDITED = "model,accuracy,runs,sd,epochs\nbase,71.2,3,0.4,30\nbatch norm,73.9,3,0.3,30\ndropout,70.0,1,,30\n"
RESULTS = "variant,seed,accuracy\n" + "".join(f"{name},{seed},{70 + seed / 7}\n" for name in "ab" for seed in range(5))
STUDY = """
question = "Does batch norm help this CNN?"
data = "phantom"
model = "simple-nn"
epochs = 3
[variants]
"batch norm" = "norm=batch"
"crop + flip" = "augment=crop(4)+flip lr=0.05"
[decide]
margin = 0.5
seeds = "3..10"
"""


@dataclass(frozen=True)
class Form:
    """A kind of file. `read` gives something to compare; with a digest, only what was written may ever come out."""

    name: str
    genuine: Callable[[], bytes]
    read: Callable[[bytes], Any]
    has_digest: bool = False
    is_text: bool = False  # its reader starts at once, without torch


def written(suffix: str, content: bytes) -> Path:
    path = HERE.with_suffix(suffix)
    path.write_bytes(content)
    return path


def examples(dataset: Any) -> Any:
    """What a data set holds: pixels and labels by their fingerprints, and the names of classes."""
    return dataset.train.fingerprint, dataset.test.fingerprint, tuple(dataset.classes)


def cifar(name: str, form: str, *, checked: bool) -> Form:
    """One file of an official data set, alone or compared with its digest."""
    data = small(name, form)
    member = data.known.batches[-1]

    def read(content: bytes) -> Any:
        from ablab.data.sources.cifar import read_batch, read_known

        if not checked:
            return read_batch(bytearray(content), str(HERE), data.known, "fine").fingerprint
        members = tuple(replace(one, size=len(content)) if one is member else one for one in data.known.members)
        folder = HERE.with_name(data.known.folder)
        if not folder.exists():
            data.folder(folder)
        (folder / member.name).write_bytes(content)
        return examples(read_known(folder, replace(data.known, members=members), "fine"))

    known = "with its digest" if checked else "without a digest"
    return Form(f"{name} {form}, {known}", lambda: data.files[member.name], read, checked)


def archive() -> Form:
    data = small("cifar10", "python", images=1)

    def genuine() -> bytes:
        return data.archive(HERE.with_name(data.known.archive)).read_bytes()

    def read(content: bytes) -> Any:
        from ablab.data.sources.cifar import read_known

        path = HERE.with_name(data.known.archive)
        path.write_bytes(content)
        return examples(read_known(path, data.known, "fine"))

    return Form("tar.gz of CIFAR-10", genuine, read, has_digest=True)


def noise(kind: str, seed: int = 0) -> bytes:
    """A picture of random pixels."""
    import numpy as np
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (24, 20, 3), dtype=np.uint8)).save(out, kind)
    return out.getvalue()


def picture(kind: str) -> Form:
    def read(content: bytes) -> Any:
        from ablab.data.pictures import decode

        return hashlib.sha256(decode(content, str(HERE), size=16).numpy().tobytes()).hexdigest()

    return Form(kind, lambda: noise(kind), read, has_digest=kind == "PNG")


def npz() -> Form:
    def genuine() -> bytes:
        import numpy as np

        out, draw = io.BytesIO(), np.random.default_rng(0)
        parts: dict[str, Any] = {}
        for part, number in (("train", 6), ("test", 4)):
            parts[f"x_{part}"] = draw.integers(0, 256, (number, 4, 4, 3), np.uint8)
            parts[f"y_{part}"] = np.arange(number) % 2
        np.savez_compressed(out, **parts)
        return out.getvalue()

    def read(content: bytes) -> Any:
        from ablab.data.sources.npz import read

        return examples(read(written(".npz", content)))

    return Form("npz", genuine, read)


def parquet() -> Form:
    def genuine() -> bytes:
        import pyarrow
        import pyarrow.parquet

        images = [{"bytes": noise("PNG", seed), "path": f"{seed}.png"} for seed in range(8)]
        out = io.BytesIO()
        pyarrow.parquet.write_table(pyarrow.table({"img": images, "label": [0, 1] * 4}), out, row_group_size=5)
        return out.getvalue()

    def read(content: bytes) -> Any:
        from ablab.data.sources.parquet import read

        return examples(read(written(".parquet", content)))

    return Form("Parquet", genuine, read)


def read_study(content: bytes) -> Any:
    from ablab.study.question.files import read_study

    return repr(read_study(written(".toml", content)))


def read_audit(content: bytes) -> Any:
    from ablab.auditing import audit
    from ablab.auditing.claims import figures

    return repr(audit(figures(content, str(HERE)).claims))


def read_results(content: bytes) -> Any:
    from ablab.elsewhere.columns import table_of
    from ablab.elsewhere.formats import records
    from ablab.elsewhere.judge import Rule, judge
    from ablab.elsewhere.scale import scale_of

    table = table_of(records(written(".csv", content)), {})
    return repr(judge(table, None, Rule(0.5), scale_of(table)))


def page() -> bytes:
    """The element of a report that `ablab verify` reads, in a page."""
    import dataclasses
    import json

    run = sample_run()
    row = {
        "id": run.id,
        "seed": 0,
        "recipe": run.spec.recipe.full(),
        "fingerprint": "fingerprint",
        "accuracy": 0.31,
        "predictions_sha256": "0" * 64,
        "machine": dataclasses.asdict(run.machine),
    }
    text = json.dumps({"study": STUDY, "runs": [row]}).replace("<", "\\u003c")
    return f'<!doctype html><h1>x</h1><script type="application/json" id="ablab-runs">{text}</script>'.encode()


def read_page(content: bytes) -> Any:
    from ablab.verify import read

    return repr(read(written(".html", content)))


def exported() -> bytes:
    from ablab.store import Store
    from ablab.store.exchange import export

    store = Store(HERE.with_name("genuine"))
    for seed in range(3):
        store.add(sample_run(seed, 0.31))
    export(store, store.ids(), HERE.with_suffix(".ablab"))
    return HERE.with_suffix(".ablab").read_bytes()


def read_export(content: bytes) -> Any:
    from ablab.store.exchange import _parsed

    return [repr(value) for value in _parsed(written(".ablab", content))]  # what `take` looks at before it takes


FORMS = (
    *(cifar(name, "python", checked=checked) for name in ("cifar10", "cifar100") for checked in (False, True)),
    *(cifar(name, "binary", checked=True) for name in ("cifar10", "cifar100")),
    archive(),
    *map(picture, ("PNG", "JPEG", "WEBP")),
    npz(),
    parquet(),
    Form("study file", STUDY.encode, read_study, is_text=True),
    Form("table to audit", AUDITED.encode, read_audit, is_text=True),
    Form("results of other programs", RESULTS.encode, read_results, is_text=True),
    Form("page to verify", page, read_page, is_text=True),
    Form("file of runs (.ablab)", exported, read_export, has_digest=True, is_text=True),
)
