"""Pages over several contexts: homes, search, a customer's page and timeline. Nobody asks it anything."""

__all__: list[str] = []
