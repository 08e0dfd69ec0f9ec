"""``python -m dumpscrub``."""

from dumpscrub.cli import main

if __name__ == "__main__":
    main()
