"""search: trainings with proposed hyperparameters, of which the best decides on those of the model."""

from benison.components.trainer.search.oracle import require_tuner
from benison.components.trainer.search.record import Record, record_at
from benison.components.trainer.search.retracing import unremarked
from benison.components.trainer.search.run import Found, require_classes, search
from benison.components.trainer.search.trial import Trial

__all__ = ["Found", "Record", "Trial", "record_at", "require_classes", "require_tuner", "search", "unremarked"]
