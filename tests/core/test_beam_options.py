"""Options of Beam: those that it does not know are refused, though it only warns of them."""

import pytest

from benison.core.beam_options import options
from benison.core.errors import ConfigError


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--runer=FlinkRunner", "options of Apache Beam, such as --runner=FlinkRunner, got '--runer=FlinkRunner'"),
        ("runner=FlinkRunner", "options of Apache Beam, such as --runner=FlinkRunner, got 'runner=FlinkRunner'"),
        ("--direct_num_workers=many", "values that Apache Beam takes, got '--direct_num_workers=many'"),
    ],
)
def test_options_that_beam_does_not_know_are_refused(flag: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        options([flag], "benison.yaml (validation.beam_options)")
    assert str(caught.value).startswith(f"benison.yaml (validation.beam_options): expected {message}")


def test_a_misspelt_option_names_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match=r"hint: did you mean runner\?$"):
        options(["--runer=FlinkRunner"], "--beam-option")
