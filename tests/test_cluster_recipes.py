"""Recipes for clusters: their files are what the programs read that they are for."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "clusters.md").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def recipe(mark):
    yaml = pytest.importorskip("yaml")
    (found,) = [text for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if mark in text]
    return yaml.safe_load(found)


def test_the_file_for_the_launcher_of_ray_is_as_its_schema_says():
    jsonschema = pytest.importorskip("jsonschema")
    ray = pytest.importorskip("ray")
    schema = json.loads((Path(ray.__file__).parent / "autoscaler" / "ray-schema.json").read_text())
    jsonschema.validate(recipe("cluster_name"), schema)


def test_the_pinned_ray_is_that_of_the_manifest():
    pinned = re.search(r"^ray==(.*)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)[1]
    assert recipe("RayCluster")["spec"]["rayVersion"] == pinned


def test_every_command_of_the_page_says_whether_it_ran():
    sections = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    for section in sections:
        assert "```sh" not in section or "*ran here*" in section or "*not run*" in section, section[:40]


def test_images_copy_what_is_there_and_their_programs_have_no_privileges():
    stages = DOCKERFILE.split("\nFROM ")[1:]
    assert all(":" in stage.split()[0] or stage.split()[0].endswith("-base") for stage in stages)
    for name in re.findall(r"^COPY (.+) \S+$", DOCKERFILE, re.MULTILINE):
        assert all((ROOT / file).exists() for file in name.split())
    for stage in stages:
        assert "ENTRYPOINT" not in stage or re.search(r"^USER [1-9]", stage, re.MULTILINE)
