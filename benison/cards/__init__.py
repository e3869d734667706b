"""The model card: what a model is, what it was made of, what it is worth and what it is for.

Its format is that of Google's Model Card Toolkit, schema 0.0.2, so that others' tools read it.
"""
