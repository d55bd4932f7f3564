"""SadTalker's half of the animation layer: sound to the coefficients that its own renderer takes."""
