"""A made-up week of thirty people: an office, how its people behave, and a judge of every reminder."""
