"""What differs between Linux, macOS and Windows. Each difference stands behind one small module; nothing else asks."""
