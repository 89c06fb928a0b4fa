"""What a genuine CIFAR python file holds, read without unpickling: 23 opcodes, three names, nothing is ever called.

Those are all that the ten official files use. An unpickler, even one that allows only numpy's names, can be made to
crash, hang or take gigabytes by a few changed bytes; this reader has one loop, no recursion and no memo to read
from, checks every length before it slices, and copies no pixels.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

from ablab.errors import DataError

Buffer = bytes | bytearray
# The largest official file (CIFAR-100's training images) takes 200,362 opcodes. The limit bounds time and memory.
MOST_OPCODES = 1_000_000
MOST_NAME_BYTES = 200  # of a name that is shown in an error


class Token(enum.Enum):
    """What stands on the stack in place of numpy's functions and of what they would return."""

    RECONSTRUCT = b"numpy.core.multiarray\n_reconstruct\n"
    NDARRAY = b"numpy\nndarray\n"
    DTYPE = b"numpy\ndtype\n"
    EMPTY_ARRAY = b""
    NEW_DTYPE = b"u1"
    BYTES = b"uint8"


GLOBALS = (Token.RECONSTRUCT, Token.NDARRAY, Token.DTYPE)


@dataclass(frozen=True)
class Block:
    """A two-dimensional array of bytes: a view of the file's own."""

    rows: int
    columns: int
    data: memoryview


@dataclass
class _Machine:
    """The bytes, the place in them, and the stack. `at` never passes the end: `take` is the only way forward."""

    data: Buffer
    name: str
    view: memoryview
    at: int = 0
    stack: list[object] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    start: int = 0  # of the opcode that is being carried out

    def fail(self, what: str) -> NoReturn:
        raise DataError(f"{self.name}: {what} at byte {self.start:,}; no official CIFAR file has that")

    def take(self, length: int) -> memoryview:
        """The next `length` bytes. Nothing is copied, so a lying length costs nothing."""
        end = self.at + length
        if end > len(self.data):
            left = len(self.data) - self.at
            self.fail(f"{_opcode(self.data[self.start])} asks for {length:,} bytes where {left:,} are left,")
        taken = self.view[self.at : end]
        self.at = end
        return taken

    def number(self, length: int, *, signed: bool = False) -> int:
        return int.from_bytes(self.take(length), "little", signed=signed)

    def pop(self) -> object:
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            self.fail(f"{_opcode(self.data[self.start])} finds nothing on the stack")
        return self.stack.pop()

    def pop_to_mark(self) -> list[object]:
        if not self.marks:
            self.fail(f"{_opcode(self.data[self.start])} without a MARK")
        mark = self.marks.pop()
        items = self.stack[mark:]
        del self.stack[mark:]
        return items


def read(data: Buffer, name: str) -> dict[bytes, object]:
    """The dictionary in `data`; values are ints, bytes, lists, and one `Block`. Anything unusual is a DataError.

    `name` is how errors call the file. Blocks of pixels are views of `data`.
    """
    machine = _Machine(data, name, memoryview(data))
    stack, push = machine.stack, machine.stack.append
    size = len(data)
    for _ in range(MOST_OPCODES):
        at = machine.start = machine.at
        if at >= size:
            machine.fail("the file ends without a STOP,")
        opcode = data[at]
        machine.at = at + 1
        # The four that make up 99.9 % of a file are carried out here: it halves the time of a batch.
        if opcode == 0x4B:  # BININT1
            push(machine.take(1)[0])
        elif opcode == 0x55:  # SHORT_BINSTRING
            push(bytes(machine.take(machine.take(1)[0])))
        elif opcode == 0x71:  # BINPUT: the memo is written, but never read
            machine.take(1)
        elif opcode == 0x72:  # LONG_BINPUT
            machine.take(4)
        elif opcode == 0x2E:  # STOP
            if machine.at != size:
                machine.fail(f"{size - machine.at:,} bytes follow the STOP")
            if machine.marks or len(stack) != 1 or not isinstance(stack[0], dict):
                machine.fail("the STOP does not leave one dictionary")
            return stack[0]
        elif opcode in OPCODES:
            OPCODES[opcode](machine)
        else:
            machine.fail(f"opcode {_opcode(opcode)}")
    machine.fail(f"more than {MOST_OPCODES:,} opcodes")


def _protocol(machine: _Machine) -> None:
    version = machine.number(1)
    if machine.start or version != 2:
        machine.fail(f"PROTO {version} (genuine files begin with PROTO 2 and have no other)")


def _global(machine: _Machine) -> None:
    for token in GLOBALS:
        if machine.data.startswith(token.value, machine.at):
            machine.at += len(token.value)
            machine.stack.append(token)
            return
    named = bytes(machine.data[machine.at : machine.at + MOST_NAME_BYTES]).split(b"\n")[:2]
    machine.fail(f"GLOBAL names {b'.'.join(named).decode('latin-1')!a}")


def _reduce(machine: _Machine) -> None:
    arguments, function = machine.pop(), machine.pop()
    if function is Token.RECONSTRUCT and arguments == (Token.NDARRAY, (0,), b"b"):
        machine.stack.append(Token.EMPTY_ARRAY)
    elif function is Token.DTYPE and arguments == (b"u1", 0, 1):
        machine.stack.append(Token.NEW_DTYPE)
    else:
        machine.fail("REDUCE of something other than an array of bytes")


def _build(machine: _Machine) -> None:
    state, target = machine.pop(), machine.pop()
    if target is Token.NEW_DTYPE and state == (3, b"|", None, None, None, -1, -1, 0):
        machine.stack.append(Token.BYTES)
        return
    if target is Token.EMPTY_ARRAY and isinstance(state, tuple) and len(state) == 5:
        version, shape, dtype, fortran, pixels = state
        if version == 1 and dtype is Token.BYTES and fortran is False and isinstance(pixels, memoryview):
            machine.stack.append(_block(machine, shape, pixels))
            return
    machine.fail("BUILD of something other than an array of bytes")


def _block(machine: _Machine, shape: object, pixels: memoryview) -> Block:
    if not isinstance(shape, tuple) or len(shape) != 2 or not all(type(n) is int and n > 0 for n in shape):
        machine.fail("an array without two positive dimensions")
    rows, columns = shape
    if rows * columns != len(pixels):
        machine.fail(f"an array of {rows} x {columns} in {len(pixels):,} bytes")
    return Block(rows, columns, pixels)


def _appends(machine: _Machine) -> None:
    items = machine.pop_to_mark()
    target = machine.stack[-1] if machine.stack else None
    if not isinstance(target, list):
        machine.fail("APPENDS to something that is no list")
    target.extend(items)


def _set_items(machine: _Machine) -> None:
    items = machine.pop_to_mark()
    target = machine.stack[-1] if machine.stack else None
    if not isinstance(target, dict) or len(items) % 2:
        machine.fail("SETITEMS without a dictionary or without pairs")
    for key, value in zip(items[::2], items[1::2], strict=True):
        if not isinstance(key, bytes) or key in target:
            machine.fail("SETITEMS with a key that is no string or appears twice")
        target[key] = value


def _tuple_of(length: int) -> Callable[[_Machine], None]:
    def make(machine: _Machine) -> None:
        items = [machine.pop() for _ in range(length)]
        machine.stack.append(tuple(reversed(items)))

    return make


def _opcode(code: int) -> str:
    return f"{NAMES.get(code, 'unknown')} (0x{code:02x})"


OPCODES: dict[int, Callable[[_Machine], None]] = {
    0x80: _protocol,
    ord("}"): lambda machine: machine.stack.append({}),
    ord("]"): lambda machine: machine.stack.append([]),
    ord("("): lambda machine: machine.marks.append(len(machine.stack)),
    ord("J"): lambda machine: machine.stack.append(machine.number(4, signed=True)),
    ord("M"): lambda machine: machine.stack.append(machine.number(2)),
    ord("N"): lambda machine: machine.stack.append(None),
    0x89: lambda machine: machine.stack.append(False),
    ord("T"): lambda machine: machine.stack.append(machine.take(machine.number(4))),
    ord("c"): _global,
    ord("R"): _reduce,
    ord("b"): _build,
    ord("t"): lambda machine: machine.stack.append(tuple(machine.pop_to_mark())),
    0x85: _tuple_of(1),
    0x86: _tuple_of(2),
    0x87: _tuple_of(3),
    ord("e"): _appends,
    ord("u"): _set_items,
}

# All opcodes that exist, so that an error can say what a file tried to do. Those above and the five in `read` are
# carried out, and no other.
NAMES = {
    ord(entry[0]): entry[2:]
    for entry in """
    (=MARK .=STOP 0=POP 1=POP_MARK 2=DUP F=FLOAT I=INT J=BININT K=BININT1 L=LONG M=BININT2 N=NONE P=PERSID Q=BINPERSID
    R=REDUCE S=STRING T=BINSTRING U=SHORT_BINSTRING V=UNICODE X=BINUNICODE G=BINFLOAT B=BINBYTES C=SHORT_BINBYTES
    a=APPEND b=BUILD c=GLOBAL d=DICT e=APPENDS g=GET h=BINGET i=INST j=LONG_BINGET l=LIST o=OBJ p=PUT q=BINPUT
    r=LONG_BINPUT s=SETITEM t=TUPLE u=SETITEMS }=EMPTY_DICT ]=EMPTY_LIST )=EMPTY_TUPLE
    """.split()  # noqa: SIM905
} | dict(
    enumerate(
        """
        PROTO NEWOBJ EXT1 EXT2 EXT4 TUPLE1 TUPLE2 TUPLE3 NEWTRUE NEWFALSE LONG1 LONG4 SHORT_BINUNICODE BINUNICODE8
        BINBYTES8 EMPTY_SET ADDITEMS FROZENSET NEWOBJ_EX STACK_GLOBAL MEMOIZE FRAME BYTEARRAY8 NEXT_BUFFER
        READONLY_BUFFER
        """.split(),  # noqa: SIM905
        start=0x80,
    )
)
