"""What python -m bot does, a function a command. They load what they need when they run, so that --help is quick."""
