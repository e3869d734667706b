"""Benison: Kubeflow Pipelines components that let no model through that has not been proven."""

__version__ = "0.1.0"
