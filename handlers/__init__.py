"""What happens when: one file per feature. Each reads through ports and returns actions."""
