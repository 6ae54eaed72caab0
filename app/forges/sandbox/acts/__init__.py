"""What can be done on the forge, by people and by bots alike.

Each act asks `rules.py`, changes the world, writes the history and tells the listeners, in this order.
A refused act raises `Refused` and has changed nothing.
"""
