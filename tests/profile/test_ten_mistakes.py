"""A profile with ten mistakes: ten located errors in one run, and exit 64."""

from pathlib import Path

from cockpit.profile.validate import validate

DATA = Path(__file__).parent / "data"


def test_ten_mistakes_give_ten_located_errors_and_exit_64() -> None:
    lines, code = validate(DATA / "ten-mistakes.yaml", {})
    expected = (DATA / "ten-mistakes.txt").read_text("utf-8").splitlines()
    assert [line.replace(f"{DATA}/", "") for line in lines] == expected
    assert len(lines) == 10
    assert code == 64


def test_every_error_points_at_a_line_and_column_of_the_file() -> None:
    text = (DATA / "ten-mistakes.yaml").read_text("utf-8").splitlines()
    for line in validate(DATA / "ten-mistakes.yaml", {}).lines:
        number, column = map(int, line.removeprefix(str(DATA / "ten-mistakes.yaml")).split(":")[1:3])
        assert text[number - 1][column - 1].strip(), line
