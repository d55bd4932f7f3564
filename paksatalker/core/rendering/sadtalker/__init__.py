"""The renderer that draws with SadTalker's networks. Importing it needs no PyTorch; making it does."""
