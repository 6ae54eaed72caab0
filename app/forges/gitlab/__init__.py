"""GitLab: its hooks, its API, its deliveries, and the adapter that is every port for one hook's group."""
