"""What there is to share: which repositories are listed, how ready they are, how they are found."""
