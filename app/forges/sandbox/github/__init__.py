"""The sandbox as GitHub: its REST API over HTTP, its Apps and tokens, its webhooks."""
