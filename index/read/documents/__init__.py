"""PDF and Word files: their text as paragraphs, and those of their properties that can be trusted."""
