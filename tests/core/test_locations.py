from pathlib import Path

import pytest

from benison.core.errors import DataError
from benison.core.locations import local_path


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("/data/a b.csv", "/data/a b.csv"),
        ("/data/100%20.csv", "/data/100%20.csv"),
        ("file:///data/a%20b.csv", "/data/a b.csv"),
        ("FILE://localhost/data/a.csv", "/data/a.csv"),
        ("file:///data/span-{span}.csv", "/data/span-{span}.csv"),
        ("file:///data/what?.csv#1", "/data/what?.csv#1"),
    ],
)
def test_a_path_and_a_file_uri_lead_to_the_same_place(uri: str, path: str) -> None:
    assert local_path(uri, "data_root") == Path(path)


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        (
            "s3://bucket/a.csv",
            "data_root: expected an absolute path, or file:// and one, got 's3://bucket/a.csv'\n\n"
            "hint: s3:// is not supported here; copy or mount it, and name the folder",
        ),
        (
            "file://server/a.csv",
            "data_root: expected an absolute path, or file:// and one, got 'file://server/a.csv'\n\n"
            "hint: file:// is not supported with a server; copy or mount it, and name the folder",
        ),
        ("data/a.csv", "data_root: expected an absolute path, got 'data/a.csv'\n\nhint: begin it with /"),
        ("", "data_root: expected an absolute path, got ''\n\nhint: begin it with /"),
    ],
)
def test_a_place_elsewhere_says_what_is_supported(uri: str, message: str) -> None:
    with pytest.raises(DataError) as error:
        local_path(uri, "data_root")
    assert str(error.value) == message
