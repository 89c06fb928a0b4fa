"""joined: this process among those that torchrun started for one run."""

import contextlib
import datetime
import functools
import os
from collections.abc import Iterator
from typing import Any

import psutil
import torch
import torch.distributed as dist
from torch.distributed.rendezvous import rendezvous

from ablab.train.device import usual_threads
from ablab.train.together import ALONE, Team

# One that is gone is noticed at once; a long wait is for data, or for another command that trains the same run.
PATIENCE = datetime.timedelta(days=1)
SPOKEN = "ablab/spoken"  # counts the processes that had something to say at their end


@contextlib.contextmanager
def joined() -> Iterator[Team]:
    """The team of processes while they train, each with its share of the machine's cores."""
    if not is_started():
        yield ALONE
        return
    rank, size, local = (int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
    cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
    torch.set_num_threads(threads_each())
    usual_threads.cache_clear()
    backend = "cpu:gloo,cuda:nccl" if cards else "gloo"
    dist.init_process_group(backend, store=_store(), rank=rank, world_size=size, timeout=PATIENCE)
    yield Team(rank, size, local)
    dist.destroy_process_group()  # one that was lost is not waited for


def is_started() -> bool:
    """Whether torchrun has started several processes, of which this is one."""
    return "TORCHELASTIC_RUN_ID" in os.environ and int(os.environ["WORLD_SIZE"]) > 1


def is_first_to_speak() -> bool:
    """Whether no other process has told its end yet: one sentence is enough for all of them."""
    try:
        return bool(_store().add(SPOKEN, 1) == 1)
    except RuntimeError:  # torchrun itself is gone
        return True


def threads_each() -> int:
    """The threads of a process. torchrun asks for one of each, unless a person has set OMP_NUM_THREADS."""
    if os.environ.get("OMP_NUM_THREADS", "1") != "1":
        return usual_threads()
    cores = min(psutil.cpu_count(logical=False) or 1, len(os.sched_getaffinity(0)))
    return max(1, cores // int(os.environ["LOCAL_WORLD_SIZE"]))


@functools.cache
def _store() -> Any:
    """The table of names and values that torchrun keeps for its processes."""
    store, _, _ = next(iter(rendezvous("env://")))
    return store
