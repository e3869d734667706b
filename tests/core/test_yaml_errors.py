"""What is said of a text that is no YAML: its place, what was expected, the line, how to go on."""

from pathlib import Path

import pytest

from benison.core.errors import ConfigError
from benison.core.sections import load

SAME_COLUMN = "keys of one mapping, and items of one list, in the same column"


@pytest.mark.parametrize(
    ("text", "place", "expected", "got", "hint"),
    [
        ("a: 1\n\tb: 2\n", "2:1", "spaces", r"'\tb: 2'", "no tabs: indent with spaces"),
        ("a: 1\nb:2\nc: 3\n", "2:1", "a key, a colon and a space", "'b:2'", "write  key: value"),
        ("a: b: c\n", "1:5", "one key in a line", "'a: b: c'", "stands in quotes"),
        ("a:\n  b: 1\n c: 2\n", "3:2", SAME_COLUMN, "' c: 2'", "indent it"),
        ("a:\n  - x\n  y: 1\n", "3:3", SAME_COLUMN, "'  y: 1'", "items begin with  - "),
        ("a: 'x\nb: 2\n", "1:4", "the quote that ends this text", '"a: \'x"', "close it"),
        ("a: [1, 2\nb: 3\n", "1:4", "the bracket that closes this one", "'a: [1, 2'", "close it"),
        ("a: {m: recall[x], y: 1}\n", "1:14", "a comma or the bracket", "'a: {m: recall[x], y: 1}'", '"recall[macro]"'),
        ("a: @x\n", "1:4", "a value", "'a: @x'", "stands in quotes"),
        ("a: *x\n", "1:4", "a name that an & gave before", "'a: *x'", "stands in quotes"),
        ('a: "\\q"\n', "1:6", "an escape that YAML knows", "'a: ", "single quotes"),
        ("a: 1\n---\nb: 2\n", "2:1", "one document", "'---'", "take the line"),
        ("a: !x 1\n", "1:4", "a value without a tag", "'a: !x 1'", "quotes"),
        ("a: 1\nb: 2\x07\n", "2:5", "text that can be printed", "the character U+0007", "delete it"),
        (f"a: b: {'c' * 90}\n", "1:5", "one key in a line", f"'a: b: {'c' * 54}...'", "quotes"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_a_way_out(
    tmp_path: Path, text: str, place: str, expected: str, got: str, hint: str
) -> None:
    (tmp_path / "gate.yaml").write_text(text)
    with pytest.raises(ConfigError) as found:
        load(tmp_path / "gate.yaml")
    error = found.value
    assert error.where == f"gate.yaml:{place}"
    assert (expected in error.expected, got in error.got, hint in error.hint) == (True, True, True), str(error)


def test_a_key_without_a_space_is_no_mapping(tmp_path: Path) -> None:
    (tmp_path / "gate.yaml").write_text("gate:1\n")
    with pytest.raises(ConfigError, match="expected a mapping of keys to values, got a text\n\nhint: write a space"):
        load(tmp_path / "gate.yaml")
