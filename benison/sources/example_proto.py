"""tf.Example without TensorFlow: the message is small and its wire format is fixed, so it is described here.

The field numbers are those of tensorflow/core/example/{example,feature}.proto. The pool is a private one, since
TensorFlow registers the same names in the common one when it is imported.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_Field = descriptor_pb2.FieldDescriptorProto
_LISTS = {"BytesList": _Field.TYPE_BYTES, "FloatList": _Field.TYPE_FLOAT, "Int64List": _Field.TYPE_INT64}
_KINDS = (("bytes_list", "BytesList"), ("float_list", "FloatList"), ("int64_list", "Int64List"))


def _file() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="benison/example.proto", package="tensorflow", syntax="proto3")
    for name, kind in _LISTS.items():
        repeated = file.message_type.add(name=name)
        repeated.field.add(name="value", number=1, label=_Field.LABEL_REPEATED, type=kind)
    feature = file.message_type.add(name="Feature")
    feature.oneof_decl.add(name="kind")
    for number, (field, kind) in enumerate(_KINDS, start=1):
        _refer(feature, field, number, f".tensorflow.{kind}", oneof_index=0)
    features = file.message_type.add(name="Features")
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, label=_Field.LABEL_OPTIONAL, type=_Field.TYPE_STRING)
    _refer(entry, "value", 2, ".tensorflow.Feature")
    _refer(features, "feature", 1, ".tensorflow.Features.FeatureEntry", label=_Field.LABEL_REPEATED)
    _refer(file.message_type.add(name="Example"), "features", 1, ".tensorflow.Features")
    return file


def _refer(message: Any, name: str, number: int, kind: str, label: int = _Field.LABEL_OPTIONAL, **more: Any) -> None:
    message.field.add(name=name, number=number, label=label, type=_Field.TYPE_MESSAGE, type_name=kind, **more)


def _message() -> Any:
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(_file().SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tensorflow.Example"))


Example = _message()
