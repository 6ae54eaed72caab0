"""The rules of Usher, as pure functions on frozen facts: no await, wall clock, forge, SQL or logging."""
