"""How GitLab writes things down in JSON."""
