"""How fast dumpscrub is, measured: builds process-like dumps, and prints times, memory and ratios side by side."""
