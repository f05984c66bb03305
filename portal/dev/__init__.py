"""The embedded servers and the supervisor of `make run`: development and tests only, never production."""
