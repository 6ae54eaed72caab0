"""How GitHub writes things down in JSON: one function for each of its schemas."""
