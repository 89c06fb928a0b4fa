"""Study files that are too deep, too long, too large or no text at all, and keys that no study has."""

from pathlib import Path

from fault_suite.forms import STUDY

TOP, VARIANTS = STUDY.split("[variants]")


def with_line(line: str) -> bytes:
    """The genuine study with one more line in front."""
    return f"{line}\n{STUDY}".encode()


def changed(old: str, new: str) -> bytes:
    assert old in STUDY
    return STUDY.replace(old, new).encode()


def studies(marker: Path) -> dict[str, bytes]:
    code = f"__import__('pathlib').Path('{marker}').touch()"
    return {
        "10,000 brackets": with_line("x = " + "[" * 10_000),
        "10,000 braces": with_line("x = " + "{a=" * 10_000),
        "50,000 dotted keys": with_line(".".join("a" * 50_000) + " = 1"),
        "a table 50,000 deep": with_line("[" + ".".join("a" * 50_000) + "]"),
        "50,000 tables": STUDY.encode() + b"".join(b"[t%d]\n" % at for at in range(50_000)),
        "50,000 variants": changed(
            "[decide]", "".join(f'"v{at}" = "lr=0.{at + 1}"\n' for at in range(50_000)) + "[decide]"
        ),
        "1 MB of one string": changed("Does batch", "Does " + "batch" * 200_000),
        "1 MB as a variant": changed("norm=batch", "norm=" + "batch" * 200_000),
        "1 MB as a name": changed('"batch norm"', '"' + "batch" * 200_000 + '"'),
        "1 MB of blanks": with_line(" " * 1_000_000),
        "1 MB of comments": with_line("#" * 1_000_000),
        "three quotes that never end": with_line('x = """' + "a\n" * 300_000),
        "a key twice": with_line('question = "another"'),
        "a table twice": STUDY.encode() + b"[decide]\nmargin = 1.0\n",
        "a key that is a table as well": with_line("question.x = 1"),
        "a number of 60,000 digits": changed("margin = 0.5", "margin = " + "9" * 60_000),
        "a hexadecimal of 60,000 digits": changed("margin = 0.5", "margin = 0x" + "f" * 60_000),
        "a huge exponent": changed("margin = 0.5", "margin = 1e999999999"),
        "not a number": changed("margin = 0.5", "margin = nan"),
        "infinity": changed("margin = 0.5", "margin = inf"),
        "less than nothing": changed("margin = 0.5", "margin = -1e300"),
        "2^70 epochs": changed("epochs = 3", f"epochs = {1 << 70}"),
        "a truth as a number": changed("epochs = 3", "epochs = true"),
        "a date as a number": changed("epochs = 3", "epochs = 1979-05-27"),
        "a time as a margin": changed("margin = 0.5", "margin = 07:32:00"),
        "a date that is none": changed("epochs = 3", "epochs = 9999-99-99"),
        "a date as a question": changed('"Does batch norm help this CNN?"', "1979-05-27T07:32:00Z"),
        "10^18 seeds": changed('"3..10"', '"0..1000000000000000000"'),
        "seeds of 60,000 digits": changed('"3..10"', '"0..' + "9" * 60_000 + '"'),
        "seeds backwards": changed('"3..10"', '"10..3"'),
        "seeds below zero": changed('"3..10"', '"-3..10"'),
        "lists in lists as variants": changed('"norm=batch"', "[[[[1]]]]"),
        "a table as a model": changed('"simple-nn"', "{ name = 'simple-nn' }"),
        "code as a value": changed("norm=batch", code.replace("'", "\\u0027")),
        "code as a model": changed('"simple-nn"', f'"{code}"'),
        "a Python file that is not there": changed('"simple-nn"', '"/proc/self/mem.py:Net"'),
        "a device as data": changed('"phantom"', '"/dev/zero"'),
        "no UTF-8": STUDY.encode() + b'"\xff\xfe" = "lr=1"\n',
        "half a letter": STUDY.encode() + b'"\xc3',
        "a surrogate": with_line('x = "\\ud800"'),
        "beyond Unicode": with_line('x = "\\U00110000"'),
        "UTF-16": STUDY.encode("utf-16"),
        "a mark in front": b"\xef\xbb\xbf" + STUDY.encode(),
        "zero bytes": bytes(10_000),
        "a zero in a name": changed("batch norm", "batch\0norm"),
        "control bytes in a name": changed('"batch norm"', '"\\u001b[31mred\\u0007"'),
        "the other way round": changed('"batch norm"', '"\\u202Ehctab"'),
        "old lines": STUDY.replace("\n", "\r").encode(),
        "random bytes": bytes(range(256)) * 100,
        "nothing": b"",
    }


# Odd and whole: TOML allows them, and a study may have them. Files that a study names are looked for when it begins.
READABLE = frozenset(
    {
        *("1 MB of one string", "1 MB of blanks", "1 MB of comments", "a mark in front"),
        *("a Python file that is not there", "a device as data"),
    }
)
