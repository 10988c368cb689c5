"""Quality and speed, measured on data sets; nothing of the product imports it."""
