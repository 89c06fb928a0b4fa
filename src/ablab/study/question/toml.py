"""A TOML document whose faults are shown where they are: line, caret, and what to type instead."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ablab.errors import Fault, StudyError

LIMIT = 256 * 1024  # bytes: a study with 1,000 variants has 60,000, and tomllib needs 0.8 s for 200,000 keys
WIDTH = 120  # characters of a line that are shown

Keys = tuple[str, ...]

_KEY = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_KEYS = rf"{_KEY}(?:[ \t]*+\.[ \t]*+{_KEY})*+"
_LONG = re.compile(r"[0-9_]{19}|0x[0-9a-fA-F_]{16}|0o[0-7_]{21}|0b[01_]{63}")
_STATEMENT = re.compile(rf"[ \t]*+(?:(?P<table>\[\[?)[ \t]*+(?P<header>{_KEYS})[ \t]*\]|(?P<key>{_KEYS})[ \t]*=)")
# A quote that is never closed reaches to the end of its line or, of three, of the text: else each one behind it would
# be looked for to the end as well.
_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?(?:"""|\Z)|' + r"{3}.*?(?:{3}|\Z)".replace("{3}", "'" * 3) + r'|"(?:\\.|[^"\\\n])*+"?|'
    r"'[^'\n]*+'?|#[^\n]*|[^\"'#\[\]{}\n]+|.",
    re.DOTALL,
)
# A key of many parts takes tomllib a time that grows with their square: 20 s and 7 GB for 60,000.
_DEEP = re.compile(r"""(?<![A-Za-z0-9_-])(?:(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){20}""")


@dataclass(frozen=True)
class Document:
    """The values of a file, and the line on which each key stands."""

    path: str
    text: str
    values: dict[str, Any]
    lines: dict[Keys, int]

    def shown(self, keys: Keys, fault: Fault) -> str:
        """`path:line: message`, the line, a caret under the word that is wrong or under the key, and the hint."""
        while keys and keys not in self.lines:
            keys = keys[:-1]  # inside an inline table: its key has the line
        message, hint = printable(fault.message), printable(fault.hint)
        if not keys:
            return "\n".join(filter(None, [f"{self.path}: {message}", hint]))
        number = self.lines[keys]
        line = self.text.split("\n")[number - 1]
        start, length = _where(line, fault.near) or _where(line, keys[-1]) or (0, len(line))
        return "\n".join(filter(None, [f"{self.path}:{number}: {message}", excerpt(line, start, length), hint]))


def read(content: bytes | str, path: str) -> Document:
    """The document in a file's bytes, or a StudyError that names line and column."""
    text = _decoded(content, path)
    if deep := _DEEP.search(text):
        number = text[: deep.start()].count("\n") + 1
        raise StudyError(f"{path}:{number}: this key has more parts than any study key")
    try:
        values = tomllib.loads(text)
    except RecursionError:
        raise StudyError(f"{path}: brackets are nested too deeply; a study needs two levels at most") from None
    except ValueError as error:  # TOMLDecodeError is one; so is a whole number of more than 4,300 digits
        raise _explained(str(error), text, path) from None
    if _has_long_number(values):
        raise _explained("Exceeds", text, path)  # as Python says of decimal ones
    if not values:
        raise StudyError(f'{path}: there is nothing in this file; a study starts with a line such as question = "..."')
    lines: dict[Keys, int] = {}
    for keys, number in statements(text):
        lines.setdefault(keys, number)
    return Document(path, text, values, lines)


def _has_long_number(value: Any) -> bool:
    """Whether a whole number is longer than TOML promises to keep (64 bits); 0x has no other limit."""
    if isinstance(value, dict | list):
        return any(map(_has_long_number, value.values() if isinstance(value, dict) else value))
    return isinstance(value, int) and not -(1 << 63) <= value < 1 << 63


def statements(text: str) -> Iterator[tuple[Keys, int]]:
    """Every key and table of a document with its line, in order; goes on where TOML itself would give up."""
    table: Keys = ()
    number, position = 1, 0
    while position < len(text):
        match = _STATEMENT.match(text, position)
        if match and match["table"]:
            table = _keys(match["header"])
            yield table, number
        elif match:
            yield (*table, *_keys(match["key"])), number
        position, depth = (match.end() if match else position), 0
        while position < len(text):
            token = _TOKEN.match(text, position)
            assert token is not None  # its last alternative is any character
            position = token.end()
            number += token[0].count("\n")
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
            if token[0] == "\n" and depth <= 0:
                break


def excerpt(line: str, start: int, length: int) -> str:
    """A line with carets under a part of it.

    >>> print(excerpt("lr = fast", 5, 4))
        lr = fast
             ^^^^
    """
    first = max(0, start - WIDTH // 2) if len(line) > WIDTH else 0
    carets = "^" * max(1, min(length, WIDTH - start + first))
    return f"    {printable(line[first : first + WIDTH])}\n    {' ' * (start - first)}{carets}"


def printable(text: str) -> str:
    """Text that cannot move a terminal's cursor: what does not print is shown as `?`."""
    return "".join(c if c.isprintable() or c == "\n" else " " if c == "\t" else "?" for c in text)


def _decoded(content: bytes | str, path: str) -> str:
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogatepass")
    if len(content) > LIMIT:
        raise StudyError(f"{path}: {len(content):,} bytes; a study file has at most {LIMIT:,}. Is this the right file?")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise StudyError(f"{path}: this file is UTF-16; save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content[: error.start].count(b"\n") + 1
        raise StudyError(f"{path}:{number}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    if "\0" in text:
        raise StudyError(
            f"{path}:{text[: text.index(chr(0))].count(chr(10)) + 1}: a zero byte: this is not a text file"
        )
    if not text.strip():
        raise StudyError(f'{path}: this file is empty; a study starts with a line such as question = "..."')
    return text.replace("\r\n", "\n")


def _keys(text: str) -> Keys:
    """The parts of `a."b c".d`, read by TOML itself, so that quotes and escapes mean what they mean."""
    try:
        value: Any = tomllib.loads(f"{text} = 0")
    except ValueError:
        return (text,)
    found: list[str] = []
    while isinstance(value, dict):
        ((key, value),) = value.items()
        found.append(key)
    return tuple(found)


def _where(line: str, part: str | None) -> tuple[int, int] | None:
    """Where a word stands in a line: the last place where it stands alone, else the last place at all."""
    if not part:
        return None
    alone = list(re.finditer(rf"(?<![\w-]){re.escape(part)}(?![\w-])", line))
    start = alone[-1].start() if alone else line.rfind(part)
    return (start, len(part)) if start >= 0 else None


def _explained(message: str, text: str, path: str) -> StudyError:
    """TOML's message in words that say what to do, above the line."""
    place = re.search(r"\(at line (\d+), column (\d+)\)", message)
    number, column = (int(place[1]), int(place[2])) if place else (text.rstrip("\n").count("\n") + 1, 1)
    message = re.sub(r" \(at .*\)$", "", message)
    lines = text.split("\n")
    before = [(keys, at) for keys, at in statements(text) if at <= number]
    if re.match(r"Cannot (overwrite|declare|mutate)", message):
        return _twice(before, lines, path)
    if message.startswith("Exceeds"):
        message = "this number has too many digits"
        number = next((at for at, line in enumerate(lines, start=1) if _LONG.search(line)), number)
        column = 1 + (lines[number - 1].find("=") + 1)
    inside = before and before[-1][1] < number <= len(lines) and _STATEMENT.match(lines[number - 1])
    if message == "Invalid value" and inside:
        message = "Unclosed"  # a list goes on over a line that was meant to be the next statement
    never_closed = re.match(r"Unclosed|Unterminated|Expected \"'|Expected ''''|Illegal character '\\n'", message)
    if never_closed and before:
        number = before[-1][1]  # TOML notices only where the next statement starts, or the file ends
    line = lines[number - 1] if number <= len(lines) else ""
    if never_closed:
        column = len(line) - len(line.lstrip()) + 1
        what = "a bracket is never closed" if message.startswith("Unclosed") else "a quote is never closed"
        return _error(f"{path}:{number}", line, column, line.strip(), what)
    word = re.match(r"[^\s\]#,]*", line[column - 1 :])
    return _error(f"{path}:{number}", line, column, word[0] if word else "", *_hint(message, line, column))


def _error(place: str, line: str, column: int, near: str, message: str, hint: str = "") -> StudyError:
    """The error at a column of a line: as a fault, and with carets for a person."""
    fault = Fault("", printable(message), near, printable(hint))
    rows = [f"{place}:{column}: {fault.message}", excerpt(line, column - 1, len(near)), fault.hint]
    return StudyError([fault], "\n".join(filter(None, rows)))


def _twice(before: list[tuple[Keys, int]], lines: list[str], path: str) -> StudyError:
    keys, second = before[-1]
    first = next((at for earlier, at in before[:-1] if earlier == keys), None)
    what = f"this key appears twice (lines {first} and {second})" if first else "this name is already taken"
    line = lines[second - 1]
    start, length = _where(line, keys[-1]) or (0, len(line))
    return _error(f"{path}:{second}", line, start + 1, line[start : start + length], what)


def _hint(message: str, line: str, column: int) -> tuple[str, str]:
    """What is wrong at a column of a line, and what to type instead."""
    key, equals, right = (part.strip() for part in line.partition("="))
    value = right.partition("#")[0].strip()
    if message.startswith("Expected '='"):
        if equals and re.fullmatch(r"[\w .,+()-]+", key):
            return "a name with spaces or symbols needs quotes", f'write: "{key}" = {right}'
        return 'there is no "=" after this key', "write: key = value"
    if message.startswith("Unescaped"):
        return "a backslash in text", "write / for \\, or put the text in 'single quotes'"
    if message.startswith("Expected ']'"):
        return "a bracket is never closed", ""
    if message.startswith("Illegal character"):
        return "an invisible character", "delete it"
    if message.startswith(("Invalid value", "Expected newline")) and equals and value[:1] not in ('"', "'", "["):
        if not value:
            return f'"{key}" has no value', ""
        if value.lower() in ("true", "false"):
            return "write true and false in lower case", f"write: {key} = {value.lower()}"
        if re.search(r"\s[\w-]+\s*=", value):
            return "write one key per line", ""
        return "text needs quotes", f'write: {key} = "{value}"'
    if message.startswith("Invalid value"):
        word = re.match(r"[^\s,\]#]*", line[column - 1 :])
        return "text needs quotes", f'write: "{word[0]}"' if word and word[0] else ""
    if message.startswith("Expected newline"):
        return (
            "there is something after the value",
            "write one key per line; text with quotes in it goes into 'single quotes'",
        )
    return message[:1].lower() + message[1:], ""
