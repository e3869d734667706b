"""What TFX's Transform and Trainer are given: the features, layers and steps of the project that Benison runs."""

import tensorflow as tf
import tensorflow_transform as tft
from tensorflow import keras
from tfx_bsl.public import tfxio

LABEL = "big_tip"
LOGARITHMS = ["fare", "trip_miles", "trip_seconds"]
CATEGORIES = [
    "payment_type",
    "company",
    "trip_start_hour",
    "trip_start_day",
    "trip_start_month",
    "pickup_community_area",
    "dropoff_community_area",
]
BATCH_SIZE = 40


def _dense(column, default):
    """A column [n] with its missing values filled in."""
    if isinstance(column, tf.sparse.SparseTensor):
        dense = tf.sparse.SparseTensor(column.indices, column.values, [column.dense_shape[0], 1])
        column = tf.sparse.to_dense(dense, default)
    return tf.reshape(column, [-1])


def preprocessing_fn(inputs):
    """Log and z-score for numbers, a place in the vocabulary for categories."""
    outputs = {LABEL: _dense(inputs[LABEL], 0)}
    for name in LOGARITHMS:
        outputs[name] = tft.scale_to_z_score(tf.math.log1p(tf.cast(_dense(inputs[name], 0), tf.float32)))
    for name in CATEGORIES:
        column = _dense(inputs[name], "" if inputs[name].dtype == tf.string else -1)
        outputs[name] = tft.compute_and_apply_vocabulary(column, vocab_filename=name, num_oov_buckets=1)
    return outputs


def _model(transform):
    """One-hot categories beside numbers, two hidden layers, one probability."""
    inputs = {name: keras.Input((1,), name=name) for name in LOGARITHMS}
    inputs.update({name: keras.Input((1,), name=name, dtype=tf.int64) for name in CATEGORIES})
    sizes = {name: transform.vocabulary_size_by_name(name) + 1 for name in CATEGORIES}
    encoded = [inputs[name] for name in LOGARITHMS]
    encoded += [keras.layers.CategoryEncoding(sizes[name], output_mode="one_hot")(inputs[name]) for name in CATEGORIES]
    hidden = keras.layers.Concatenate()(encoded)
    for units in (64, 32):
        hidden = keras.layers.Dense(units, activation="relu")(hidden)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(optimizer=keras.optimizers.Adam(0.002), loss="binary_crossentropy", metrics=[keras.metrics.AUC()])
    return model


def _signature(model, transform):
    """Raw serialized examples in, probability out."""
    model.transform_layer = transform.transform_features_layer()
    raw = {name: spec for name, spec in transform.raw_feature_spec().items() if name != LABEL}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(examples):
        features = model.transform_layer(tf.io.parse_example(examples, raw))
        return {"probability": model({name: features[name] for name in LOGARITHMS + CATEGORIES})}

    return serve


def run_fn(fn_args):
    """Trains for as many steps as the pipeline says and writes the SavedModel."""
    transform = tft.TFTransformOutput(fn_args.transform_output)
    options = tfxio.TensorFlowDatasetOptions(batch_size=BATCH_SIZE, label_key=LABEL)

    def dataset(pattern):
        found = fn_args.data_accessor.tf_dataset_factory(pattern, options, transform.transformed_metadata.schema)
        return found.repeat()

    model = _model(transform)
    model.fit(
        dataset(fn_args.train_files),
        steps_per_epoch=fn_args.train_steps,
        validation_data=dataset(fn_args.eval_files),
        validation_steps=fn_args.eval_steps,
        verbose=2,
    )
    model.save(
        fn_args.serving_model_dir, save_format="tf", signatures={"serving_default": _signature(model, transform)}
    )
