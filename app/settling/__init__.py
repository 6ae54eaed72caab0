"""How one subject is settled: under a lease, by the rules and calendars that hold for it, live or on paper."""
