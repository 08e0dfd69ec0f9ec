"""The literal search and the windows around its hits."""
