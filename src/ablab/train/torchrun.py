"""join: this process among those that torchrun started for one run."""

import datetime
import functools
import os
import sys
from typing import Any, NoReturn

import psutil
import torch
import torch.distributed as dist
from torch.distributed.rendezvous import rendezvous

from ablab.train.device import usual_threads
from ablab.train.together import ALONE, Team

# One that is gone is noticed at once; a long wait is for data, or for another command that trains the same run.
PATIENCE = datetime.timedelta(days=1)
SPOKEN = "ablab/spoken"  # counts the processes that had something to say at their end


def join() -> Team:
    """The team that this process belongs to from now on, with its share of the machine's cores."""
    if not is_started():
        return ALONE
    rank, size, local = (int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
    cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if local < cards:
        torch.cuda.set_device(local)  # else every process would take some memory of the first card
    torch.set_num_threads(threads_each())
    usual_threads.cache_clear()
    backend = "cpu:gloo,cuda:nccl" if cards else "gloo"
    dist.init_process_group(backend, store=_store(), rank=rank, world_size=size, timeout=PATIENCE)
    return Team(rank, size, local)


def leave(code: int) -> NoReturn:
    """End this process now.

    At Python's own end, one of the threads by which processes talk now and then aborts, after all is done.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


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
    cores = psutil.cpu_count(logical=False) or 1
    if hasattr(os, "sched_getaffinity"):  # Linux alone may keep a process from some of them
        cores = min(cores, len(os.sched_getaffinity(0)))
    return max(1, cores // int(os.environ["LOCAL_WORLD_SIZE"]))


@functools.cache
def _store() -> Any:
    """The table of names and values that torchrun keeps for its processes."""
    store, _, _ = next(iter(rendezvous("env://")))
    return store
