"""What sharing brings, each measure with its formula. Nothing here ranks people."""
