"""What is done at intervals, once over all processes; a file for each kind of round."""
