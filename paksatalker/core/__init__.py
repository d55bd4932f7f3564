"""The pipeline and its layers: text, audio, animation, rendering."""
