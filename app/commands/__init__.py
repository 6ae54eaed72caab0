"""What each `usher` command does; `app/cli.py` lists them."""
