"""The model where a project has none of its own: a multilayer perceptron for tables; ``benison init`` copies it.

Benison asks for ``build_model``, which returns a compiled Keras 3 model that takes every feature by its name and
answers with one probability. What this file imports may lie beside it.
"""

import keras
from keras import layers

HYPERPARAMETERS = {"hidden_units": [64], "dropout": 0.3, "learning_rate": 0.001}


def build_model(features, hyperparameters):
    """A multilayer perceptron; the hyperparameters are those of benison.yaml, and these where it has none."""
    asked = {**HYPERPARAMETERS, **hyperparameters}
    inputs = {feature.name: feature.input() for feature in features}
    encoded = [
        feature.stairs(inputs[feature.name]) if feature.kind == "numeric" else feature.encode(inputs[feature.name])
        for feature in features
    ]
    hidden = layers.Concatenate()(encoded) if len(encoded) > 1 else encoded[0]
    for units in asked["hidden_units"]:
        hidden = layers.Dense(units, activation="relu")(hidden)
        hidden = layers.Dropout(asked["dropout"])(hidden)
    answer = layers.Dense(1, activation="sigmoid", dtype="float32")(hidden)
    model = keras.Model(inputs, answer)
    model.compile(optimizer=keras.optimizers.Adam(asked["learning_rate"]), loss="binary_crossentropy")
    return model
