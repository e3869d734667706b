from itertools import product

import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from benison.core.environments import require_served
from benison.core.errors import ConfigError

SAID = ["", 'in_environment: "A"', 'not_in_environment: "A"', 'in_environment: "SERVING"']
SAID += ['not_in_environment: "SERVING"', 'in_environment: "A" not_in_environment: "SERVING"']


def schema_of(said: str, *defaults: str) -> schema_pb2.Schema:
    x = f'feature {{ name: "x" type: INT presence {{ min_count: 1 }} {said} }} feature {{ name: "y" type: INT }}'
    environments = "".join(f'default_environment: "{name}" ' for name in defaults)
    return text_format.Parse(environments + x, schema_pb2.Schema())


def is_refused(schema: schema_pb2.Schema, environment: str) -> bool:
    try:
        require_served(schema, ["x"], environment, "schema.pbtxt")
    except ConfigError as error:
        assert str(error).startswith(
            "schema.pbtxt (feature x): expected every feature of benison.yaml in the environment "
            f"{environment or 'SERVING'}, got one that is not there when the model serves\n\nhint: "
        )
        return True
    return False


@pytest.mark.parametrize(("said", "named"), product(SAID, ["SERVING", "A"]))
def test_a_feature_is_refused_where_tfdv_does_not_ask_for_it(said: str, named: str) -> None:
    schema = schema_of(said, "A", "SERVING")
    rows = tfdv.generate_statistics_from_dataframe(pd.DataFrame({"y": [1, 2]}))
    asked_for = "x" in tfdv.validate_statistics(rows, schema, named).anomaly_info
    assert is_refused(schema, named) is not asked_for


def test_the_usual_name_counts_where_the_schema_has_it_and_none_is_said() -> None:
    assert is_refused(schema_of('not_in_environment: "SERVING"', "A", "SERVING"), "")
    assert not is_refused(schema_of('not_in_environment: "A"', "A"), "")
    require_served(schema_of('not_in_environment: "SERVING"', "SERVING"), ["y"], "", "schema.pbtxt")
