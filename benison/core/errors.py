"""Every error that Benison raises on purpose.

BenisonError
|-- InputError            what the user gave cannot be used; exit code 2
|   |-- ConfigError       benison.yaml, eval_config.json or schema.pbtxt
|   |-- DataError         the data that is read
|   |-- ModelCodeError    the user's own Python: model.py, a file of metrics
|   |-- RegistryError     a registry that is not one, an unknown version
|   |-- StorageError      a folder that cannot be written: read-only, full
|   `-- AccessError       a server that does not take what it is sent: credentials, rights, names
|-- RefusedError          a promotion that its proof does not carry; exit code 1
`-- BrokenError           something that should not happen did; exit code 3
|-- TaskError         a task of a run ended without doing its work
|-- InterruptedTraining  a training was told to end; a retry goes on
|-- ServerError       a server that gives no answer, or is not well; try again
|-- IntegrityError    bytes differ from the digest that names them
`-- ConflictError     somebody else was first; try again
"""

from __future__ import annotations


class BenisonError(Exception):
    """Where it went wrong, what was expected, what came, and what to do about it.

    Args:
        where: The place, as a person would look for it: ``benison.yaml:12 (gate.confidence)``.
        expected: What would have been right.
        got: What was found instead.
        hint: One sentence on how to go on; empty where there is none to give.
    """

    exit_code = 3

    def __init__(self, where: str, *, expected: str, got: str, hint: str = "") -> None:
        super().__init__(where, expected, got, hint)
        self.where, self.expected, self.got, self.hint = where, expected, got, hint

    def __str__(self) -> str:
        message = f"{self.where}: expected {self.expected}, got {self.got}"
        return f"{message}\n\nhint: {self.hint}" if self.hint else message

    def __reduce__(self) -> tuple[object, ...]:
        return _revive, (type(self), self.where, self.expected, self.got, self.hint)


def _revive(kind: type[BenisonError], where: str, expected: str, got: str, hint: str) -> BenisonError:
    return kind(where, expected=expected, got=got, hint=hint)


class InputError(BenisonError):
    exit_code = 2


class ConfigError(InputError):
    pass


class DataError(InputError):
    pass


class ModelCodeError(InputError):
    pass


class RegistryError(InputError):
    pass


class StorageError(InputError):
    pass


class AccessError(InputError):
    pass


class RefusedError(BenisonError):
    exit_code = 1


class BrokenError(BenisonError):
    pass


class TaskError(BrokenError):
    pass


class InterruptedTraining(BrokenError):
    pass


class ServerError(BrokenError):
    pass


class IntegrityError(BrokenError):
    pass


class ConflictError(BrokenError):
    pass
