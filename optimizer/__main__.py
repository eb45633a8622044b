"""`python -m optimizer`: the command `kloof`."""

from optimizer.cli import main

if __name__ == "__main__":
    main()
