"""What GitLab tells its hooks: one function for each kind of event, from a happening to its payload."""
