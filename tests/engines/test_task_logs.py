from pathlib import Path

import pytest

from benison.engines import task_logs

TOKEN = "ghp_" + "a1" * 18
KEY = (
    "-----BEGIN PRIVATE "
    + "KEY-----\n"
    + "\n".join("Qk5T" * 16 for _ in range(40))
    + "\n-----END PRIVATE "
    + "KEY-----"
)


def test_a_log_is_its_owners_alone_until_it_is_redacted(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    task_logs.open_for(log)
    assert log.stat().st_mode & 0o777 == 0o600
    log.write_text(f"signed in by {TOKEN}\n")
    task_logs.redact(log)
    (tmp_path / "other").touch()
    assert log.read_text() == "signed in by ghp_***\n"
    assert log.stat().st_mode == (tmp_path / "other").stat().st_mode
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.txt", "other"]


def test_bytes_that_are_no_text_and_the_ends_of_lines_stay(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    log.write_bytes(b"\xff\xfe 1\r2\r\n\x00\xc3")
    task_logs.redact(log)
    assert log.read_bytes() == b"\xff\xfe 1\r2\r\n\x00\xc3"


@pytest.mark.parametrize("shift", [0, 30, 700, 2600])
def test_secrets_are_found_where_a_long_log_is_read_in_parts(tmp_path: Path, shift: int) -> None:
    filling = "x" * 99 + "\n"
    before = filling * (((1 << 20) - shift) // 100)
    log = tmp_path / "log.txt"
    log.write_text(f"{before}{KEY}\n{TOKEN}\n{filling * 20000}{TOKEN}")
    task_logs.redact(log)
    hidden = "-----BEGIN PRIVATE " + "KEY-----***-----END PRIVATE " + "KEY-----"
    assert log.read_text() == f"{before}{hidden}\nghp_***\n{filling * 20000}ghp_***"
