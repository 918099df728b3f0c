"""Where services run: the protocols in `base` and `change`, and one folder per backend."""
