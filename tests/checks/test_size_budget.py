from pathlib import Path

from checks import size_budget


def function(lines: int) -> size_budget.Function:
    return size_budget.Function("judge.py:1", "judge", lines)


def test_counts_a_function_from_def_to_its_last_line_without_docstring() -> None:
    source = 'def judge(\n    a: int,\n) -> int:\n    """One.\n\n    Two.\n    """\n    b = a\n\n    return b\n'
    assert [found.lines for found in size_budget.functions_of(Path("judge.py"), source)] == [6]


def test_counts_methods_and_inner_functions_too() -> None:
    source = "class A:\n    def outer(self):\n        def inner():\n            pass\n        return inner\n"
    found = {one.name: one.lines for one in size_budget.functions_of(Path("a.py"), source)}
    assert found == {"outer": 4, "inner": 2}


def test_takes_forty_lines_and_not_forty_one() -> None:
    small = [function(1)] * 20
    assert list(size_budget.too_long([*small, function(40)])) == []
    assert list(size_budget.too_long([*small, function(41)])) == ["judge.py:1 judge: 41 lines, allowed 40"]


def test_takes_one_function_of_ten_over_thirty_lines_and_not_two() -> None:
    assert list(size_budget.too_long([function(10)] * 9 + [function(35)])) == []
    found = list(size_budget.too_long([function(10)] * 8 + [function(35)] * 2))
    assert found == ["nine functions of ten: up to 35 lines, allowed 30"]


def test_refuses_long_files_big_files_and_names_without_shape(tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text("a = 1\n" * 400)
    (tmp_path / "data.bin").write_bytes(b"0" * 1_000_001)
    (tmp_path / "utils.py").write_text("")
    found = [
        line.removeprefix(str(tmp_path))
        for name in ("long.py", "data.bin", "utils.py")
        for line in size_budget.too_big(tmp_path / name)
    ]
    assert found == [
        "/long.py: 400 lines, allowed 399",
        "/data.bin: 1000001 bytes, allowed 1000000",
        "/utils.py: the name utils says nothing of what is inside",
    ]


def test_leaves_tests_alone() -> None:
    assert size_budget.is_test(Path("components/trainer/tests/test_fit.py"))
    assert size_budget.is_test(Path("tests/conftest.py"))
    assert not size_budget.is_test(Path("components/trainer/fit.py"))
