"""The layers of ../tfx_side/trainer_module.py."""

import keras
from keras import layers


def build_model(features, hyperparameters):
    """One-hot categories beside numbers, two hidden layers, one probability."""
    inputs = {feature.name: feature.input() for feature in features}
    hidden = layers.Concatenate()([feature.encode(inputs[feature.name]) for feature in features])
    for units in hyperparameters["hidden_units"]:
        hidden = layers.Dense(units, activation="relu")(hidden)
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(optimizer=keras.optimizers.Adam(hyperparameters["learning_rate"]), loss="binary_crossentropy")
    return model
