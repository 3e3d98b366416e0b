"""The catalog: which monitor elements (MEs) each sample has, and where their bytes are in its file."""
