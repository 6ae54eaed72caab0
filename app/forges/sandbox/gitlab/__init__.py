"""The sandbox as GitLab: its REST API over HTTP, its tokens and limits, its hooks and webhooks."""
