"""What is wrong with this installation of Usher, and how to mend it: `usher doctor`."""
