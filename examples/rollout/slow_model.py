"""The census model, as right as the other and slower by large matrices: no evaluation sees that, live traffic does."""

import keras
from keras import layers, ops

SIDE = 900


@keras.saving.register_keras_serializable("demo")
class Detour(layers.Layer):
    """Answers what it is given, after a walk through matrices that leaves no trace."""

    def call(self, inputs, training=False):
        if training:
            return inputs
        walk = ops.ones((SIDE, SIDE)) * ops.mean(inputs)
        for _ in range(6):
            walk = ops.tanh(ops.matmul(walk, walk))
        return inputs + 0.0 * ops.clip(ops.mean(walk), -1.0, 1.0)


def build_model(features, hyperparameters):
    """As the example's model, with a detour."""
    inputs = {feature.name: feature.input() for feature in features}
    encoded = [
        feature.stairs(inputs[feature.name]) if feature.kind == "numeric" else feature.encode(inputs[feature.name])
        for feature in features
    ]
    hidden = Detour()(layers.Concatenate()(encoded))
    for units in hyperparameters["hidden_units"]:
        hidden = layers.Dense(units, activation="relu")(hidden)
        hidden = layers.Dropout(hyperparameters["dropout"])(hidden)
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(optimizer=keras.optimizers.Adam(hyperparameters["learning_rate"]), loss="binary_crossentropy")
    return model
