"""Sources of jobs. A module here with a `KIND` is one, found without a list; its docstring says what it reads."""
