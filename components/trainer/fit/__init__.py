"""fit: training with every random choice governed by one seed, stopped by the split eval."""

from benison.components.trainer.fit.answers import predict
from benison.components.trainer.fit.loop import Keeping, fit
from benison.components.trainer.fit.plan import Plan, planned, seeded
from benison.components.trainer.fit.progress import Epoch, Training

__all__ = ["Epoch", "Keeping", "Plan", "Training", "fit", "planned", "predict", "seeded"]
