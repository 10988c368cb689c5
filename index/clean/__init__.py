"""From a saved page's text to the article's own text: page furniture goes, every sentence of the article stays.

Knows texts only: no files, no catalog.
"""
