"""The example's model: change it as you like.

Benison asks for ``build_model``, which returns a compiled Keras 3 model that takes every feature by its name and
answers with one probability. Numeric features arrive normalised, categorical ones as whole numbers; what this file
imports may lie beside it.
"""

import keras
from keras import layers, ops

STEPS = 32
LOWEST, HIGHEST = -3, 5  # standard deviations from the mean


def build_model(features, hyperparameters):
    """A multilayer perceptron; the hyperparameters are those of benison.yaml."""
    inputs = {feature.name: feature.input() for feature in features}
    encoded = [
        stairs(inputs[feature.name]) if feature.kind == "numeric" else feature.encode(inputs[feature.name])
        for feature in features
    ]
    hidden = layers.Concatenate()(encoded)
    for units in hyperparameters["hidden_units"]:
        hidden = layers.Dense(units, activation="relu")(hidden)
        hidden = layers.Dropout(hyperparameters["dropout"])(hidden)
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(optimizer=keras.optimizers.Adam(hyperparameters["learning_rate"]), loss="binary_crossentropy")
    return model


def stairs(number):
    """A number [n, 1] as the part of each step that lies below it [n, 32]: income neither rises nor falls with age."""
    width = (HIGHEST - LOWEST) / STEPS
    lower_edges = LOWEST + width * ops.arange(STEPS, dtype="float32")
    return ops.clip((number - lower_edges) / width, 0, 1)
