"""What Slack sends, one kind a file; each file says in ``register`` what it listens to."""
