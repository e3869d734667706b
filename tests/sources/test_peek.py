from pathlib import Path

from benison.sources.peek import peek


def test_without_a_configuration_the_data_suggest_the_types(tmp_path: Path) -> None:
    for span in (1, 2):
        rows = [f"{number},c{number % 3},{number % 2}" for number in range(100 * span, 100 * span + 50)]
        (tmp_path / f"span-{span}.csv").write_text("\n".join(["id,city,y", *rows]) + "\n")
    table = peek(str(tmp_path / "span-{span}.csv"), "csv")
    assert {name: str(table.schema.field(name).type) for name in table.column_names} == {
        "city": "string",
        "id": "int64",
        "y": "int64",
    }
    assert table["id"].to_pylist() == list(range(200, 250))
