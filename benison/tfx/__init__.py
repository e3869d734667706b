"""What TFX pipelines hand to Benison's components, and what they find of it."""
