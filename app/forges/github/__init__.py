"""GitHub: the App, its API, its deliveries, and the adapter that is every port for one installation."""
