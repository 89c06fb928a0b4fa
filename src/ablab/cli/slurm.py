"""Print a script that runs a study on a Slurm cluster, with every step explained; submit nothing"""

from pathlib import Path

import click

from ablab.cli.shared import StudyWords, json_option, say, study_words

GROUP = "Tools"
EXAMPLES = (
    "ablab slurm quickstart --nodes 8 --gpus 1 > quickstart.sbatch",
    "ablab slurm mine.toml --nodes 4 --cpus 16 --time 8h --ray",
)


@click.command(help=__doc__)
@study_words()
@click.option(
    "--nodes", type=click.IntRange(1, 10000), required=True, help="Use this many nodes, each for one run at a time."
)
@click.option(
    "--cpus", type=click.IntRange(1, 1024), default=4, show_default=True, help="Use this many CPUs on each node."
)
@click.option(
    "--gpus", type=click.IntRange(0, 64), default=0, show_default=True, help="Use this many GPUs on each node."
)
@click.option("--time", "limit", default="4h", show_default=True, help="Set the time limit of the job.")
@click.option("--partition", default="", help="Use this partition  [default: the cluster's]")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    help="Exchange runs through this shared folder  [default: runs/NAME in the current folder]",
)
@click.option("--ray", "on_ray", is_flag=True, help="Write one job that starts a Ray cluster, not an array of tasks.")
@json_option
def command(
    study: StudyWords,
    nodes: int,
    cpus: int,
    gpus: int,
    limit: str,
    partition: str,
    folder: Path | None,
    on_ray: bool,
    as_json: bool,
) -> None:
    from ablab import grammar
    from ablab.errors import InputError
    from ablab.execute.slurm import Allocation, array_script, ray_script

    if on_ray and folder:
        raise InputError("--ray needs no folder: leave out --folder")
    name = study.parts()[0].name
    asked = Allocation(nodes, cpus, gpus, grammar.duration(limit), partition)
    data = ["--data-root", study.data_root] if study.data_root else []
    scale = ["--scale", study.scale] if study.scale != "default" else []
    store = ["--store", study.store] if study.store else []
    run = ["ablab", "run", str(study.path), *scale, *store, *data]
    where = str((folder or Path("runs") / name).absolute())
    work = ["ablab", "work", *data]
    script = ray_script(name, run, asked) if on_ray else array_script(name, run, where, asked, work)
    say(as_json, {"script": script}, script.rstrip("\n"))
    if not as_json:  # the script may go into a file, so this does not go with it
        click.echo(
            f"next: sbatch {name}.sbatch, after you have saved this to that file and adapted it to your cluster",
            err=True,
        )
