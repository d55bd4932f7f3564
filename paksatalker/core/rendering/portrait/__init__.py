"""The portrait renderer: bends and paints a photo of a face."""
