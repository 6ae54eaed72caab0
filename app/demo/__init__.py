"""`usher demo`: a story that a whole Usher plays on a sandbox forge."""
