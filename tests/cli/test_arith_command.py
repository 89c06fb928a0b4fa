"""ablab arith: homework's known answers, every number with its formula."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from ablab.cli.arith import command
from ablab.errors import InputError


def arith(*words: str) -> str:
    return CliRunner().invoke(command, words, catch_exceptions=False, standalone_mode=False).stdout


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        ("linear --in 100x100x3 --units 100", ["(100·100·3 + 1)·100 = 3,000,100"]),
        ("linear --in 100x100x3 --units 100 --no-bias", ["100·100·3·100 = 3,000,000"]),
        ("conv --in 100x100x3 --filters 100 --kernel 3", ["(3·3·3 + 1)·100 = 2,800", "98x98x100"]),
        ("conv --in 10x10x16 --filters 1 --kernel 1", ["(1·1·16 + 1)·1 = 17"]),
        ("conv --in 100x100x16 --filters 32 --kernel 5", ["96x96x32", "(5·5·16 + 1)·32 = 12,832"]),
        ("conv --in 32×32×64 --filters 64 --kernel 3 --pad 1 --groups 64", ["(3·3·(64/64) + 1)·64 = 640"]),
        ("conv --in 32x32x3 --filters 8 --kernel 3 --dilation 2", ["⌊(32 + 2·0 - (2·(3 - 1) + 1))/1⌋ + 1 = 28"]),
        ("conv --in 32x20x3 --filters 8 --kernel 3x5 --stride 2x1", ["15x16x8"]),
        ("pool --in 32x32x64 --kernel 2", ["16x16x64"]),
        ("batch-norm --in 16x16x64", ["2·64 = 128", "2·64 + 1 = 129"]),
        ("transposed --in 8x8x16 --filters 3 --kernel 4 --stride 2 --pad 1", ["16x16x3", "4·4·16·3·8·8 = 49,152"]),
        ("depthwise --in 32x32x64 --filters 128 --kernel 3 --pad 1", ["9·128/(9 + 128) = 8.41", "8,960"]),
    ],
)
def test_the_known_answers_of_homework(words, lines):
    shown = arith(*words.split())
    for line in lines:
        assert line in shown
    assert shown.splitlines()[-1].startswith("next: ablab ")


@pytest.mark.parametrize(
    ("filters", "ratio"), [(16, 5.76), (32, 7.02), (64, 7.89), (128, 8.41), (256, 8.69), (512, 8.84)]
)
def test_a_separable_convolution_saves_9n_by_9_plus_n(filters, ratio):
    found = json.loads(arith("depthwise", "--in", "8x8x7", "--filters", str(filters), "--kernel", "3", "--json"))
    assert found["mac_ratio"] == pytest.approx(9 * filters / (9 + filters))
    assert round(found["mac_ratio"], 2) == ratio


def test_time_is_measured_beside_the_arithmetic_because_they_differ():
    words = ["depthwise", "--in", "16x16x8", "--filters", "8", "--kernel", "3", "--measure"]
    assert "MACs and time differ" in arith(*words)
    found = json.loads(arith(*words, "--json"))
    assert found["full_seconds"] > 0
    assert found["threads"] == 1
    assert found["time_ratio"] == pytest.approx(found["full_seconds"] / found["seconds"])


def test_the_formula_told_as_json_belongs_to_the_number_beside_it():
    found = json.loads(arith("depthwise", "--in", "32x32x64", "--filters", "128", "--kernel", "3", "--json"))
    assert (found["parameters"], found["full_parameters"]) == (640 + 8_320, 73_856)
    assert found["parameters_formula"] == "(3·3·(64/64) + 1)·64 + (1·1·64 + 1)·128"
    assert found["macs_formula"] == "3·3·(64/64)·64·30·30 + 1·1·64·128·30·30"
    assert found["output"] == [30, 30, 128]


@pytest.mark.parametrize("sizes", ["8X8X3", "8×8×3", "8*8*3", "8x8x3"])
def test_sizes_may_be_written_as_people_do_and_are_shown_with_an_x(sizes):
    shown = arith("conv", "--in", sizes, "--filters", "4", "--kernel", "3")
    assert shown.startswith("conv 3x3 on 8x8x3\n")
    assert shown.splitlines()[-1] == "next: ablab arith depthwise --in 8x8x3 --filters 4 --kernel 3"


@pytest.mark.parametrize(
    ("given", "picture", "word"),
    [
        ("100x100x3", [100, 100, 3], ""),
        ("3x100x100", [100, 100, 3], " (height x width x channels; 3x100x100 has channels first, if not write "),
        ("3x100x100:hwc", [3, 100, 100], " (height x width x channels)"),
        ("3x100x100:chw", [100, 100, 3], " (height x width x channels)"),
        ("32x20x9", [32, 20, 9], " (height x width x channels; for channels first write 32x20x9:chw)"),
        ("9X32X20:CHW", [32, 20, 9], " (height x width x channels)"),
        ("9x9x9", [9, 9, 9], ""),
    ],
)
def test_a_picture_may_be_given_with_channels_first_and_the_answer_says_how_it_was_read(given, picture, word):
    words = ["conv", "--in", given, "--filters", "4", "--kernel", "3"]
    first = arith(*words).splitlines()[0]
    assert first.startswith(f"conv 3x3 on {'x'.join(map(str, picture))}{word}")
    assert bool(word) == (first != f"conv 3x3 on {'x'.join(map(str, picture))}")
    assert json.loads(arith(*words, "--json"))["input"] == picture
    following = arith(*words).splitlines()[-1].removeprefix("next: ablab arith ").split()
    assert json.loads(arith(*following, "--json"))["input"] == picture


def test_the_numbers_of_a_linear_layer_stand_in_the_order_of_its_letters():
    assert "(H·W·C + 1)·U  (100·90·3 + 1)·10" in arith("linear", "--in", "3x100x90:chw", "--units", "10")


def test_the_letters_of_a_linear_layer_are_those_of_what_comes_in():
    assert "(N + 1)·U  (100 + 1)·10 = 1,010" in arith("linear", "--in", "100", "--units", "10")
    assert "N1·N2·U" in arith("linear", "--in", "4x5", "--units", "10", "--no-bias")


def test_huge_numbers_are_worked_out_exactly():
    found = json.loads(arith("conv", "--in", f"{10**12}x1x1:hwc", "--filters", str(10**12), "--kernel", "1", "--json"))
    assert found["parameters"] == 2 * 10**12
    assert found["macs"] == 10**24


@pytest.mark.slow
def test_nothing_is_imported_that_arithmetic_does_not_need():
    code = (
        "import sys; sys.argv = ['ablab', 'arith', 'conv', '--in', '8x8x3', '--filters', '4', '--kernel', '3']\n"
        "import ablab.cli\n"
        "try: ablab.cli.main()\n"
        "except SystemExit: print(sorted({'torch', 'numpy', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("conv --in 100x100 --filters 4 --kernel 3", "give height, width and channels"),
        ("conv --in big --filters 4 --kernel 3", "such as 100x100x3"),
        ("conv --in 8x8x3:cwh --filters 4 --kernel 3", "such as 100x100x3, or 3x100x100:chw"),
        ("linear --in 8x8:chw --units 4", ":chw and :hwc need three numbers"),
        ("conv --in 2x2x3 --filters 4 --kernel 3", "a window of 3 does not fit into 2"),
        ("conv --in 9x9x3 --filters 0 --kernel 3", "--filters 0: give a whole number from 1"),
        ("conv --in 9x9x3 --filters -4 --kernel 3", "--filters -4: give a whole number from 1"),
        ("conv --in 0x9x3 --filters 4 --kernel 3", "--in 0x9x3: give a whole number from 1"),
        (f"conv --in 8x8x{'9' * 5000} --filters 4 --kernel 3", "--in 8x8x9+…: give whole numbers"),
        ("conv --in 9x9x3 --filters 4 --kernel 1000000000000", "a window of 1000000000000 does not fit into 9"),
        ("conv --in 9x9x3 --filters 4 --kernel 3 --groups 0", "groups = 0"),
        ("conv --in 9x9x3 --filters 4 --kernel -3", "--kernel -3: give a whole number"),
        ("conv --in 9x9x3 --filters 4 --kernel 3 --stride 0", "stride = 0"),
        ("conv --in 9x9x3 --filters 4 --kernel 3 --groups 2", "3 channels cannot be divided into 2 groups"),
        ("linear --in 9x9x3 --units 99999999999999999999", "a whole number from 1"),
        ("linear --in 9x9x3 --units 0", "--units 0"),
        ("depthwise --in 9999x9999x99 --filters 4 --kernel 3 --measure", "too large to time"),
        ("depthwise --in 1000x1000x100 --filters 100 --kernel 11 --measure", "too large to time"),
        ("transposed --in 8x8x3 --filters 4 --kernel 4 --stride 2 --out-pad 2", "smaller than the stride"),
        ("transposed --in 8x8x3 --filters 4 --kernel 4 --stride 2 --out-pad -5", "--out-pad -5"),
        ("pool --in 9x9x3 --kernel 2 --pad 2", "padding"),
    ],
)
def test_impossible_numbers_are_refused_with_what_to_write(words, message):
    with pytest.raises(InputError, match=message) as caught:
        arith(*words.split())
    assert caught.value.exit_code == 2
    assert len(str(caught.value)) < 200
