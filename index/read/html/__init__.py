"""Web pages: the text of the article, and what the page says of itself."""
