"""A form of files of results is one new file."""

import pytest


@pytest.mark.slow
def test_a_form_of_files_is_one_new_file(package_copy):
    package_copy.drop(
        "elsewhere/formats/lines.py",
        '"""Lines."""\n\nfrom ablab.catalogue import mark\n\n\n'
        '@mark("results", "lines", suffixes=(".lines",))\ndef lines(path):\n    """Words."""\n'
        "    for at, line in enumerate(path.read_text().splitlines()):\n"
        "        name, seed, value = line.split()\n"
        '        yield {"": f"line {at}", "variant": name, "seed": seed, "accuracy": value}\n',
    )
    text = "".join(
        f"{name} {seed} {70 + seed + gain}\n" for name, gain in (("plain", 0), ("bn", 2)) for seed in range(3)
    )
    (package_copy.work / "r.lines").write_text(text)
    done = package_copy.run("verdict", "r.lines")
    assert done.returncode == 0, done.stderr
    assert "bn helps: +2.00 pp" in done.stdout
