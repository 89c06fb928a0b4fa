"""Scripts for Slurm: a study as an array of workers that share a folder, or as one job with a Ray cluster in it.

They are text for a person to read, change and submit; nothing is submitted here.
"""

import re
import shlex
from dataclasses import dataclass

PATIENCE = "30m"  # how long a worker waits for an owner that is back in the queue


@dataclass(frozen=True)
class Allocation:
    """What Slurm is asked for."""

    nodes: int
    cpus: int  # of each
    gpus: int
    seconds: float
    partition: str = ""

    def lines(self) -> list[str]:
        """The options that both scripts have."""
        minutes, seconds = divmod(round(self.seconds), 60)
        hours, minutes = divmod(minutes, 60)
        partition = [f"#SBATCH --partition={self.partition}"] if self.partition else []
        gpus = [f"#SBATCH --gpus-per-node={self.gpus}"] if self.gpus else []
        return [
            *partition,
            "#SBATCH --ntasks-per-node=1",
            f"#SBATCH --cpus-per-task={self.cpus}",
            *gpus,
            f"#SBATCH --time={hours:02d}:{minutes:02d}:{seconds:02d}",
            "#SBATCH --open-mode=append",
        ]


def job_name(study: str) -> str:
    """A study's name as Slurm shows it."""
    return "ablab-" + re.sub(r"[^A-Za-z0-9_.]+", "-", study).strip("-")[:40]


def array_script(study: str, run: list[str], folder: str, asked: Allocation, work: list[str]) -> str:
    """An array of workers. The first task is also the owner of the study: it has the store and decides.

    `run` is the command of the owner without its executor, `work` that of a worker without its folder.
    """
    owner = [*run, "--executor", f"folder({folder}, slots={asked.nodes})"]
    worker = [*work, folder, "--wait", PATIENCE]
    options = "\n".join(asked.lines())
    return f"""#!/bin/bash
#SBATCH --job-name={job_name(study)}
#SBATCH --array=0-{asked.nodes - 1}
{options}
#SBATCH --output={job_name(study)}-%A_%a.log
# A preempted task goes back into the queue. Two minutes before its time is over it gets SIGTERM, too.
#SBATCH --requeue
#SBATCH --signal=B:TERM@120

# Every task is a worker: it takes runs from a folder that all of them see. Task 0 also owns the study: it has the
# store, offers runs, takes in what is finished, and decides. The file system of this folder has to be a shared one.
export OMP_NUM_THREADS="${{SLURM_CPUS_PER_TASK:-1}}"
folder={shlex.quote(folder)}
programs=()

if [ "$SLURM_ARRAY_TASK_ID" = 0 ]; then
    {shlex.join(owner)} &
    programs+=($!)
fi
until [ -e "$folder/folder.json" ]; do
    [ "${{#programs[@]}}" = 0 ] || kill -0 "${{programs[0]}}" || exit 1
    sleep 1
done
{shlex.join(worker)} &
programs+=($!)

# On SIGTERM both keep what they have and end with 143. A worker's run goes on from its last epoch, here or elsewhere.
trap 'kill -TERM "${{programs[@]}}" 2>/dev/null' TERM
requeue=0
failed=0
for program in "${{programs[@]}}"; do
    wait "$program"; code=$?
    while kill -0 "$program" 2>/dev/null; do wait "$program"; code=$?; done  # a signal ends wait, not the program
    [ "$code" = 143 ] && requeue=1
    [ "$code" = 0 ] || failed=$code
done
[ "$requeue" = 1 ] && scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}"
exit "$failed"
"""


def ray_script(study: str, run: list[str], asked: Allocation) -> str:
    """One job on several nodes with a Ray cluster in it, which starts and ends with the study."""
    each = f"cpu={min(asked.cpus, 4)}" + (", gpu=1" if asked.gpus else "")
    options = "\n".join(asked.lines())
    return f"""#!/bin/bash
#SBATCH --job-name={job_name(study)}
#SBATCH --nodes={asked.nodes}
{options}
#SBATCH --output={job_name(study)}-%j.log
# After a preemption Slurm starts the job again; the study goes on from its store and its checkpoints.
#SBATCH --requeue

# Ray starts on every node of the job, and the command runs on the first one. When it ends, Ray ends.
head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
address="$head:$((20000 + SLURM_JOB_ID % 20000))"
export RAY_USAGE_STATS_ENABLED=0
srun --nodes={asked.nodes} --ntasks={asked.nodes} \\
    ray symmetric-run --address "$address" --min-nodes {asked.nodes} --num-cpus {asked.cpus} -- \\
    {shlex.join(run)} --executor "ray($address, {each})"
"""
