"""How large an owners file may be, and how much work one call may cost."""

TOO_LARGE = 3 * 1024 * 1024
"""Bytes from which the file is not read. GitHub ignores files of 3 MB and more; nobody is ever asked by half a file."""
NEARLY_TOO_LARGE = 3_000_000
"""Bytes from which a warning says that the limit is near."""
MANY_RULES = 20_000
"""Lines with rules or headers; the whole file is refused above."""
LONG_PATTERN = 4_096
"""Bytes of a pattern; a line whose pattern is longer never matches."""
BINARY_PREFIX = 8_000
"""Leading bytes in which a NUL makes the file binary."""
STEPS = 5_000_000
"""Steps that one call may take before it is given up as too costly."""
EXPLAINING = 100_000_000
"""Steps that an explanation may take: it asks every rule by itself, and the index may take as many."""
