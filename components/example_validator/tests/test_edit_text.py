from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st
from tensorflow_metadata.proto.v0 import schema_pb2

from benison.components.example_validator.edit_text import edited

TEXT = """\
# Bounds are those of the questionnaire.
feature {
  name: "age"  # in years
  type: INT
  int_domain { min: 16 max: 120 }
  presence { min_fraction: 1 min_count: 1 }
}
feature {
  # Where it was paid.
  name: 'town'
  type: BYTES
  domain: "town"
  presence {
    min_fraction: 0.5 # half of them
  }
}

string_domain {
  name: "town"
  # The old towns.
  value: "Ulm"
  value: "K\\303\\266ln"
}
# The end.
"""


def parsed(text: str) -> schema_pb2.Schema:
    return text_format.Parse(text, schema_pb2.Schema())


def changed(change: str) -> str:
    """TEXT after one line of Python on its schema `s`."""
    before, after = parsed(TEXT), parsed(TEXT)
    exec(change, {"s": after})  # noqa: S102 -- lines of this file
    text = edited(TEXT, before, after)
    assert parsed(text) == after
    return text


def test_an_unchanged_message_leaves_the_text_as_it_is() -> None:
    assert edited(TEXT, parsed(TEXT), parsed(TEXT)) == TEXT


def test_a_new_value_of_a_domain_is_one_new_line() -> None:
    text = changed("s.string_domain[0].value.append('M\"ainz')")
    assert text == TEXT.replace('ln"\n', 'ln"\n  value: "M\\"ainz"\n')


def test_a_bound_changes_in_its_place() -> None:
    assert changed("s.feature[0].int_domain.max = 130") == TEXT.replace("max: 120", "max: 130")
    assert changed("s.feature[1].presence.min_fraction = 0.25") == TEXT.replace("0.5 #", "0.25 #")


def test_a_field_goes_and_the_line_with_it() -> None:
    assert changed("s.feature[0].ClearField('int_domain')") == TEXT.replace("  int_domain { min: 16 max: 120 }\n", "")
    assert changed("s.feature[0].int_domain.ClearField('min')") == TEXT.replace("min: 16 ", "")


def test_a_field_comes_at_the_end_of_its_message() -> None:
    text = changed("s.feature[0].presence.ClearField('min_count'); s.feature[0].int_domain.is_categorical = True")
    assert text == TEXT.replace("max: 120 }", "max: 120 is_categorical: true }").replace(" min_count: 1 }", " }")
    text = changed("s.feature[1].lifecycle_stage = 5")
    assert "    min_fraction: 0.5 # half of them\n  }\n  lifecycle_stage: DEPRECATED\n}" in text


def test_a_new_feature_comes_after_the_others() -> None:
    text = changed("s.feature.add(name='fare', type=3)")
    assert text == TEXT.replace("\n\nstring", '\nfeature {\n  name: "fare"\n  type: FLOAT\n}\n\nstring')


def test_values_in_a_list_make_their_own_block_new_and_no_other() -> None:
    text = TEXT.replace('  value: "Ulm"\n  value: "K\\303\\266ln"\n', '  value: ["Ulm", "Jena"]\n')
    after = parsed(text)
    after.string_domain[0].value.append("Mainz")
    new = edited(text, parsed(text), after)
    assert parsed(new) == after
    assert new.startswith(text[: text.index("string_domain {")]) and new.endswith("# The end.\n")


VALUES = st.text(max_size=5)
NUMBERS = st.integers(-9, 9)


@st.composite
def schemas(draw: st.DrawFn) -> schema_pb2.Schema:
    schema = schema_pb2.Schema()
    for name in draw(st.lists(VALUES, max_size=3)):
        feature = schema.feature.add(name=name, type=draw(st.sampled_from([1, 2, 3])))
        if draw(st.booleans()):
            feature.int_domain.min = draw(NUMBERS)
        if draw(st.booleans()):
            feature.presence.min_fraction = draw(st.floats(0, 1))
        if draw(st.booleans()):
            feature.string_domain.value.extend(draw(st.lists(VALUES, max_size=3)))
    for name in draw(st.lists(VALUES, max_size=2)):
        schema.string_domain.add(name=name, value=draw(st.lists(VALUES, max_size=3)))
    return schema


@given(schemas(), schemas(), st.booleans())
def test_the_edited_text_always_says_what_it_should(
    before: schema_pb2.Schema, after: schema_pb2.Schema, one_line: bool
) -> None:
    text = text_format.MessageToString(before, as_one_line=one_line)
    assert parsed(edited(text, before, after)) == after
