"""A heavy module: a Keras model that is trained for a few steps."""

import keras
import numpy as np
import tensorflow as tf


def train(seed: int) -> float:
    keras.utils.set_random_seed(seed)
    features = np.random.default_rng(0).normal(size=(256, 4)).astype("float32")
    labels = (features.sum(axis=1) > 0).astype("float32")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    model.fit(tf.data.Dataset.from_tensor_slices((features, labels)).batch(32), epochs=2, verbose=0)
    return float(model.evaluate(features, labels, verbose=0))
